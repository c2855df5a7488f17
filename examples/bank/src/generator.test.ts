import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGenerator } from './generator.ts';

const draw = (seed: number, text: string) => {
  const generator = createGenerator(seed, text);
  return Array.from({ length: 5 }, () => generator.next());
};

test('the same seed and text give the same numbers, another of either gives others', () => {
  assert.deepEqual(draw(1, 'a'), draw(1, 'a'));
  assert.notDeepEqual(draw(1, 'a'), draw(2, 'a'));
  assert.notDeepEqual(draw(1, 'a'), draw(1, 'b'));
});

test('whole numbers reach both ends and nothing beyond', () => {
  const generator = createGenerator(7);
  const drawn = new Set(Array.from({ length: 1000 }, () => generator.integer(3, 6)));
  assert.deepEqual([...drawn].sort(), [3, 4, 5, 6]);
});

test('a log-normal draw has the median and 99th percentile that were asked for', () => {
  const generator = createGenerator(7);
  const drawn = Array.from({ length: 20_000 }, () => generator.logNormal(10, 200)).sort((a, b) => a - b);
  assert.ok(Math.abs(drawn[10_000] - 10) < 1, `median ${drawn[10_000]}`);
  assert.ok(Math.abs(drawn[19_800] - 200) < 40, `p99 ${drawn[19_800]}`);
});

test('rates 0 and 1 never and always happen', () => {
  const generator = createGenerator(7);
  for (let n = 0; n < 1000; n += 1) {
    assert.equal(generator.happens(0), false);
    assert.equal(generator.happens(1), true);
  }
});
