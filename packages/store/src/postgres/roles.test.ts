import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startPostgres } from '@clearway/embedded';
import { realChance, realClock, realCrypto } from '@clearway/ports/real';
import { Client } from 'pg';
import { collect, testBatches, testPlace } from '../conformance.ts';
import { ChainError, verifyChain } from '../verify-chain.ts';
import { migrate } from './migrate.ts';
import { openTestDatabase, type TestDatabase } from './test-database.ts';

describe('the schema and who may do what in it', () => {
  let database: TestDatabase;
  before(async () => {
    database = await openTestDatabase({ startPostgres, clock: realClock, chance: realChance, crypto: realCrypto });
    const store = await database.store();
    for (const batch of testBatches(realCrypto, await store.journal.claim(), 5)) await store.journal.append(batch);
    await store.journal.claim(); // records where the epoch ends: from now on a missing row is no gap
    await store.close();
  });
  after(() => database.close());

  const ports = { crypto: realCrypto, chance: realChance };

  const refused: Record<'cell' | 'gateway' | 'reader' | 'console', string[]> = {
    cell: [
      `UPDATE journal.batch SET facts = ''`,
      'DELETE FROM journal.batch',
      'TRUNCATE journal.batch',
      'UPDATE journal.epoch SET last = 0',
      'DELETE FROM journal.epoch',
      'DELETE FROM journal.cell',
      'UPDATE journal.configuration SET version = 2',
      'UPDATE secret.body_key SET key = NULL',
      'DELETE FROM secret.body_key',
      'DROP TABLE journal.batch',
      'CREATE TABLE journal.other (id integer)',
    ],
    gateway: [
      'SELECT FROM journal.batch',
      'SELECT FROM journal.snapshot_page',
      'SELECT FROM secret.body_key',
      'INSERT INTO records.hint VALUES (1, $$a$$, 1)',
      'UPDATE records.payment SET state = $$failed$$',
      'DELETE FROM records.file',
    ],
    reader: [
      'SELECT FROM secret.body_key',
      'UPDATE journal.cell SET epoch = epoch + 1',
      'SELECT FROM journal.cell FOR SHARE',
      'DELETE FROM journal.batch',
      'INSERT INTO records.hint VALUES (1, $$a$$, 1)',
      'SELECT FROM console.person',
    ],
    console: [
      'SELECT FROM secret.body_key',
      'UPDATE records.payment SET state = $$failed$$',
      'DELETE FROM journal.batch',
      'UPDATE journal.cell SET epoch = epoch + 1',
      'UPDATE console.audit SET content = $$$$',
      'DELETE FROM console.audit',
      'TRUNCATE console.audit',
      'UPDATE console.change SET request = $$$$',
      'UPDATE console.change SET proposed_by = 1',
      'DELETE FROM console.change',
      'UPDATE console.person SET login = $$other$$',
    ],
  };
  for (const [role, statements] of Object.entries(refused)) {
    for (const statement of statements) {
      test(`clearway_${role} may not: ${statement}`, async () => {
        const session = await database.session(database.role(role as keyof typeof refused));
        await assert.rejects(session.query(statement), { code: '42501' });
      });
    }
  }

  test('the reader reads journal and records, the gateway records and configurations', async () => {
    const reader = await database.session(database.role('reader'));
    for (const table of ['journal.batch', 'journal.epoch', 'journal.snapshot_page', 'records.payment']) {
      await reader.query(`SELECT FROM ${table}`);
    }
    const gateway = await database.session(database.role('gateway'));
    for (const table of ['journal.configuration', 'records.payment', 'records.file']) {
      await gateway.query(`SELECT FROM ${table}`);
    }
  });

  test('a store on the reader’s connection reads the journal and cannot claim it', async () => {
    const store = await database.store({ connections: [database.role('reader')] });
    assert.equal((await collect(verifyChain(realCrypto, testPlace, store.journal.read(1)))).length, 5);
    await assert.rejects(store.journal.claim(), /permission denied/);
    await store.close();
  });

  test('a role enters with its own password alone', async () => {
    const { code } = await new Client({ ...database.role('cell'), password: 'another password' }).connect().then(
      () => ({ code: 'entered' }),
      (error) => error,
    );
    assert.equal(code, '28P01');
  });

  test('no epoch is ever skipped or taken back, even by the owner of the tables', async () => {
    const owner = await database.session();
    for (const change of ['epoch - 1', 'epoch', 'epoch + 2']) {
      await assert.rejects(owner.query(`UPDATE journal.cell SET epoch = ${change}`), /epoch of cell 10001 goes from/);
    }
  });

  test('migrations are applied once, also when several begin at the same time', async () => {
    const results = await Promise.all([1, 2, 3].map(() => migrate(database.owner, {}, ports)));
    assert.deepEqual(
      results.map(({ applied }) => applied),
      [[], [], []],
    );
  });

  const spoiled: [string, string, string, RegExp][] = [
    [
      'a migration that was edited after it was applied',
      `sha256 = 'x' || sha256`,
      'sha256 = substr(sha256, 2)',
      /was changed after/,
    ],
    ['a database that is ahead of the program', `name = '9' || name`, 'name = substr(name, 2)', /use a newer one/],
  ];
  for (const [what, change, undo, message] of spoiled) {
    test(`${what} is refused`, async () => {
      const owner = await database.session();
      await owner.query(`UPDATE clearway.migration SET ${change}`);
      await assert.rejects(migrate(database.owner, {}, ports), message);
      await owner.query(`UPDATE clearway.migration SET ${undo}`);
      await migrate(database.owner, {}, ports);
    });
  }

  test('a weak password is refused', async () => {
    await assert.rejects(migrate(database.owner, { cell: 'short' }, ports), /at least 12 characters/);
  });

  const insider: [string, string, number][] = [
    ['a changed body', `UPDATE journal.batch SET bodies = set_byte(bodies, 3, 1) WHERE sequence = 3`, 3],
    ['a changed fact', `UPDATE journal.batch SET facts = set_byte(facts, 3, 1) WHERE sequence = 3`, 3],
    ['a changed header', `UPDATE journal.batch SET header = set_byte(header, 3, 9) WHERE sequence = 3`, 4],
    ['a deleted row', `DELETE FROM journal.batch WHERE sequence = 3`, 3],
  ];
  for (const [what, statement, sequence] of insider) {
    test(`what a superuser does to the journal is found: ${what}`, async () => {
      const reader = await database.store({ connections: [database.role('reader')] });
      const superuser = await database.session();
      await superuser.query('CREATE TEMPORARY TABLE kept AS SELECT * FROM journal.batch');
      await superuser.query(statement);
      await assert.rejects(collect(verifyChain(realCrypto, testPlace, reader.journal.read(1))), (error: Error) => {
        if (error instanceof ChainError) assert.equal(error.sequence, sequence);
        else assert.match(error.message, new RegExp(`Batch ${sequence} of epoch 1 is missing`));
        return true;
      });
      await superuser.query('DELETE FROM journal.batch');
      await superuser.query('INSERT INTO journal.batch SELECT * FROM kept');
      await reader.close();
    });
  }
});
