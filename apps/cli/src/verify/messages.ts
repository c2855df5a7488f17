/**
 * Opens the bodies of batches, holds each message against the fact that was made from it, and verifies its end-to-end
 * signature, or the checkpoint that covers it: beside the replay, on the thread pool, a bounded number at a time.
 */
import { isStreamMessage, type MessageHashes, messageHashes, type Scheme, verifyMessage } from '@clearway/contract';
import type { Crypto } from '@clearway/ports';
import { dayOf } from '@clearway/server';
import { type BatchHeader, type BodyKeyStore, type CellPlace, decryptBodies, type JournalBatch } from '@clearway/store';
import type { Fact, RecordAnswerFact, RecordCheckpointFact, SubmitPaymentFact } from '../journal/fact.ts';
import { type BatchPlace, createCoverageCheck } from './coverage.ts';
import type { Keyring } from './keyring.ts';
import { about, type Findings, type Uncovered } from './report.ts';
import { readSignedMessage, type SignedMessage } from './signed-message.ts';
import { readStreamMessage, type StreamMessage } from './stream-message.ts';

/** What the records are compared with. */
export type ReadMessage = Pick<SignedMessage, 'endToEndId' | 'paymentHash'>;

export interface MessagesCheck {
  /** The bodies of a batch; undefined when they cannot be opened. */
  open(batch: JournalBatch, header: BatchHeader): Promise<readonly Uint8Array[] | undefined>;
  /** The message behind a fact, checked; undefined when there is none or it is not what it should be. */
  read(fact: Fact, body: Uint8Array | undefined, sequence: number): ReadMessage | undefined;
  /** Hashes the messages of a batch together and compares; resolves when there is room for more signatures. */
  endBatch(batch: BatchPlace): Promise<void>;
  /** Resolves when all signatures are verified. */
  end(): Promise<void>;
  readonly messages: number;
  readonly signatures: number;
  readonly checkpoints: number;
  readonly uncovered: Uncovered;
}

export interface MessagesCheckOptions {
  readonly place: CellPlace;
  readonly crypto: Crypto;
  readonly keyring: Keyring;
  /** Undefined: bodies stay closed, and every message unchecked. */
  readonly bodyKeys: BodyKeyStore | undefined;
  readonly checksSignatures: boolean;
}

/** Enough to keep the thread pool busy. */
const signaturesAtOnce = 128;

