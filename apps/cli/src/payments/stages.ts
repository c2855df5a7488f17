/**
 * The way of one payment with the time of each stage, from the journal's facts, its bodies and the records.
 *
 * The journal tells a payment's deadlines by `tick`s that name nobody, so when it became unknown, or its reversal was
 * decided, is told by the rules: the first tick at or after that deadline.
 */
import { formatTime, isStreamMessage, parseTime, readAnswerMessage } from '@clearway/contract';
import { isFinal, type PaymentState } from '@clearway/core';
import type { Crypto } from '@clearway/ports';
import { dayOf, type SchemeDocument } from '@clearway/server';
import { decodeHeader, decryptBodies, type JournalBatch, type PaymentRecord, type Store } from '@clearway/store';
import type { OpenedStore } from '../given.ts';
import { type Fact, readFacts, type SubmitPaymentFact } from '../journal/fact.ts';

export interface Stage {
  readonly stage: string;
  /** ms since 1970; by the cell's clock unless `clock` says another. */
  readonly at: number;
  /** Who was waited for since the stage before. */
  readonly waitedFor: string;
  readonly clock?: string;
  /** Batch that it stands in. */
  readonly sequence?: number;
}

/** A message of a batch, opened; undefined where bodies are closed to this user. */
export type ReadBody = (batch: JournalBatch, index: number) => Promise<Uint8Array | undefined>;

export interface TraceOptions {
  readonly readBody: ReadBody;
  readonly signal: AbortSignal;
  onBatch(sequence: number): void;
}

export async function traceStages(
  store: Pick<Store, 'journal' | 'records'>,
  record: PaymentRecord,
  scheme: Pick<SchemeDocument, 'offerTimeoutMs' | 'reversalAfterMs'>,
  options: TraceOptions,
): Promise<Stage[]> {
  const stages: Stage[] = [
    { stage: 'received', at: record.receivedAt, waitedFor: record.instructingAgent, clock: 'gateway' },
  ];
  const { requestSequence, sequence: last, instructedAgent: bank } = record;
  let deadlines: Deadlines | undefined;

  for await (const batch of store.journal.read(requestSequence)) {
    options.signal.throwIfAborted();
    if (batch.sequence > last) break;
    options.onBatch(batch.sequence);
    const { at } = decodeHeader(batch.header);
    const { sequence } = batch;
    for (const fact of readFacts(batch.facts)) {
      if (fact.type === 'tick' && deadlines !== undefined) stages.push(...deadlines.pass(at, sequence));
      if (!('paymentId' in fact) || fact.paymentId !== record.paymentId) continue;
      if (fact.type === 'submitPayment' && sequence === requestSequence && fact.index === record.requestIndex) {
        stages.push({ stage: 'validated', at, waitedFor: 'gateway and cell', sequence });
        if (fact.outcome === 'refused')
          stages.push({ stage: `told: refused (${fact.reason})`, at, waitedFor: 'cell', sequence });
        else {
          stages.push({ stage: 'offered', at, waitedFor: 'cell', sequence });
          deadlines = createDeadlines(fact, at, scheme, bank);
        }
      } else if (fact.type === 'submitPayment') {
        stages.push({ stage: `asked again: ${fact.outcome}`, at, waitedFor: record.instructingAgent, sequence });
      } else {
        const answeredAt = await readAnsweredAt(options.readBody, batch, fact);
        if (answeredAt !== undefined)
          stages.push({ stage: `answered: ${fact.answer}`, at: answeredAt, waitedFor: bank, clock: bank });
        const what = fact.outcome === 'accepted' ? 'answer recorded' : `answer ${fact.outcome}`;
        stages.push({ stage: what, at, waitedFor: answeredAt === undefined ? bank : 'gateway and cell', sequence });
        if (fact.outcome === 'accepted') {
          stages.push({ stage: `told: ${record.state}`, at, waitedFor: 'cell', sequence });
          deadlines = undefined;
        }
      }
    }
  }
  if (!isFinal(record.state as PaymentState)) return stages;
  return [...stages, ...(await cycleStages(store, record))];
}

interface Deadlines {
  /** What a tick of this time brought about. */
  pass(at: number, sequence: number): Stage[];
}

function createDeadlines(
  fact: SubmitPaymentFact,
  offeredAt: number,
  scheme: Pick<SchemeDocument, 'offerTimeoutMs' | 'reversalAfterMs'>,
  bank: string,
): Deadlines {
  const unknownAt = Math.min(offeredAt + scheme.offerTimeoutMs, fact.expiresAt);
  const reverseAt = fact.kind === 'agreementPayment' ? offeredAt + scheme.reversalAfterMs : Number.POSITIVE_INFINITY;
  let isUnknown = false;
  let isReversing = false;
  return {
    pass(at, sequence) {
      const passed: Stage[] = [];
      if (!isUnknown && at >= unknownAt) {
        isUnknown = true;
        passed.push({ stage: 'told: unknown', at, waitedFor: bank, sequence });
      } else if (!isReversing && at >= reverseAt) {
        isReversing = true;
        passed.push({ stage: 'reversal decided', at, waitedFor: bank, sequence });
      }
      return passed;
    },
  };
}

/** The bank's own time of its answer; undefined where bodies are closed. */
async function readAnsweredAt(readBody: ReadBody, batch: JournalBatch, { index }: Fact): Promise<number | undefined> {
  const body = await readBody(batch, index);
  if (body === undefined) return undefined;
  const { answeredAt } = isStreamMessage(body)
    ? readAnswerMessage(body).answer
    : (JSON.parse(Buffer.from(body).toString('utf8')) as { answeredAt: string });
  return parseTime(answeredAt);
}

/** Opens bodies with the keys of a store, where its user holds them: those of one batch once. */
export function bodyReader({ store, place, opensBodies }: OpenedStore, crypto: Crypto): ReadBody {
  let opened: { readonly sequence: number; readonly bodies: readonly Uint8Array[] } | undefined;
  return async ({ sequence, header, bodies }, index) => {
    if (!opensBodies) return undefined;
    if (opened?.sequence !== sequence) {
      const key = await store.bodyKeys.key(dayOf(decodeHeader(header).at));
      opened = { sequence, bodies: decryptBodies(crypto, key, { ...place, sequence }, bodies) };
    }
    return opened.bodies[index];
  };
}

async function cycleStages({ records }: Pick<Store, 'records'>, { cycle: number }: PaymentRecord): Promise<Stage[]> {
  const cycle = number === 0 ? undefined : await records.cycle(number);
  if (cycle === undefined) return [];
  const stages: Stage[] = [
    { stage: `cycle ${number} cut off`, at: cycle.cutOffAt, waitedFor: 'the cycle' },
    { stage: 'netted', at: cycle.nettedAt, waitedFor: 'cell' },
    { stage: 'settled', at: cycle.settledAt, waitedFor: 'settlement agent', clock: 'settlement agent' },
  ];
  return stages.filter(({ at }) => at > 0);
}

export function stageView({ at, ...rest }: Stage) {
  return { ...rest, at: formatTime(at) };
}
