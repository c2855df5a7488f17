/** Changes a journal in memory behind its back, for tests of those who must notice. */
import type { Crypto } from '@clearway/ports';
import { dayOf } from '@clearway/server';
import {
  decodeHeader,
  decryptBodies,
  encryptBodies,
  headerHash,
  type JournalBatch,
  type MemoryDisk,
  makeBatch,
} from '@clearway/store';
import { readFacts } from '../journal/fact.ts';
import { place } from './recorded-cell.ts';

export function batchOf(disk: MemoryDisk, sequence: number): JournalBatch {
  return disk.journal.batches[sequence - 1];
}

export function replaceBatch(disk: MemoryDisk, batch: JournalBatch): void {
  disk.journal.batches[batch.sequence - 1] = batch;
}

/** `bytes` with the bit flipped that is lowest in the byte at `offset`, from the end when negative. */
export function flip(bytes: Uint8Array, offset: number): Uint8Array {
  const changed = bytes.slice();
  changed[offset < 0 ? changed.length + offset : offset] ^= 1;
  return changed;
}

/** Bodies of a batch, opened. */
export function bodiesOf(disk: MemoryDisk, crypto: Crypto, sequence: number): Uint8Array[] {
  const { header, bodies } = batchOf(disk, sequence);
  return decryptBodies(crypto, disk.bodyKeys.get(dayOf(decodeHeader(header).at))!, { ...place, sequence }, bodies);
}

/** Changes a batch and then hashes the whole chain anew, as somebody who can write the table could. */
export function rewrite(
  disk: MemoryDisk,
  crypto: Crypto,
  sequence: number,
  change: (batch: { facts: Uint8Array; bodies: Uint8Array[] }) => void,
): void {
  let previousHash = sequence === 1 ? new Uint8Array(32) : headerHash(crypto, batchOf(disk, sequence - 1).header);
  for (let at = sequence; at <= disk.journal.batches.length; at++) {
    const batch = batchOf(disk, at);
    const header = decodeHeader(batch.header);
    let { facts, bodies } = batch;
    let { commands } = header;
    if (at === sequence) {
      const key = disk.bodyKeys.get(dayOf(header.at))!;
      const where = { ...place, sequence };
      const opened = { facts: facts.slice(), bodies: bodiesOf(disk, crypto, sequence).map((body) => body.slice()) };
      change(opened);
      facts = opened.facts;
      if (facts.length !== batch.facts.length) commands = readFacts(facts).length;
      bodies = encryptBodies(crypto, key, where, opened.bodies);
    }
    const rewritten = makeBatch(crypto, { ...header, commands, previousHash, facts, bodies });
    replaceBatch(disk, rewritten);
    previousHash = headerHash(crypto, rewritten.header);
  }
}
