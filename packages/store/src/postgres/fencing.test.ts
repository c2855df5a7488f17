import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startPostgres } from '@clearway/embedded';
import { realChance, realClock, realCrypto } from '@clearway/ports/real';
import type { Client } from 'pg';
import { collect, sequences, testBatches } from '../conformance.ts';
import { FencedError, type JournalBatch, type Store } from '../port.ts';
import { verifyChain } from '../verify-chain.ts';
import { insertText } from './postgres-journal.ts';
import { openTestDatabase, type TestDatabase } from './test-database.ts';

describe('fencing, with real connections', () => {
  let database: TestDatabase;
  let cells = 0;
  before(async () => {
    database = await openTestDatabase({ startPostgres, clock: realClock, chance: realChance, crypto: realCrypto });
  });
  after(() => database.close());

  interface Scene {
    /** Has claimed; `batches` follow its claim. */
    readonly old: Store;
    readonly batches: JournalBatch[];
    readonly owner: Store;
    /** A session of the old owner in which a statement can be left open. */
    readonly session: Client;
    insert(batch: JournalBatch): Promise<number | null>;
    close(): Promise<void>;
  }

  async function openScene(): Promise<Scene> {
    const cell = ++cells;
    const old = await database.store({ cell });
    const owner = await database.store({ cell });
    const session = await database.session(database.role('cell'));
    return {
      old,
      owner,
      session,
      batches: testBatches(realCrypto, await old.journal.claim(), 6),
      async insert({ epoch, sequence, header, facts, bodies }) {
        const result = await session.query(insertText, [10_000 + cell, epoch, sequence, header, facts, bodies]);
        return result.rowCount;
      },
      close: async () => void (await Promise.all([old.close(), owner.close()])),
    };
  }

  /** Resolves once some other session waits for a lock. */
  async function someoneWaits(): Promise<void> {
    const watcher = await database.session();
    for (;;) {
      const { rowCount } = await watcher.query(`SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'`);
      if (rowCount !== 0) return;
    }
  }

  for (const [ending, last] of [
    ['COMMIT', 1],
    ['ROLLBACK', 0],
  ] as const) {
    test(`a claim waits for an append that has inserted but not ended, and reads the journal after its ${ending}`, async () => {
      const scene = await openScene();
      await scene.session.query('BEGIN');
      assert.equal(await scene.insert(scene.batches[0]), 1);
      let isClaimed = false;
      const claiming = scene.owner.journal.claim().finally(() => {
        isClaimed = true;
      });
      await someoneWaits();
      assert.equal(isClaimed, false);
      await scene.session.query(ending);
      assert.equal((await claiming).last, last);
      assert.equal((await sequences(scene.owner.journal.read(1))).length, last);
      await scene.close();
    });
  }

  for (const level of ['READ COMMITTED', 'REPEATABLE READ']) {
    test(`an SQL transaction (${level}) that was open before the claim can insert nothing after it`, async () => {
      const scene = await openScene();
      await scene.session.query(`BEGIN ISOLATION LEVEL ${level}`);
      await scene.session.query('SELECT epoch FROM journal.cell');
      const claim = await scene.owner.journal.claim();
      if (level === 'READ COMMITTED') assert.equal(await scene.insert(scene.batches[0]), 0);
      else await assert.rejects(scene.insert(scene.batches[0]), { code: '40001' });
      await scene.session.query('COMMIT');
      await scene.owner.journal.append(testBatches(realCrypto, claim, 1)[0]);
      const found = await collect(scene.owner.journal.read(1));
      assert.deepEqual(
        found.map(({ epoch, sequence }) => [epoch, sequence]),
        [[2, 1]],
      );
      await scene.close();
    });
  }

  test('an append that comes while a claim is under way waits for it, and is fenced', async () => {
    const scene = await openScene();
    await scene.session.query('BEGIN');
    assert.equal(await scene.insert(scene.batches[0]), 1);
    const claiming = scene.owner.journal.claim();
    await someoneWaits();
    const late = assert.rejects(scene.old.journal.append(scene.batches[0]), FencedError);
    await scene.session.query('COMMIT');
    assert.equal((await claiming).last, 1);
    await late;
    await scene.close();
  });

  test('a writer that never pauses cannot keep a claim waiting', async () => {
    const scene = await openScene();
    const batches = testBatches(realCrypto, await scene.old.journal.claim(), 20_000, { bytes: 10 });
    let next = 0;
    const write = async () => {
      while (next < batches.length) await scene.old.journal.append(batches[next++]);
    };
    const writers = Promise.allSettled(Array.from({ length: 8 }, write));
    while (next < 200) await new Promise((resolve) => setImmediate(resolve));
    const claim = await scene.owner.journal.claim();
    const results = await writers;
    assert.ok(next < batches.length, 'the claim came while batches were left');
    for (const result of results) assert.equal(result.status === 'rejected' && result.reason.name, 'FencedError');
    assert.deepEqual((await sequences(scene.owner.journal.read(1))).at(-1), claim.last);
    await scene.close();
  });

  test('batches that became durable out of order count once the ones before them are durable', async () => {
    const scene = await openScene();
    const [first, second, third] = scene.batches;
    await scene.session.query('BEGIN');
    await scene.insert(first);
    const appending = scene.old.journal.append(first); // waits for the unique key of the open insert
    await scene.old.journal.append(second);
    await scene.old.journal.append(third);
    assert.deepEqual(await sequences(scene.owner.journal.read(1)), []);
    assert.equal(await scene.owner.journal.readOne(2), undefined);
    await scene.session.query('ROLLBACK');
    await appending;
    assert.deepEqual(await sequences(scene.owner.journal.read(1)), [1, 2, 3]);
    await scene.close();
  });

  test('the first gap ends an epoch; rows behind it are void for ever', async () => {
    const scene = await openScene();
    const { batches, owner } = scene;
    for (const batch of [batches[0], batches[1], batches[3], batches[4]]) assert.equal(await scene.insert(batch), 1);
    assert.deepEqual(await sequences(owner.journal.read(1)), [1, 2]);
    const claim = await owner.journal.claim();
    assert.deepEqual([claim.epoch, claim.last], [2, 2]);
    assert.deepEqual(Buffer.from(claim.lastHash), Buffer.from(realCrypto.sha256(batches[1].header)));
    assert.equal(await owner.journal.readOne(4), undefined);
    for (const batch of testBatches(realCrypto, claim, 2)) await owner.journal.append(batch);
    assert.equal((await owner.journal.claim()).last, 4);
    const checked = await collect(verifyChain(realCrypto, { centre: 1, cell: 1 }, owner.journal.read(1)));
    assert.deepEqual(
      checked.map(({ header }) => [header.epoch, header.sequence]),
      [
        [1, 1],
        [1, 2],
        [2, 3],
        [2, 4],
      ],
    );
    assert.equal((await owner.journal.readOne(4))?.epoch, 2);
    assert.equal(await owner.journal.readOne(5), undefined);
    await scene.close();
  });

  test('an epoch whose very first batch is missing is empty', async () => {
    const scene = await openScene();
    await scene.insert(scene.batches[1]);
    const claim = await scene.owner.journal.claim();
    assert.deepEqual([claim.epoch, claim.last], [2, 0]);
    assert.deepEqual(await sequences(scene.owner.journal.read(1)), []);
    await scene.close();
  });
});
