import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hintAfter } from './uncovered.ts';

const none = undefined;

for (const [name, hinted, behind, behindStopped, next] of [
  ['everything is covered further than before', [10, 0], 20, none, [20, 0]],
  ['somebody was stopped in this run, behind what is covered', [10, 0], 20, 15, [20, 16]],
  ['somebody stopped before this start has not signed: what is open lies before the hint', [10, 0], 4, none, [10, 5]],
  ['the same, and another was stopped since, behind a later batch', [10, 0], 4, 7, [10, 5]],
  ['the same, and another was stopped since, behind an earlier batch', [10, 0], 4, 2, [10, 3]],
  ['who was stopped has signed', [10, 5], 20, none, [20, 0]],
] as const)
  test(`where the next start looks for what is unsigned: ${name}`, () => {
    const [was, is] = [hinted, next].map(([behind, stopped]) => ({ behind, stopped }));
    assert.deepEqual(hintAfter(was, behind, behindStopped), is);
  });
