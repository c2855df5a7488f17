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
import { place } from './recorded-cell.ts';

export function batchOf(disk: MemoryDisk, sequence: number): JournalBatch {
  for (const batch of disk.journal.rows.values()) if (batch.sequence === sequence) return batch;
  throw new Error(`there is no batch ${sequence}`);
}

export function replaceBatch(disk: MemoryDisk, batch: JournalBatch): void {
  disk.journal.rows.set(`${batch.epoch}/${batch.sequence}`, batch);
}

/** `bytes` with the bit flipped that is lowest in the byte at `offset`, from the end when negative. */
export function flip(bytes: Uint8Array, offset: number): Uint8Array {
  const changed = bytes.slice();
  changed[offset < 0 ? changed.length + offset : offset] ^= 1;
  return changed;
}

/** Changes a batch and then hashes the whole chain anew, as somebody who can write the table could. */
export function rewrite(
  disk: MemoryDisk,
  crypto: Crypto,
  sequence: number,
  change: (batch: { facts: Uint8Array; bodies: Uint8Array[] }) => void,
): void {
  const last = Math.max(...[...disk.journal.rows.values()].map((batch) => batch.sequence));
  let previousHash = sequence === 1 ? new Uint8Array(32) : headerHash(crypto, batchOf(disk, sequence - 1).header);
  for (let at = sequence; at <= last; at++) {
    const batch = batchOf(disk, at);
    const header = decodeHeader(batch.header);
    let { facts, bodies } = batch;
    if (at === sequence) {
      const key = disk.bodyKeys.get(dayOf(header.at))!;
      const where = { ...place, sequence };
      const opened = {
        facts: facts.slice(),
        bodies: decryptBodies(crypto, key, where, bodies).map((body) => body.slice()),
      };
      change(opened);
      facts = opened.facts;
      bodies = encryptBodies(crypto, key, where, opened.bodies);
    }
    const rewritten = makeBatch(crypto, { ...header, previousHash, facts, bodies });
    replaceBatch(disk, rewritten);
    previousHash = headerHash(crypto, rewritten.header);
  }
}
