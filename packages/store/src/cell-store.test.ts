import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startPostgres } from '@clearway/embedded';
import { realChance, realClock, realCrypto, realDisk } from '@clearway/ports/real';
import { type CellStoreOptions, cellStore } from './cell-store.ts';
import { sequences, testBatches } from './conformance.ts';
import { openTestDatabase, type TestDatabase } from './postgres/test-database.ts';

describe('the store of a cell', () => {
  const world = { clock: realClock, chance: realChance, crypto: realCrypto };
  let root: string;
  let database: TestDatabase;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'clearway-cell-store-'));
    database = await openTestDatabase({ startPostgres, ...world });
  });
  after(async () => {
    await database?.close();
    await rm(root, { recursive: true, force: true });
  });

  const open = (cell: number, journal: 'postgres' | 'file', holds = true) => {
    const options: CellStoreOptions = {
      ...world,
      connections: [database.role('cell')],
      place: { centre: 1, cell },
      disk: realDisk,
      journal,
      journalFolder: join(root, String(cell)),
      holds,
    };
    return cellStore(options);
  };

  for (const [cell, journal, other] of [
    [1, 'postgres', 'file'],
    [2, 'file', 'postgres'],
  ] as const) {
    test(`goes on with its journal where it was begun (${journal}), and begins none elsewhere`, async () => {
      for (let life = 1; life <= 2; life++) {
        const store = await open(cell, journal);
        const claim = await store.journal.claim();
        assert.deepEqual([claim.epoch, claim.last], [life, life - 1]);
        await store.journal.append(testBatches(realCrypto, claim, 1)[0]);
        await store.close();
      }
      await assert.rejects(open(cell, other), { name: 'JournalFolderError', message: /cannot begin another one/ });
    });
  }

  test('lets one process have the folder, and any number read it', async () => {
    const store = await open(3, 'file');
    await store.journal.append(testBatches(realCrypto, await store.journal.claim(), 1)[0]);
    await assert.rejects(open(3, 'file'), { name: 'JournalFolderError', message: /Another process holds/ });
    const reader = await open(3, 'file', false);
    assert.deepEqual(await sequences(reader.journal.read(1)), [1]);
    await reader.close();
    await store.close();
    await (await open(3, 'file')).close();
  });
});