export function createMessagesCheck(options: MessagesCheckOptions, findings: Findings): MessagesCheck {
  const { place, crypto, keyring, bodyKeys, checksSignatures } = options;
  const underWay = new Set<Promise<void>>();
  let messages = 0;
  let signatures = 0;
  const coverage = createCoverageCheck({ crypto, keyring }, findings);
  /** Kept as long as the scheme is what it was made for. */
  let hashing: { readonly scheme: Scheme; readonly hashes: MessageHashes } | undefined;
  /** Of the batch that is being read: messages of the stream, and checkpoints behind them. */
  let streamed: { readonly fact: SubmitPaymentFact | RecordAnswerFact; readonly message: StreamMessage }[] = [];
  let recorded: { readonly fact: RecordCheckpointFact; readonly body: Uint8Array }[] = [];

  const hashesFor = (scheme: Scheme): MessageHashes => {
    const isSame = hashing?.scheme.schemeId === scheme.schemeId && hashing.scheme.environment === scheme.environment;
    if (hashing === undefined || !isSame) hashing = { scheme, hashes: messageHashes(scheme) };
    return hashing.hashes;
  };

  const beside = (work: Promise<void>) => {
    const one = work.finally(() => underWay.delete(one));
    underWay.add(one);
  };

  const compare = (differences: readonly string[], fact: Fact, sequence: number) => {
    for (const name of differences) {
      findings.breach('message', `the ${name} of ${fact.type} is not what was signed`, about(sequence, fact));
    }
  };

  const readStreamed = (
    fact: SubmitPaymentFact | RecordAnswerFact,
    body: Uint8Array,
    scheme: Scheme,
    sequence: number,
  ): ReadMessage => {
    const message = readStreamMessage(fact, body);
    messages++;
    compare(message.differences, fact, sequence);
    const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
    if (fact.type === 'submitPayment') hashesFor(scheme).addPayment(view, 0);
    else hashesFor(scheme).addAnswer(view, 0);
    streamed.push({ fact, message });
    return message;
  };

  const hashStreamed = (batch: BatchPlace) => {
    if (hashing === undefined || streamed.length === 0) return;
    const digests = hashing.hashes.finish();
    streamed.forEach(({ fact, message }, index) => {
      const hash = Buffer.from(digests.buffer, digests.byteOffset + index * 32, 32);
      if (fact.type === 'submitPayment' && hash.toString('hex') !== fact.hash) compare(['hash'], fact, batch.sequence);
      coverage.add(message.place, hash, batch, fact.outcome !== 'repeated');
    });
    hashing.hashes.start();
    streamed = [];
  };

  const verify = async ({ signer, signature, canonical }: SignedMessage, fact: Fact, sequence: number) => {
    const keys = keyring.keysOf(signer);
    if (!keys.some(({ version, suite }) => version === signature.keyVersion && suite === signature.suite)) {
      // A refused command may name anybody.
      if (fact.outcome === 'refused') return;
      const what = `key ${signature.keyVersion} of ${signer} is in no configuration that was adopted before`;
      findings.breach('signature', what, about(sequence, fact));
      return;
    }
    signatures++;
    try {
      if (await verifyMessage(crypto, keys, canonical, signature)) return;
      findings.breach(
        'signature',
        `the signature of ${signer} under ${fact.type} does not hold`,
        about(sequence, fact),
      );
    } catch (error) {
      const what = `key ${signature.keyVersion} of ${signer} cannot be used: ${(error as Error).message}`;
      findings.breach('signature', what, about(sequence, fact));
    }
  };

  return {
    async open({ sequence, bodies }, { at, commands }) {
      if (bodyKeys === undefined) return undefined;
      try {
        const opened = decryptBodies(crypto, await bodyKeys.key(dayOf(at)), { ...place, sequence }, bodies);
        if (opened.length === commands) return opened;
        findings.breach('message', `it has ${opened.length} bodies for ${commands} commands`, { sequence });
      } catch (error) {
        findings.breach('message', `its bodies cannot be opened: ${(error as Error).message}`, { sequence });
      }
      coverage.blind(sequence);
      return undefined;
    },

    read(fact, body, sequence) {
      const { scheme } = keyring;
      if (body === undefined || scheme === undefined) return undefined;
      if (fact.type === 'recordCheckpoint') {
        if (fact.outcome === 'accepted') recorded.push({ fact, body });
        return undefined;
      }
      try {
        const mayBeStreamed = fact.type === 'submitPayment' || fact.type === 'recordAnswer';
        // What is repeated has its place among all that its signer sent, too.
        if (mayBeStreamed && isStreamMessage(body)) return readStreamed(fact, body, scheme, sequence);
        // A repeated command carries what was checked the first time.
        if (fact.outcome === 'repeated') return undefined;
        const message = readSignedMessage(crypto, scheme, fact, body);
        if (message === undefined) return undefined;
        messages++;
        compare(message.differences, fact, sequence);
        if (checksSignatures) beside(verify(message, fact, sequence));
        return message;
      } catch (error) {
        findings.breach('message', (error as Error).message, about(sequence, fact));
        return undefined;
      }
    },

    async endBatch(batch) {
      hashStreamed(batch);
      for (const { fact, body } of recorded) {
        coverage.checkpoint(fact, body, batch);
        if (!checksSignatures) continue;
        signatures++;
        beside(coverage.verifySignature(fact, keyring.scheme!, batch));
      }
      recorded = [];
      while (underWay.size >= signaturesAtOnce) await Promise.race(underWay);
    },

    async end() {
      await Promise.all(underWay);
      coverage.end();
    },

    get messages() {
      return messages;
    },
    get signatures() {
      return signatures;
    },
    get checkpoints() {
      return coverage.checkpoints;
    },
    get uncovered() {
      return coverage.uncovered;
    },
  };
}
