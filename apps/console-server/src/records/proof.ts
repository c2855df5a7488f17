/**
 * The proof of one payment: its way through the journal, the signed messages behind it, whether their signatures hold,
 * and the chain of batch headers around them. Bodies are opened by the cell, which alone holds their keys.
 */

import {
  type Fact,
  maskedMessage,
  readFacts,
  readSignedMessage,
  type SignedMessage,
  type Stage as TracedStage,
  traceStages,
} from '@clearway/cli';
import type { PaymentDetail, Stage, Verdict } from '@clearway/console-api';
import {
  type EvidenceMessage,
  formatTime,
  isStreamMessage,
  readAnswerMessage,
  readPaymentMessage,
  verifyEvidence,
  type Evidence as WireEvidence,
} from '@clearway/contract';
import { parseIdentifier } from '@clearway/core';
import type { Clock, Crypto } from '@clearway/ports';
import { EvidenceError, gatherEvidence } from '@clearway/server';
import { type CellPlace, type JournalBatch, type PaymentRecord, routingNumber, type Store } from '@clearway/store';
import type { CellAccess } from '../cell-access.ts';
import type { Directory } from '../directory.ts';
import { Refusal } from '../refusal.ts';

export interface Proofs {
  stages(payment: PaymentRecord): Promise<Stage[]>;
  /** Verdicts and masked messages; empty and null where bodies cannot be opened. */
  look(payment: PaymentRecord): Promise<Pick<PaymentDetail, 'verdicts' | 'messages'>>;
  /** @throws Refusal `evidenceNotYet`, `cellUnavailable`, `tooSlow` */
  evidence(payment: PaymentRecord): Promise<WireEvidence>;
}

/** Of several cells: each proves its own payments. @param parts by routing digits as a number, the home cell's first */
export function platformProofs(parts: ReadonlyMap<number, Proofs>): Proofs {
  const [home] = parts.values();
  const of = ({ paymentId }: PaymentRecord): Proofs => {
    const id = parseIdentifier(paymentId);
    return (id && parts.get(routingNumber(id))) ?? home;
  };
  return {
    stages: (payment) => of(payment).stages(payment),
    look: (payment) => of(payment).look(payment),
    evidence: (payment) => of(payment).evidence(payment),
  };
}

/** Batches between a payment's first and last that are read for one page; an hour of a busy cell is more. */
const longestTrace = 50_000;
const traceMs = 5_000;
const evidenceMs = 15_000;

interface SignedPart {
  readonly what: 'request' | 'answer';
  readonly batch: JournalBatch;
  readonly fact: Fact;
  readonly body: Uint8Array;
  readonly message: SignedMessage | undefined;
  readonly problem: string | undefined;
}

