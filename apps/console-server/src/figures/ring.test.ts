import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRing } from './ring.ts';

const filled = (steps: readonly number[]) => {
  const ring = createRing<number>(5);
  for (const step of steps) ring.put(step, step);
  return {
    values: ring
      .values()
      .map((value) => value ?? '-')
      .join(' '),
    first: ring.first,
    last: ring.last,
  };
};

const cases: readonly {
  readonly what: string;
  readonly steps: number[];
  readonly values: string;
  readonly first: number;
}[] = [
  { what: 'begins empty', steps: [], values: '', first: -5 },
  { what: 'ends with the newest', steps: [10, 11, 12], values: '- - 10 11 12', first: 8 },
  { what: 'leaves a gap a gap', steps: [10, 13], values: '- 10 - - 13', first: 9 },
  {
    what: 'forgets what is older than it is long',
    steps: [10, 11, 12, 13, 14, 15],
    values: '11 12 13 14 15',
    first: 11,
  },
  { what: 'is empty after a long silence', steps: [10, 11, 20], values: '- - - - 20', first: 16 },
  { what: 'keeps what it has when the clock is set back', steps: [10, 12, 11], values: '- - 10 - 12', first: 8 },
];
for (const { what, steps, values, first } of cases) {
  test(`a ring ${what}`, () => {
    const ring = filled(steps);
    assert.equal(ring.values, values);
    assert.equal(ring.first, first);
  });
}
