import assert from 'node:assert/strict';
import { copyFile, cp, mkdtemp, open, readdir, readFile, rename, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { DiskFile } from '@clearway/ports';
import { realClock, realCrypto, realDisk } from '@clearway/ports/real';
import { sequences, testBatches, testPlace } from '../conformance.ts';
import { fileJournal } from './file-journal.ts';
import { blockBytes } from './record.ts';
import { findEnd, segmentAt } from './segment.ts';

/** Batches 1 to 3 are epoch 1's; 4 to 6 are epoch 2's, 4 and 5 flushed alone, 6 last; each begins a block. */
let root: string;
let intact: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'clearway-damage-'));
  intact = join(root, 'intact');
  for (let epoch = 1; epoch <= 2; epoch++) {
    const journal = journalIn(intact);
    for (const batch of testBatches(realCrypto, await journal.claim(), 3, { bytes: 3_000 }))
      await journal.append(batch);
    await journal.close();
  }
});
after(() => rm(root, { recursive: true, force: true }));

const journalIn = (folder: string, cell = 1) =>
  fileJournal({
    folder,
    place: { ...testPlace, cell },
    disk: realDisk,
    clock: realClock,
    crypto: realCrypto,
    claimDeadlineMs: 50,
  });

const [oldSegment, newSegment] = ['0000000001-0000000000000001.segment', '0000000002-0000000000000004.segment'];

/** Byte of the n-th record in its segment, from 0; each is flushed alone and less than a block long. */
const recordAt = (place: number, offset: number) => blockBytes * (1 + place) + offset;

async function flip(path: string, position: number): Promise<void> {
  const file = await open(path, 'r+');
  const byte = new Uint8Array(1);
  await file.read(byte, 0, 1, position);
  await file.write(Uint8Array.of(byte[0] ^ 0x10), 0, 1, position);
  await file.close();
}

async function notAllowed(): Promise<never> {
  throw new Error('whoever looks for the end only reads');
}

async function zero(path: string, from: number): Promise<void> {
  const file = await open(path, 'r+');
  const { size } = await file.stat();
  await file.write(new Uint8Array(size - from), 0, size - from, from);
  await file.close();
}

interface Case {
  readonly what: string;
  damage(folder: string): Promise<unknown>;
  /** Last batch that the claim finds, and reading after it; or what it refuses with. */
  readonly claim: number | RegExp;
  /** Without it reading after the claim gives all up to the claimed end. */
  readonly read?: RegExp;
}

const inNew = (position: number) => (folder: string) => flip(join(folder, newSegment), position);
const inOld = (position: number) => (folder: string) => flip(join(folder, oldSegment), position);
const cut = (position: number) => (folder: string) => truncate(join(folder, newSegment), position);
const damaged = /Batch 4 in .* cannot be read, though the record at byte 8192 shows that it was durable/;

