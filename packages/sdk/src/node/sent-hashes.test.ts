import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { realCrypto } from '@clearway/ports/real';
import { openSentHashes } from './sent-hashes.ts';

const hash = (n: number) => realCrypto.sha256(Buffer.from(`message ${n}`));
const hashes = (...numbers: number[]) => Buffer.concat(numbers.map(hash));

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'clearway-sent-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'sent');
}

test('what was added is known in the next run, also behind a hash that was cut off; anything else is a stranger', async (t) => {
  const folder = folderOf(t);
  const first = openSentHashes(folder);
  first.add(hashes(1, 2));
  first.add(hashes(3));
  assert.equal(await first.findStranger(hashes(1, 2, 3)), undefined);
  first.close();
  const [file] = readdirSync(folder);
  assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600);
  appendFileSync(join(folder, file), hash(4).subarray(0, 20));
  const second = openSentHashes(folder);
  second.add(hashes(5));
  assert.equal(await second.findStranger(hashes(3, 5, 1)), undefined);
  assert.equal(await second.findStranger(hashes(1, 9, 5, 8)), 1);
  assert.equal(await second.findStranger(hashes(4)), 0);
  second.close();
});

test('the newest are kept, and the oldest go: at least so many, at most twice as many', async (t) => {
  const folder = folderOf(t);
  const sent = openSentHashes(folder, 10);
  for (let n = 0; n < 35; n++) sent.add(hashes(n));
  assert.equal(readdirSync(folder).length, 2);
  const kept = await Promise.all(
    Array.from({ length: 35 }, async (_, n) => (await sent.findStranger(hash(n))) ?? 'kept'),
  );
  assert.deepEqual(kept.lastIndexOf(0), 19);
  assert.ok(kept.slice(20).every((one) => one === 'kept'));
  sent.close();
});