export function createProofs(options: {
  readonly store: Pick<Store, 'journal' | 'records'>;
  readonly place: CellPlace;
  readonly cell: CellAccess;
  readonly directory: Directory;
  readonly crypto: Crypto;
  readonly clock: Clock;
}): Proofs {
  const { store, place, cell, directory, crypto, clock } = options;

  const readPart = async (what: SignedPart['what'], sequence: number, index: number): Promise<SignedPart> => {
    const batch = await store.journal.readOne(sequence);
    const fact = batch && readFacts(batch.facts).find((one) => one.index === index);
    if (batch === undefined || fact === undefined) {
      throw new Refusal('recordsUnavailable', `The journal has no command ${index} in batch ${sequence}.`);
    }
    const body = await cell.ask((link) => link.body(sequence, index));
    if (isStreamMessage(body)) return { what, batch, fact, body, message: undefined, problem: undefined };
    const { scheme } = await directory.read();
    try {
      return { what, batch, fact, body, message: readSignedMessage(crypto, scheme, fact, body), problem: undefined };
    } catch (error) {
      return { what, batch, fact, body, message: undefined, problem: (error as Error).message };
    }
  };

  /** @throws Refusal `evidenceNotYet`, `tooSlow`, `cellUnavailable` */
  const gather = async (payment: PaymentRecord, patienceMs: number): Promise<WireEvidence> => {
    const { scheme, participants } = await directory.read();
    const stop = new AbortController();
    const cancel = clock.after(patienceMs, () => stop.abort(new Refusal('tooSlow')));
    try {
      return await gatherEvidence(
        {
          journal: store.journal,
          place,
          crypto,
          scheme,
          keysOf: (code) => participants.find((one) => one.code === code)?.keys ?? [],
          body: ({ sequence }, index) => cell.ask((link) => link.body(sequence, index)),
          signal: stop.signal,
        },
        payment,
        { madeAt: clock.now(), showsFacts: false },
      );
    } catch (error) {
      throw error instanceof EvidenceError ? new Refusal('evidenceNotYet', error.message) : error;
    } finally {
      cancel();
    }
  };

  /** Messages of the stream are signed many at a time: each is proved by its place under a checkpoint. */
  const streamVerdicts = async (payment: PaymentRecord): Promise<Verdict[]> => {
    const evidence = await gather(payment, traceMs);
    const { steps } = await verifyEvidence(crypto, evidence);
    const verdictFor = (what: Verdict['what'], message: EvidenceMessage): Verdict => {
      const { suite, keyVersion } = message.signature ?? message.checkpoint!.signature;
      const own = steps.filter(({ step }) => step === what || step === `${what}Signature`);
      const broken = own.find(({ result }) => result !== 'holds');
      const { signer, sequence, index } = message;
      return {
        what,
        holds: broken === undefined,
        signer,
        suite,
        keyVersion,
        problem: broken?.detail ?? null,
        sequence,
        index,
      };
    };
    return [
      verdictFor('request', evidence.request),
      ...(evidence.answer === undefined ? [] : [verdictFor('answer', evidence.answer)]),
    ];
  };

  const partsOf = async (payment: PaymentRecord): Promise<SignedPart[]> => {
    const parts = [await readPart('request', payment.requestSequence, payment.requestIndex)];
    if (payment.answerSequence > 0) parts.push(await readPart('answer', payment.answerSequence, payment.answerIndex));
    return parts;
  };

  const keyOf = async ({ signer, signature }: SignedMessage) => {
    const participant = await directory.participant(signer);
    return participant?.keys.find(({ version }) => version === signature.keyVersion);
  };

  const verdictOf = async ({ what, batch, fact, message, problem }: SignedPart): Promise<Verdict> => {
    const where = { what, sequence: batch.sequence, index: fact.index };
    if (message === undefined) {
      return { ...where, holds: false, signer: '00000', suite: '', keyVersion: 0, problem: problem ?? 'no message' };
    }
    const { signer, signature, canonical, differences } = message;
    const key = await keyOf(message);
    const holds =
      key !== undefined &&
      key.suite === signature.suite &&
      (await crypto.verify(key.suite, key.publicKey, canonical, Buffer.from(signature.value, 'base64')));
    const isSame = differences.length === 0;
    const wrong = holds ? `message and journal differ: ${differences.join(', ')}` : 'the signature does not hold';
    return {
      ...where,
      holds: holds && isSame,
      signer,
      suite: signature.suite,
      keyVersion: signature.keyVersion,
      problem: holds && isSame ? null : key === undefined ? 'its key is not known' : wrong,
    };
  };

  return {
    async stages(payment) {
      if (payment.sequence - payment.requestSequence > longestTrace) return shortTrace(payment);
      const { scheme } = await directory.read();
      const stop = new AbortController();
      const cancel = clock.after(traceMs, () => stop.abort(new Refusal('tooSlow')));
      try {
        const stages = await traceStages(store, payment, scheme, {
          signal: stop.signal,
          onBatch: () => {},
          readBody: ({ sequence }, index) => cell.ask((link) => link.body(sequence, index)).catch(() => undefined), // the trace is then without the bank's clock
        });
        return stages.map((stage, index) => stageOf(stage, stages[index - 1]));
      } finally {
        cancel();
      }
    },

    async look(payment) {
      try {
        const parts = await partsOf(payment);
        const masked = (what: SignedPart['what']) => {
          const part = parts.find((one) => one.what === what);
          return part === undefined ? null : (maskedMessage(crypto, part.fact, asJson(part)) ?? null);
        };
        return {
          verdicts: parts.some(({ body }) => isStreamMessage(body))
            ? await streamVerdicts(payment)
            : await Promise.all(parts.map(verdictOf)),
          messages: { request: masked('request'), answer: masked('answer') },
        };
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        return { verdicts: [], messages: { request: null, answer: null } };
      }
    },

    evidence: (payment) => gather(payment, evidenceMs),
  };
}

/** What a message of the stream says, as it would be over HTTP. */
function asJson({ what, body }: SignedPart): Uint8Array {
  if (!isStreamMessage(body)) return body;
  const message = what === 'request' ? readPaymentMessage(body).payment : readAnswerMessage(body).answer;
  return new TextEncoder().encode(JSON.stringify(message));
}

const clockOf = (stage: TracedStage) => stage.clock ?? 'cell';

/** The words of docs/flow.md for what the trace tells in sentences. */
const stageWords: readonly (readonly [RegExp, string])[] = [
  [/^told: unknown/, 'unknown'],
  [/^told/, 'told'],
  [/^reversal decided/, 'reversing'],
  [/^answered/, 'answered'],
  [/^answer /, 'recorded'],
  [/^asked again/, 'askedAgain'],
  [/^cycle /, 'cutOff'],
];

function stageOf(traced: TracedStage, before: TracedStage | undefined): Stage {
  const [, word] = stageWords.find(([form]) => form.test(traced.stage)) ?? [undefined, traced.stage];
  const [, detail = ''] = /^[^:]*: (.*)$/.exec(traced.stage) ?? [];
  return {
    stage: word,
    detail,
    at: formatTime(traced.at),
    afterMs: before === undefined ? null : traced.at - before.at,
    waitedFor: partyOf(traced.waitedFor),
    clock: clockOf(traced),
    sequence: traced.sequence ?? null,
  };
}

/** Codes of participants stay as they are. */
function partyOf(waitedFor: string): string {
  const words: Record<string, string> = {
    'gateway and cell': 'gateway',
    'the cycle': 'cycle',
    'settlement agent': 'settlementAgent',
  };
  return words[waitedFor] ?? waitedFor;
}

/** Where the journal between first and last batch is too long to be read for a page: what the records alone know. */
function shortTrace(payment: PaymentRecord): Stage[] {
  const stage = (
    name: string,
    at: number,
    before: number | undefined,
    waitedFor: string,
    sequence: number | null,
  ): Stage => ({
    stage: name,
    detail: '',
    at: formatTime(at),
    afterMs: before === undefined ? null : at - before,
    waitedFor,
    clock: sequence === null ? 'gateway' : 'cell',
    sequence,
  });
  const { receivedAt, submittedAt, changedAt, instructingAgent, instructedAgent } = payment;
  return [
    stage('received', receivedAt, undefined, instructingAgent, null),
    stage('offered', submittedAt, receivedAt, 'gateway', payment.requestSequence),
    stage('told', changedAt, submittedAt, instructedAgent, payment.sequence),
  ];
}
