import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createReplayMemory } from './replay.ts';

function memory(startMs: number, capacity = 1000) {
  let now = startMs;
  const { take } = createReplayMemory({ now: () => now, windowMs: 60_000, capacity });
  return { take, at: (ms: number) => (now = ms) };
}

test('a nonce is taken once within its window, for each institution apart', () => {
  const { take } = memory(1_000_000);
  assert.equal(take('00101', 1000, 'a'), 'new');
  assert.equal(take('00101', 1000, 'a'), 'replayed');
  assert.equal(take('00102', 1000, 'a'), 'new');
  assert.equal(take('00101', 1000, 'b'), 'new');
});

test('after the window a signature has expired, so that forgetting its nonce opens nothing', () => {
  const { take, at } = memory(1_000_000);
  assert.equal(take('00101', 1000, 'a'), 'new');
  at(1_060_000);
  assert.equal(take('00101', 1000, 'a'), 'replayed');
  at(1_060_001);
  assert.equal(take('00101', 1000, 'a'), 'expired');
});

test('what was signed before the start is refused, also within the second of the start', () => {
  const { take, at } = memory(1_000_500);
  assert.equal(take('00101', 999, 'a'), 'expired');
  assert.equal(take('00101', 1000, 'b'), 'expired');
  at(1_001_000);
  assert.equal(take('00101', 1001, 'c'), 'new');
});

test('a clock that goes back reopens nothing', () => {
  const { take, at } = memory(1_000_000);
  assert.equal(take('00101', 1000, 'a'), 'new');
  at(1_100_000);
  assert.equal(take('00101', 1000, 'a'), 'expired');
  at(1_010_000);
  assert.equal(take('00101', 1000, 'a'), 'expired');
});

test('the memory is bounded for each institution, and room comes back as the window moves on', () => {
  const { take, at } = memory(1_000_000, 2);
  assert.deepEqual(
    ['a', 'b', 'c'].map((nonce) => take('00101', 1000, nonce)),
    ['new', 'new', 'full'],
  );
  assert.equal(take('00101', 1000, 'a'), 'replayed');
  assert.equal(take('00102', 1000, 'c'), 'new');
  at(1_061_000);
  assert.equal(take('00101', 1061, 'c'), 'new');
});
