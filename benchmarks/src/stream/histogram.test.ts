import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Histogram } from './histogram.ts';

test('a quantile is never below the true one and at most one in a hundred and twenty-eight above', () => {
  const durations = fc.array(fc.double({ min: 0.001, max: 3_600_000, noNaN: true }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(durations, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
      const histogram = new Histogram();
      for (const value of values) histogram.add(value);
      const sorted = [...values].sort((a, b) => a - b);
      const exact = sorted[Math.max(1, Math.ceil(values.length * share)) - 1]!;
      const told = histogram.quantile(share);
      assert.ok(told >= exact && told <= exact * (1 + 1 / 128) + 0.002, `${told} for ${exact}`);
    }),
  );
});

test('histograms of two processes add up', () => {
  const [one, other] = [new Histogram(), new Histogram()];
  one.add(1);
  other.add(5000);
  one.addAll(other.counts);
  assert.equal(one.total, 2);
  assert.ok(one.quantile(1) >= 5000);
});

test('what is longer than anything lies in the last bucket, and nothing is lost', () => {
  const histogram = new Histogram();
  histogram.add(-5);
  histogram.add(1e15);
  assert.equal(histogram.total, 2);
});
