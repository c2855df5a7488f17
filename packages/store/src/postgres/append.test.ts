import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { startPostgres } from '@clearway/embedded';
import { realChance, realClock, realCrypto } from '@clearway/ports/real';
import type { Client } from 'pg';
import { sequences, testBatches } from '../conformance.ts';
import { IndeterminateError, type Store, UnavailableError } from '../port.ts';
import { UnsafeDatabaseError } from './connection.ts';
import { openTestDatabase, type TestDatabase } from './test-database.ts';
import { openRelay, type Relay } from './test-relay.ts';

describe('appends that fail', () => {
  let database: TestDatabase;
  let relay: Relay | undefined;
  let store: Store;
  let cells = 0;
  before(async () => {
    database = await openTestDatabase({ startPostgres, clock: realClock, chance: realChance, crypto: realCrypto });
  });
  afterEach(async () => {
    await store.close();
    await relay?.close();
    relay = undefined;
  });
  after(() => database.close());

  const openStore = async (options: Parameters<TestDatabase['store']>[0] = {}) => {
    store = await database.store({ cell: ++cells, ...options });
    return store;
  };
  const openThroughRelay = async (options: Parameters<TestDatabase['store']>[0] = {}) => {
    relay = await openRelay(database.role('cell'));
    return { relay, store: await openStore({ ...options, connections: [relay.connection], appendConnections: 1 }) };
  };

  const losses = [
    { what: 'the line is cut before the server has the batch', mode: 'cutBefore', isDurable: false },
    { what: 'the line is cut before the answer', mode: 'cutAfter', isDurable: true },
    { what: 'no answer comes within the deadline', mode: 'hold', isDurable: true },
  ] as const;

  for (const { what, mode, isDurable } of losses) {
    test(`when ${what} the append is indeterminate, and claiming tells`, async () => {
      const { relay, store } = await openThroughRelay({ appendDeadlineMs: 300 });
      const batches = testBatches(realCrypto, await store.journal.claim(), 4);
      await store.journal.append(batches[0]);
      relay.mode = mode;
      const results = await Promise.allSettled(batches.slice(1).map((batch) => store.journal.append(batch)));
      const errors = results.map((result) => result.status === 'rejected' && result.reason);
      assert.ok(errors[0] instanceof IndeterminateError);
      relay.mode = 'pass';
      await assert.rejects(store.journal.append(batches[1]), UnavailableError, 'nothing is appended before a claim');
      const claim = await store.journal.claim();
      if (isDurable) assert.ok(claim.last >= 2);
      else assert.equal(claim.last, 1);
      assert.equal((await sequences(store.journal.read(1))).length, claim.last);
      for (const batch of testBatches(realCrypto, claim, 2)) await store.journal.append(batch);
    });
  }

  for (const end of ['pg_cancel_backend', 'pg_terminate_backend']) {
    test(`a wait for a standby that ${end} breaks off is indeterminate, though the server says COMMIT`, async () => {
      await openStore({ appendConnections: 1 });
      const [batch] = testBatches(realCrypto, await store.journal.claim(), 1);
      const superuser = await database.session();
      const setStandbys = async (names: string) => {
        await superuser.query(`ALTER SYSTEM SET synchronous_standby_names = '${names}'`);
        await superuser.query('SELECT pg_reload_conf()');
      };
      /** Calls `end` for the sessions that wait for a standby in such a query, until there was one. */
      const endWaiting = async (query: string) => {
        const text = `SELECT ${end}(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query LIKE $1`;
        while ((await superuser.query(text, [`%${query}%`])).rowCount === 0);
      };
      await superuser.query('SET synchronous_commit = local');
      await setStandbys('nobody');
      try {
        await waitingStarts(await database.session(), await database.session());
        const appending = assert.rejects(store.journal.append(batch), IndeterminateError);
        await endWaiting('INSERT INTO journal.batch');
        await appending;
      } finally {
        await setStandbys('');
      }
      assert.equal((await store.journal.claim()).last, 1);
    });
  }

  /** Resolves when commits begin to wait for a standby: a changed setting takes effect some time after it is told. */
  async function waitingStarts(canary: Client, watcher: Client): Promise<void> {
    const commit = async () => {
      for (;;) await canary.query('SELECT pg_logical_emit_message(true, $1, $1)', ['canary']);
    };
    const stopped = commit().catch(() => {});
    const text = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`;
    while ((await watcher.query(text)).rowCount === 0);
    await stopped;
  }

  test('what the server refuses was certainly not written, and may be tried again in the same epoch', async () => {
    await openStore();
    const [first, second] = testBatches(realCrypto, await store.journal.claim(), 2);
    await assert.rejects(store.journal.append({ ...first, header: first.header.subarray(1) }), UnavailableError);
    await store.journal.append(second);
    assert.deepEqual(await sequences(store.journal.read(1)), []);
    await store.journal.append(first);
    assert.deepEqual(await sequences(store.journal.read(1)), [1, 2]);
  });

  test('a batch whose row is there already is indeterminate: an earlier try may have been durable', async () => {
    await openStore();
    const [batch] = testBatches(realCrypto, await store.journal.claim(), 1);
    const other = await database.session(database.role('cell'));
    await other.query('INSERT INTO journal.batch VALUES ($1, $2, $3, $4, $5, $6)', [
      10_000 + cells,
      batch.epoch,
      batch.sequence,
      batch.header,
      batch.facts,
      batch.bodies,
    ]);
    await assert.rejects(store.journal.append(batch), IndeterminateError);
    assert.equal((await store.journal.claim()).last, 1);
  });

  test('bytes travel as bytes, not as hexadecimal text', async () => {
    const { relay, store } = await openThroughRelay();
    const [first, second] = testBatches(realCrypto, await store.journal.claim(), 2, { bytes: 100_000 });
    await store.journal.append(first);
    const before = relay.sent;
    await store.journal.append(second);
    assert.ok(relay.sent - before < 101_000, `${relay.sent - before} bytes for a body of 100,000`);
  });

  test('a crash of the server loses nothing that was acknowledged, and the store goes on by itself', async () => {
    await openStore({ appendConnections: 8 });
    const batches = testBatches(realCrypto, await store.journal.claim(), 20_000);
    let acknowledged = 0;
    let frontier = 0;
    const durable = new Set<number>();
    const writing = Promise.allSettled(
      Array.from({ length: 16 }, async () => {
        while (acknowledged < batches.length) {
          const batch = batches[acknowledged++];
          await store.journal.append(batch);
          durable.add(batch.sequence);
          while (durable.delete(frontier + 1)) frontier += 1;
        }
      }),
    );
    while (frontier < 100) await new Promise((resolve) => setImmediate(resolve));
    await database.crash();
    for (const result of await writing) {
      assert.ok(result.status === 'rejected');
      assert.ok(result.reason instanceof IndeterminateError || result.reason instanceof UnavailableError);
    }
    await assert.rejects(store.journal.claim(), UnavailableError);
    await database.start();
    const claim = await store.journal.claim();
    assert.ok(claim.last >= frontier, `batch ${frontier} was acknowledged, the journal ends at ${claim.last}`);
    await store.journal.append(testBatches(realCrypto, claim, 1)[0]);
  });

  test('a database that would acknowledge what it can lose is refused, at the start and by a claim', async () => {
    await openStore();
    const superuser = await database.session();
    await superuser.query('ALTER ROLE clearway_cell SET synchronous_commit = off');
    await assert.rejects(database.store(), UnsafeDatabaseError);
    await assert.rejects(store.journal.claim(), UnsafeDatabaseError);
    await superuser.query('ALTER ROLE clearway_cell RESET synchronous_commit');
    await store.journal.claim();
  });

  test('a server that cannot be reached is named', async () => {
    await openStore();
    const connections = [{ ...database.role('cell'), host: '/nowhere' }];
    await assert.rejects(database.store({ connections }), (error: Error) => {
      assert.ok(error instanceof UnavailableError);
      assert.match(error.message, /\/nowhere:5432/);
      return true;
    });
  });

  test('of several servers the one that answers and is no standby is used', async () => {
    const connections = [{ ...database.role('cell'), host: '/nowhere' }, database.role('cell')];
    await openStore({ connections });
    assert.equal((await store.journal.claim()).epoch, 1);
  });
});
