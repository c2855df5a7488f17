/**
 * Opens the bodies of batches, holds each message against the fact that was made from it, and verifies its end-to-end
 * signature: beside the replay, on the thread pool, a bounded number at a time.
 */
import { isStreamMessage, verifyMessage } from '@clearway/contract';
import type { Crypto } from '@clearway/ports';
import { dayOf } from '@clearway/server';
import { type BatchHeader, type BodyKeyStore, type CellPlace, decryptBodies, type JournalBatch } from '@clearway/store';
import type { Fact } from '../journal/fact.ts';
import { createCoverageCheck } from './coverage.ts';
import type { Keyring } from './keyring.ts';
import { about, type Findings } from './report.ts';
import { readSignedMessage, readStreamedMessage, type SignedMessage } from './signed-message.ts';

/** What the records are compared with. */
export type ReadMessage = Pick<SignedMessage, 'endToEndId' | 'paymentHash'>;

export interface MessagesCheck {
  /** The bodies of a batch; undefined when they cannot be opened. */
  open(batch: JournalBatch, header: BatchHeader): Promise<readonly Uint8Array[] | undefined>;
  /** The message behind a fact, checked; undefined when there is none or it is not what it should be. */
  read(fact: Fact, body: Uint8Array | undefined, sequence: number): ReadMessage | undefined;
  /** Resolves when there is room for more signatures. */
  room(): Promise<void>;
  /** Resolves when all signatures are verified. */
  end(): Promise<void>;
  readonly messages: number;
  readonly signatures: number;
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
  const coverage = createCoverageCheck(findings);
  const underWay = new Set<Promise<void>>();
  let messages = 0;
  let signatures = 0;

  const verify = async (
    { signer, signature, canonical }: Pick<SignedMessage, 'signer' | 'signature' | 'canonical'>,
    fact: Fact,
    sequence: number,
  ) => {
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

  const startVerifying = (signed: Parameters<typeof verify>[0], fact: Fact, sequence: number) => {
    if (!checksSignatures) return;
    const one = verify(signed, fact, sequence).finally(() => underWay.delete(one));
    underWay.add(one);
  };

  const compare = (differences: readonly string[], fact: Fact, sequence: number) => {
    messages++;
    for (const name of differences) {
      findings.breach('message', `the ${name} of ${fact.type} is not what was signed`, about(sequence, fact));
    }
  };

  return {
    async open({ sequence, bodies }, { at, commands }) {
      if (bodyKeys === undefined) return undefined;
      try {
        const opened = decryptBodies(crypto, await bodyKeys.key(dayOf(at)), { ...place, sequence }, bodies);
        if (opened.length === commands) return opened;
        findings.breach('message', `it has ${opened.length} bodies for ${commands} commands`, { sequence });
        return undefined;
      } catch (error) {
        findings.breach('message', `its bodies cannot be opened: ${(error as Error).message}`, { sequence });
        return undefined;
      }
    },

    read(fact, body, sequence) {
      const { scheme } = keyring;
      if (body === undefined || scheme === undefined) return undefined;
      try {
        if (fact.type === 'recordCheckpoint') {
          const signed = fact.outcome === 'accepted' && coverage.checkpoint(scheme, fact, body, sequence);
          if (signed) startVerifying(signed, fact, sequence);
          return undefined;
        }
        const isPayment = fact.type === 'submitPayment' || fact.type === 'recordAnswer';
        if (isPayment && isStreamMessage(body)) {
          const message = readStreamedMessage(crypto, scheme, fact, body);
          compare(message.differences, fact, sequence);
          coverage.add(message);
          return message;
        }
        // A repeated command carries what was checked the first time.
        if (fact.outcome === 'repeated') return undefined;
        const message = readSignedMessage(crypto, scheme, fact, body);
        if (message === undefined) return undefined;
        compare(message.differences, fact, sequence);
        startVerifying(message, fact, sequence);
        return message;
      } catch (error) {
        findings.breach('message', (error as Error).message, about(sequence, fact));
        return undefined;
      }
    },

    async room() {
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
  };
}