const cases: Case[] = [
  { what: 'nothing', damage: async () => {}, claim: 6 },
  // The end: what nothing later proves.
  ...[0, 4, 9, 25, 33, 64, 200, 300, 3_000].map((offset) => ({
    what: `a bit of the last record, at byte ${offset}`,
    damage: inNew(recordAt(2, offset)),
    claim: 5,
  })),
  { what: 'a bit of the padding behind the last record', damage: inNew(recordAt(2, 3_300)), claim: 6 },
  { what: 'the last record cut off', damage: cut(recordAt(2, 0)), claim: 5 },
  { what: 'the last record cut in its head', damage: cut(recordAt(2, 30)), claim: 5 },
  { what: 'the last record cut in its bodies', damage: cut(recordAt(2, 2_000)), claim: 5 },
  {
    what: 'the last record never written',
    damage: (folder) => zero(join(folder, newSegment), recordAt(2, 0)),
    claim: 5,
  },
  { what: 'everything of the epoch cut off', damage: cut(blockBytes), claim: 3 },
  { what: 'an empty segment', damage: cut(0), claim: 3 },
  { what: 'half of the segment head, and nothing behind it', damage: cut(20), claim: 3 },
  // The middle: what a later record proves.
  ...[0, 4, 9, 25, 33, 64, 200, 300, 3_000].map((offset) => ({
    what: `a bit of a record that others follow, at byte ${offset}`,
    damage: inNew(recordAt(0, offset)),
    claim: damaged,
  })),
  { what: 'a bit of the segment head', damage: inNew(3), claim: damaged },
  {
    what: 'a record in the middle and the last one',
    damage: async (folder) => {
      await inNew(recordAt(0, 100))(folder);
      await inNew(recordAt(2, 100))(folder);
    },
    claim: damaged,
  },
  // An epoch that has ended: the end file says how far it goes.
  ...[0, 4, 25, 300].map((offset) => ({
    what: `a bit of the last record of an ended epoch, at byte ${offset}`,
    damage: inOld(recordAt(2, offset)),
    claim: 6,
    read: /Batch 3 of epoch 1 is missing/,
  })),
  {
    what: 'the segment of an ended epoch',
    damage: (folder) => rm(join(folder, oldSegment)),
    claim: 6,
    read: /Batch 1 of epoch 1 is missing/,
  },
  {
    what: 'the file that says where an epoch ended',
    damage: (folder) => flip(join(folder, '0000000001.end'), 8),
    claim: /does not say where its epoch ended/,
  },
  {
    what: 'a segment under the name of another',
    damage: (folder) => rename(join(folder, newSegment), join(folder, newSegment.replace('4.', '5.'))),
    claim: /it was renamed/,
  },
  {
    what: 'a segment copied into another epoch',
    damage: (folder) => copyFile(join(folder, oldSegment), join(folder, newSegment)),
    claim: /it was renamed/,
  },
];

describe('a journal in files whose bytes are not what they were', () => {
  for (const [number, { what, damage, claim, read }] of cases.entries()) {
    test(`${what}: ${typeof claim === 'number' ? `ends at ${claim}` : 'is refused'}${read ? ', and reading is refused' : ''}`, async () => {
      const folder = join(root, String(number));
      await cp(intact, folder, { recursive: true });
      await damage(folder);
      const journal = journalIn(folder);
      if (typeof claim !== 'number') {
        const files = await readdir(folder);
        await assert.rejects(journal.claim(), { name: 'DamagedJournalError', message: claim });
        await assert.rejects(sequences(journal.read(1)), { name: 'DamagedJournalError', message: claim });
        assert.deepEqual(
          (await readdir(folder)).filter((name) => !name.endsWith('.claim')),
          files.filter((name) => !name.endsWith('.claim')),
        );
        return;
      }
      const claimed = await journal.claim();
      assert.equal(claimed.last, claim);
      if (read) return assert.rejects(sequences(journal.read(1)), { name: 'DamagedJournalError', message: read });
      const all = Array.from({ length: claim }, (_, index) => index + 1);
      assert.deepEqual(await sequences(journal.read(1)), all);
      await journal.append(testBatches(realCrypto, claimed, 1)[0]);
      assert.deepEqual(await sequences(journal.read(1)), [...all, claim + 1]);
      await journal.close();
    });
  }

  const early = [0, 1].flatMap((batches) => [0, 40, 2_000].map((bytes) => ({ batches, bytes })));
  for (const { batches, bytes } of early) {
    test(`read when ${batches} batches and ${bytes} bytes were written, and looked at again when there were more: no damage`, async () => {
      const path = join(intact, newSegment);
      const whole = await readFile(path);
      let sizes = 0;
      const seen = () => (sizes < 2 ? whole.subarray(0, recordAt(batches, bytes)) : whole);
      const growing: DiskFile = {
        size: async () => {
          sizes += 1;
          return seen().length;
        },
        read: async (into, position) => seen().copy(into, 0, position),
        write: notAllowed,
        flush: notAllowed,
        close: notAllowed,
      };
      const { last, frontier, unproven } = await findEnd(growing, segmentAt(intact, 2, 4), testPlace);
      assert.deepEqual([last, frontier, unproven.from], [6, 5, recordAt(2, 0)]);
    });
  }

  test('of another cell is refused', async () => {
    await assert.rejects(journalIn(intact, 2).claim(), /belongs to cell 1\/1, not to 1\/2/);
  });
});
