/**
 * Opens the bodies of batches, holds each message against the fact that was made from it, and verifies its end-to-end
 * signature: beside the replay, on the thread pool, a bounded number at a time.
 */
import { verifyMessage } from '@clearway/contract';
import type { Crypto } from '@clearway/ports';
import { dayOf } from '@clearway/server';
import { type BatchHeader, type BodyKeyStore, type CellPlace, decryptBodies, type JournalBatch } from '@clearway/store';
import type { Fact } from '../journal/fact.ts';
import type { Keyring } from './keyring.ts';
import { about, type Findings } from './report.ts';
import { readSignedMessage, type SignedMessage } from './signed-message.ts';

export interface MessagesCheck {
  /** The bodies of a batch; undefined when they cannot be opened. */
  open(batch: JournalBatch, header: BatchHeader): Promise<readonly Uint8Array[] | undefined>;
  /** The message behind a fact, checked; undefined when there is none or it is not what it should be. */
  read(fact: Fact, body: Uint8Array | undefined, sequence: number): SignedMessage | undefined;
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
  const underWay = new Set<Promise<void>>();
  let messages = 0;
  let signatures = 0;

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
        return undefined;
      } catch (error) {
        findings.breach('message', `its bodies cannot be opened: ${(error as Error).message}`, { sequence });
        return undefined;
      }
    },

    read(fact, body, sequence) {
      // A repeated command carries what was checked the first time.
      if (body === undefined || keyring.scheme === undefined || fact.outcome === 'repeated') return undefined;
      try {
        const message = readSignedMessage(crypto, keyring.scheme, fact, body);
        if (message === undefined) return undefined;
        messages++;
        for (const name of message.differences) {
          findings.breach('message', `the ${name} of ${fact.type} is not what was signed`, about(sequence, fact));
        }
        if (checksSignatures) {
          const one = verify(message, fact, sequence).finally(() => underWay.delete(one));
          underWay.add(one);
        }
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
    },

    get messages() {
      return messages;
    },
    get signatures() {
      return signatures;
    },
  };
}
