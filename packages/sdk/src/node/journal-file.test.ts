import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openJournalFile } from './journal-file.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clearway-journal-'));
});
after(() => rm(folder, { recursive: true }));

function opened<R>(path: string, restore: (record: R) => void = () => {}) {
  return openJournalFile<R>({ path, restore, onFailure: (error) => assert.fail(error as Error) });
}

async function recordsOf(path: string): Promise<unknown[]> {
  const records: unknown[] = [];
  await (await opened(path, (record) => records.push(record))).close();
  return records;
}

test('what was appended is there when the journal is opened again, in order', async () => {
  const path = join(folder, 'new', 'order.jsonl');
  const journal = await opened<{ n: number; text: string }>(path, () => assert.fail('a new journal is empty'));
  const records = Array.from({ length: 1000 }, (_, n) => ({ n, text: '通衢\n' }));
  await Promise.all(records.map((record) => journal.append(record)));
  await journal.close();
  assert.deepEqual(await recordsOf(path), records);
});

test('a record is in the file when its append resolves, and what came together shares one flush', async () => {
  const path = join(folder, 'durable.jsonl');
  const journal = await opened<number>(path);
  const first = journal.append(1);
  assert.equal(journal.append(2), first);
  await first;
  assert.equal(await readFile(path, 'utf8'), '1\n2\n');
  const third = journal.append(3);
  assert.equal(journal.durable(), third);
  await third;
  assert.equal(await readFile(path, 'utf8'), '1\n2\n3\n');
  await journal.close();
});

test('a torn last line is cut off, and the journal goes on after it', async () => {
  const path = join(folder, 'torn.jsonl');
  await writeFile(path, '"told"\n"never to');
  const journal = await opened<string>(path);
  await journal.append('next');
  await journal.close();
  assert.deepEqual(await recordsOf(path), ['told', 'next']);
});

test('a damaged line before the last is an error that names the line', async () => {
  const path = join(folder, 'damaged.jsonl');
  await writeFile(path, '1\n{"a":\n2\n');
  await assert.rejects(recordsOf(path), /damaged in line 2/);
});

test('lines longer than what is read at once are whole', async () => {
  const path = join(folder, 'long.jsonl');
  const long = 'x'.repeat(300_000);
  await appendFile(path, `${JSON.stringify(long)}\n1\n${JSON.stringify(long)}\n`);
  assert.deepEqual(await recordsOf(path), [long, 1, long]);
});

test('only the owner may read the file', async () => {
  const path = join(folder, 'private.jsonl');
  await (await opened(path)).close();
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test('after a failed write nothing more is accepted, and the failure is told once', async () => {
  const path = join(folder, 'failed.jsonl');
  const failures: unknown[] = [];
  const onFailure = (error: unknown) => failures.push(error);
  const journal = await openJournalFile<number>({ path, restore: () => {}, onFailure });
  await journal.append(1);
  await journal.close();
  await assert.rejects(journal.append(2));
  await assert.rejects(journal.append(3));
  assert.equal(failures.length, 1);
  assert.deepEqual(await recordsOf(path), [1]);
});
