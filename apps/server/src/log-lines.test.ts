import assert from 'node:assert/strict';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { realClock } from '@clearway/ports/real';
import { logLines } from './log-lines.ts';

test('lines are written whole and in order', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'clearway-log-'));
  const file = join(folder, 'log');
  const handle = openSync(file, 'a');
  const lines = logLines(handle, realClock.after);
  const all = Array.from({ length: 1000 }, (_, number) => `line ${number}\n`);
  for (const line of all) lines.write(line);
  while (readFileSync(file, 'utf8') !== all.join('')) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(lines.dropped, 0);
  closeSync(handle);
  rmSync(folder, { recursive: true });
});

const full = '/dev/full';

test('without room lines are dropped and counted, and nothing is thrown', {
  skip: !existsSync(full) && 'this system has no /dev/full',
}, async () => {
  const handle = openSync(full, 'a');
  const lines = logLines(handle, realClock.after);
  for (let number = 0; number < 100; number++) lines.write('x\n');
  while (lines.dropped < 100) await new Promise((resolve) => setImmediate(resolve));
  lines.write('the last\n');
  lines.flush();
  closeSync(handle);
});
