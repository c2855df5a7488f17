import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { numbersUpTo, sortByKey } from './radix-sort.ts';

const keys = fc.array(fc.oneof(fc.integer({ min: 0, max: 0xffff_ffff }), fc.integer({ min: 0, max: 3 })));

test('items come in order of their keys, and equal keys in the order in which they were', () => {
  fc.assert(
    fc.property(keys, (list) => {
      const sorted = sortByKey(numbersUpTo(list.length), new Uint32Array(list.length), Uint32Array.from(list));
      const wanted = list.map((_, index) => index).sort((a, b) => list[a] - list[b] || a - b);
      assert.deepEqual([...sorted], wanted);
    }),
  );
});
