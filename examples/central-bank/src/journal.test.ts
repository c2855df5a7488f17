import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openJournal } from './journal.ts';

const folder = mkdtempSync(join(tmpdir(), 'clearway-book-'));
after(() => rmSync(folder, { recursive: true }));

function recordsOf(path: string): unknown[] {
  const records: unknown[] = [];
  openJournal(path, (record) => records.push(record)).close();
  return records;
}

test('records are in the file when append returns, and come back in order', () => {
  const path = join(folder, 'new', 'order.jsonl');
  const journal = openJournal<number>(path, () => assert.fail('a new journal is empty'));
  journal.append([1, 2]);
  assert.equal(readFileSync(path, 'utf8'), '1\n2\n');
  journal.append([3]);
  journal.close();
  assert.deepEqual(recordsOf(path), [1, 2, 3]);
});

test('a torn last line is cut off, a damaged one before it is an error', () => {
  const path = join(folder, 'torn.jsonl');
  appendFileSync(path, '1\n{"never to');
  assert.deepEqual(recordsOf(path), [1]);
  assert.equal(readFileSync(path, 'utf8'), '1\n');
  appendFileSync(path, '{"a":\n2\n');
  assert.throws(() => recordsOf(path), /damaged in line 2/);
});
