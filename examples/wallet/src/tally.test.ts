import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTally } from './tally.ts';

test('percentiles are of what was taken since the last reading', () => {
  const tally = createTally();
  for (let ms = 100; ms >= 1; ms -= 1) tally.took(ms);
  assert.deepEqual(tally.readLatency(), { count: 100, p50: 50, p90: 90, p99: 99, largest: 100 });
  tally.took(7.123);
  assert.deepEqual(tally.readLatency(), { count: 1, p50: 7.12, p90: 7.12, p99: 7.12, largest: 7.12 });
  assert.deepEqual(tally.readLatency(), { count: 0, p50: 0, p90: 0, p99: 0, largest: 0 });
});

test('refusals and failures are counted by reason', () => {
  const tally = createTally();
  tally.refused('overloaded');
  tally.refused('overloaded');
  tally.failed('bankDeclined');
  const { refused, failed, refusals, failures } = tally.counts;
  assert.deepEqual([refused, failed, refusals, failures], [2, 1, { overloaded: 2 }, { bankDeclined: 1 }]);
});
