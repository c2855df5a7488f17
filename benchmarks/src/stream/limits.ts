/**
 * What the parts of a payment over the stream cost by themselves on this machine, each alone: below their sum no program
 * of these parts comes.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layout } from '@clearway/core';
import { realChance, realClock, realCrypto, realDisk } from '@clearway/ports/real';
import { fileJournal, makeBatch } from '@clearway/store';
import { benchHashes } from '../hashes.ts';
import { costsOfSuite } from '../signatures.ts';
import { benchBareLinks } from './bare-links.ts';
import { benchHeld } from './held.ts';
import type { StreamSettings } from './settings.ts';

export interface Limits {
  /** Payments a second that the parts which go by the second are shared by. */
  readonly rate: number;
  /** µs of processor time a payment. */
  readonly microseconds: {
    readonly links: number | undefined;
    readonly hashes: number;
    readonly signatures: number;
    readonly core: number;
    readonly journal: number;
  };
  /** Absent where a part could not be measured. */
  readonly together?: number;
  /** What the parts were measured with. */
  readonly of: {
    /** Payments a second that went over the bare links. */
    readonly linksPerSecond: number;
    /** ns of a message's hash, and of its part of a tree. */
    readonly hash: number;
    readonly tree: number;
    /** µs of one. */
    readonly sign: number;
    readonly verify: number;
    readonly signaturesPerSecond: number;
    readonly bytesPerPayment: number;
  };
}

const linksSeconds = 10;
/** Payments remembered. */
const held = 1_000_000;
const paymentsABatch = 512;
/** Of a payment in the journal: all of it as the runs have it, and what of that is its two facts; the rest is encrypted. */
const bytesPerPayment = 666;
const factsBytes = layout.submitPayment.size + layout.recordAnswer.size;
const bodiesBytes = bytesPerPayment - factsBytes;
const batches = 400;
/** Sender, cell and bank take the hash of a payment's message; the tree it stands in is built at both ends, and so is its answer's. */
const [messages, trees] = [3, 4];
/** A signer signs each time that four fifths of the bound on what is not signed have passed. */
const signEveryMs = 800;

export async function benchLimits(
  settings: StreamSettings,
  rate: number,
  say: (text: string) => void,
): Promise<Limits> {
  const folder = await mkdtemp(join(tmpdir(), 'clearway-bench-'));
  try {
    say('the links');
    const links = await benchBareLinks(settings, rate, linksSeconds, folder);
    say('hashes, signatures, core');
    const { messageByLanes: hash, treeByLanes: tree } = benchHashes().find(
      ({ payments }) => payments === paymentsABatch,
    )!;
    const { sign, verify } = await costsOfSuite(settings.suite);
    const signaturesPerSecond = Math.round((settings.institutions * 1000) / signEveryMs);
    const [core] = benchHeld([held], () => {});
    say('the journal');
    const journal = await measureJournal(folder);
    const microseconds = {
      links: links.microseconds,
      hashes: rounded((messages * hash + trees * tree) / 1000),
      signatures: rounded(((sign + verify) * signaturesPerSecond) / rate),
      core: core!.microseconds,
      journal: rounded(journal),
    };
    return {
      rate,
      microseconds,
      ...(links.microseconds !== undefined && { together: sumOf(Object.values(microseconds)) }),
      of: {
        linksPerSecond: links.perSecond,
        hash,
        tree,
        sign: rounded(sign),
        verify: rounded(verify),
        signaturesPerSecond,
        bytesPerPayment,
      },
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** µs a payment: bodies encrypted, the batch hashed, written and flushed. */
async function measureJournal(folder: string): Promise<number> {
  const place = { centre: 1, cell: 1 };
  const ports = { clock: realClock, crypto: realCrypto, disk: realDisk };
  const journal = fileJournal({ ...ports, folder: join(folder, 'journal'), place });
  const claim = await journal.claim();
  const key = realChance.bytes(32);
  const facts = realChance.bytes(factsBytes * paymentsABatch);
  const plain = realChance.bytes(bodiesBytes * paymentsABatch);
  let previousHash = claim.lastHash;
  const began = process.cpuUsage();
  for (let number = 1; number <= batches; number++) {
    const batch = makeBatch(realCrypto, {
      ...place,
      rulesVersion: 1,
      epoch: claim.epoch,
      sequence: claim.last + number,
      at: 1,
      commands: paymentsABatch,
      previousHash,
      facts,
      bodies: realCrypto.encrypt(key, plain, new Uint8Array(16)),
    });
    previousHash = realCrypto.sha256(batch.header);
    await journal.append(batch);
  }
  const { user, system } = process.cpuUsage(began);
  await journal.close();
  return (user + system) / (batches * paymentsABatch);
}

const sumOf = (parts: readonly (number | undefined)[]) => rounded(parts.reduce<number>((sum, one) => sum + one!, 0));
const rounded = (value: number) => Math.round(value * 100) / 100;
