import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bandPath, linePath, niceScale, shadeOf, toBuckets } from './scale.ts';

test('an axis ends at a round number that holds everything', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1e12, noNaN: true }), (largest) => {
      const { top, step } = niceScale(largest, 3);
      assert.ok(top >= largest && top <= largest + step * 1.000001);
    }),
  );
  assert.deepEqual(niceScale(0), { top: 1, step: 1 });
});

test('no peak and no trough is lost where many values share a pixel', () => {
  const value = fc.option(fc.integer({ min: 0, max: 1e6 }), { nil: null });
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 3000 }),
      fc.integer({ min: 1, max: 500 }),
      (values, most) => {
        const buckets = toBuckets(values, most);
        assert.ok(buckets.length <= most);
        const known = values.filter((one) => one !== null);
        const seen = buckets.filter((one) => one !== null);
        if (known.length === 0) return assert.equal(seen.length, 0);
        assert.equal(Math.max(...seen.map((one) => one.most)), Math.max(...known));
        assert.equal(Math.min(...seen.map((one) => one.least)), Math.min(...known));
      },
    ),
  );
});

test('a gap in the values is a gap in the line, and a lone value is still seen', () => {
  const straight = (value: number) => value;
  assert.equal(linePath(toBuckets([1, 2, null, 4, 5], 5), straight, straight), 'M0 1L1 2M3 4L4 5');
  assert.equal(linePath(toBuckets([null, 3, null], 3), straight, straight), 'M1 3h0.01');
});

test('nothing has the lightest shade alone, and the largest the darkest', () => {
  assert.equal(shadeOf(0, 100, 7), 0);
  assert.equal(shadeOf(1, 1_000_000, 7), 1);
  assert.equal(shadeOf(100, 100, 7), 6);
});

test('a band is drawn where both of its sides are known, and nowhere else', () => {
  const at = (value: number) => value;
  assert.equal(bandPath([1, 2, null, 4, 5], [3, 3, 3, 6, 7], at, at), 'M0 3L1 3L1 2L0 1ZM3 6L4 7L4 5L3 4Z');
  assert.equal(bandPath([1], [2], at, at), '', 'one point is no area');
  assert.equal(bandPath([], [], at, at), '');
});
