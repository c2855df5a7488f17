import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { AuditEntry } from '@clearway/console-api';
import { checkChain } from './audit-chain.ts';

const digest = async (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest());

function chain(length: number): AuditEntry[] {
  const entries: AuditEntry[] = [];
  let previousHash = '0'.repeat(64);
  for (let sequence = 1; sequence <= length; sequence++) {
    const content = JSON.stringify({ sequence, actor: 'lín', act: 'looked' });
    const hash = createHash('sha256').update(`${previousHash}\n${content}`).digest('hex');
    entries.push({ sequence, content, previousHash, hash });
    previousHash = hash;
  }
  return entries;
}

test('a chain holds from any entry on, newest first or last', async () => {
  const entries = chain(6);
  assert.deepEqual(await checkChain([...entries].reverse(), { digest }), { from: 1, to: 6, brokenAt: undefined });
  assert.deepEqual(await checkChain(entries.slice(2), { digest }), { from: 3, to: 6, brokenAt: undefined });
});

test('an entry that was changed, taken out or given another hash is found', async () => {
  const changed = chain(5);
  changed[2] = { ...changed[2], content: changed[2].content.replace('looked', 'LOOKED') };
  assert.equal((await checkChain(changed, { digest })).brokenAt, 3);
  assert.equal((await checkChain(chain(5).toSpliced(2, 1), { digest })).brokenAt, 4);
  const forged = chain(5);
  forged[4] = { ...forged[4], hash: 'f'.repeat(64) };
  assert.equal((await checkChain(forged, { digest })).brokenAt, 5);
});
