import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startPostgres } from '@clearway/embedded';
import { realChance, realClock, realCrypto } from '@clearway/ports/real';
import { migrate } from './migrate.ts';
import { routingNumber } from './postgres-store.ts';
import { openTestDatabase } from './test-database.ts';

const ports = { clock: realClock, chance: realChance, crypto: realCrypto };
const world = { startPostgres, ...ports };

/** What a cell before 0013 kept: one value for all of a file. */
const oldFiles = [
  { participant: '00101', payments: 0, text: 'H,1,00101\n' },
  { participant: '00102', payments: 1, text: 'H,1,00102\nD,a,1.00\n' },
  { participant: '00103', payments: 3, text: 'H,1,00103\nD,a,1.00\nD,D,2.00\nD,c,3.00\nT,D,6.00\n' },
] as const;

test('files that were kept whole are files of one part after 0013-file-parts.sql, byte for byte', async () => {
  const database = await openTestDatabase(world);
  try {
    await (await database.session()).query('CREATE DATABASE older');
    const owner = { ...database.owner, database: 'older' };
    const before = await migrate(owner, {}, ports, '0012-shelving.sql');
    assert.equal(before.applied.at(-1), '0012-shelving.sql');
    const session = await database.session(owner);
    const cell = routingNumber({ centre: 1, cell: 1 });
    const hashOf = (text: string) => Buffer.from(realCrypto.sha256(Buffer.from(text))).toString('hex');
    for (const { participant, text } of oldFiles) {
      const values = [cell, 2, participant, hashOf(text), Buffer.from(text)];
      await session.query('INSERT INTO records.file VALUES ($1, $2, $3, $4, $5)', values);
    }

    assert.deepEqual((await migrate(owner, {}, ports)).applied, ['0013-file-parts.sql']);
    assert.deepEqual((await migrate(owner, {}, ports)).applied, []);
    const store = await database.store({ connections: [{ ...database.role('cell'), database: 'older' }] });
    for (const { participant, payments, text } of oldFiles) {
      const one = { payments, bytes: text.length, hash: hashOf(text) };
      assert.deepEqual(await store.records.file(2, participant), { cycle: 2, participant, parts: 1, ...one });
      assert.deepEqual(await store.records.fileParts(2, participant), [{ part: 1, ...one }]);
      assert.equal(Buffer.from((await store.records.filePart(2, participant, 1))!).toString(), text);
    }
    await store.close();
  } finally {
    await database.close();
  }
});

test('what was applied is not applied again, and a file that was changed since is refused', async () => {
  const database = await openTestDatabase(world);
  try {
    assert.deepEqual((await migrate(database.owner, {}, ports)).applied, []);
    const session = await database.session();
    await session.query(`UPDATE clearway.migration SET sha256 = 'of another text' WHERE name = '0002-records.sql'`);
    await assert.rejects(migrate(database.owner, {}, ports), /0002-records\.sql was changed after it was applied/);
    await session.query(`INSERT INTO clearway.migration (name, sha256) VALUES ('9999-later.sql', '')`);
    await assert.rejects(
      migrate(database.owner, {}, ports),
      /9999-later\.sql, which this program does not: use a newer/,
    );
  } finally {
    await database.close();
  }
});
