import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNonces } from './nonces.ts';

test('a nonce is taken once by each signer, for as long as its signature could be accepted', () => {
  let time = 0;
  const firstUse = createNonces({ now: () => time, elapsed: () => time, after: () => () => {} });
  assert.deepEqual([firstUse('a', 'n'), firstUse('a', 'n'), firstUse('b', 'n')], [true, false, true]);
  for (time = 0; time < 70_000; time += 7_000) assert.equal(firstUse('a', 'n'), false);
  time = 140_000;
  firstUse('a', 'other');
  time = 210_000;
  assert.equal(firstUse('a', 'n'), true);
});
