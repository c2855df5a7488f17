import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type RunningPostgres, startPostgres } from '@clearway/embedded';
import { realChance, realClock, realCrypto, realDisk } from '@clearway/ports/real';
import { cellStore, migrate, type PostgresConnection, postgresStore } from '@clearway/store';
import { openOperator, openStore } from './cell-access.ts';
import { exitCodes } from './given.ts';
import { type Day, place, playDay } from './testing/recorded-cell.ts';
import { runLine } from './testing/run-line.ts';

const ports = { clock: realClock, chance: realChance, crypto: realCrypto, disk: realDisk };
let folder: string;
let postgres: RunningPostgres;
let connections: Record<'cell' | 'reader', PostgresConnection>;
let day: Day;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clearway-cli-'));
  postgres = await startPostgres({ directory: join(folder, 'postgres') });
  const password = randomBytes(32).toString('base64url');
  await migrate(postgres.connection, { cell: password, reader: password }, ports);
  const as = (user: string): PostgresConnection => ({ ...postgres.connection, user, password });
  connections = { cell: as('clearway_cell'), reader: as('clearway_reader') };
  await writeFile(join(folder, 'database.json'), JSON.stringify(connections), { mode: 0o600 });
  const store = await postgresStore({ connections: [connections.cell], place, ...ports });
  day = await playDay(store, ports);
  await store.close();
});

after(async () => {
  await postgres?.stop('fast');
  await rm(folder, { recursive: true, force: true });
});

function clearway(line: string, environment: Record<string, string> = {}) {
  const settings = { CLEARWAY_DATA: folder, ...environment };
  return runLine(line, {
    openStore: () => openStore(settings, ports),
    openOperator: () => openOperator(settings, realClock),
    readFile,
  });
}

test('the data folder is enough to prove a cell in PostgreSQL', async () => {
  const { exitCode, output, errors } = await clearway('verify --json');
  assert.equal(errors, '');
  const report = JSON.parse(output);
  assert.deepEqual(report.breaches, []);
  assert.deepEqual(report.notChecked, []);
  assert.ok(report.signatures > 0);
  assert.ok(report.snapshot > 0);
  assert.equal(exitCode, exitCodes.done);
});

test('a cell with its journal in files is proved by the same command', async () => {
  const data = await mkdtemp(join(tmpdir(), 'clearway-cli-files-'));
  const database = await startPostgres({ directory: join(data, 'postgres') });
  try {
    const password = randomBytes(32).toString('base64url');
    await migrate(database.connection, { cell: password, reader: password }, ports);
    const cell = { ...database.connection, user: 'clearway_cell', password };
    await writeFile(join(data, 'database.json'), JSON.stringify({ cell }), { mode: 0o600 });
    const journal = { journal: 'file', journalFolder: join(data, 'journal') } as const;
    const store = await cellStore({ connections: [cell], place, ...ports, ...journal, holds: true });
    await playDay(store, ports);
    await store.close();
    const { output, errors } = await clearway('verify --json', { CLEARWAY_DATA: data, CLEARWAY_JOURNAL: 'file' });
    assert.equal(errors, '');
    const report = JSON.parse(output);
    assert.deepEqual([report.breaches, report.notChecked], [[], []]);
    assert.ok(report.last.sequence > 20);
    const refused = await clearway('verify', { CLEARWAY_DATA: data });
    assert.match(refused.errors, /This cell has its journal in .*journal/);
  } finally {
    await database.stop('fast');
    await rm(data, { recursive: true, force: true });
  }
});

test('every reading command works as reader', async () => {
  const lines = [
    'participants list',
    `payments show ${day.succeeded}`,
    `payments trace ${day.silent}`,
    'payments list --participant 00101 --limit 2',
    `agreements show ${day.agreementId}`,
    'cycles list',
    'cycles report 1',
    'cycles file 1 00201',
    'journal describe 5',
    'journal replay',
    'config history',
    'work list',
  ];
  for (const line of lines) {
    const { exitCode, output, errors } = await clearway(line);
    assert.equal(errors, '', line);
    assert.equal(exitCode, exitCodes.done, line);
    assert.notEqual(output, '', line);
  }
});

test('whoever has only the reader proves all but the messages', async () => {
  const file = join(folder, 'reader.json');
  await writeFile(file, JSON.stringify({ reader: connections.reader }), { mode: 0o600 });
  const { exitCode, output } = await clearway('verify --json', { CLEARWAY_DATABASE: file });
  const report = JSON.parse(output);
  assert.equal(exitCode, exitCodes.done);
  assert.equal(report.messages, 0);
  assert.match(report.notChecked[0], /body keys are not open to this reader/);
});

test('a record that was changed is found in PostgreSQL as well', async () => {
  const store = await postgresStore({ connections: [connections.cell], place, ...ports });
  const record = (await store.records.payment(day.payout))!;
  const change = { agreements: [], cycles: [], positions: [], workItems: [], sequence: await store.records.cursor() };
  await store.records.write({ ...change, payments: [{ ...record, amount: record.amount + 1n }] });
  const { exitCode, output } = await clearway('verify');
  await store.records.write({ ...change, payments: [record] });
  await store.close();
  assert.equal(exitCode, exitCodes.no);
  assert.match(output, new RegExp(`records +${day.payout} +its amount differs`));
  assert.match(output, /file of 00101 for cycle 1 +is not what the payments of the cycle make/);
});

test('Ctrl-C ends a command that waits for a database that does not answer', async () => {
  const mute = createServer().listen(0, '127.0.0.1');
  await once(mute, 'listening');
  const { port } = mute.address() as AddressInfo;
  const file = join(folder, 'mute.json');
  await writeFile(file, JSON.stringify({ reader: { ...connections.reader, host: '127.0.0.1', port } }));
  const child = spawn(process.execPath, [fileURLToPath(new URL('main.js', import.meta.url)), 'cycles', 'list'], {
    env: { ...process.env, CLEARWAY_DATA: folder, CLEARWAY_DATABASE: file },
    stdio: 'ignore',
  });
  const [connection] = await once(mute, 'connection');
  child.kill('SIGINT');
  const [code] = await once(child, 'exit');
  connection.destroy();
  mute.close();
  assert.equal(code, exitCodes.interrupted);
});

test('a cell, a database or a connection file that is not there is said, with what to do', async () => {
  const empty = await mkdtemp(join(tmpdir(), 'clearway-cli-'));
  const missing = await clearway('cycles list', { CLEARWAY_DATA: empty });
  assert.equal(missing.exitCode, exitCodes.unavailable);
  assert.match(missing.errors, /no connection file .*database\.json.*CLEARWAY_DATA/);
  const closed = await clearway('cycles close');
  assert.equal(closed.exitCode, exitCodes.unavailable);
  assert.match(closed.errors, /no cell answers at .*is it running/);
  const file = join(empty, 'elsewhere.json');
  await writeFile(file, JSON.stringify({ reader: { ...connections.reader, port: connections.reader.port + 1 } }));
  const nobody = await clearway('cycles list', { CLEARWAY_DATABASE: file });
  assert.equal(nobody.exitCode, exitCodes.unavailable);
  assert.match(nobody.errors, /PostgreSQL cannot be reached/);
  await rm(empty, { recursive: true, force: true });
});
