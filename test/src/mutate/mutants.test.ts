import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mutantsOf } from './mutants.ts';
import { runMutants } from './run.ts';

const applied = (text: string) =>
  mutantsOf('x.js', text).map(({ from, to, instead }) => text.slice(0, from) + instead + text.slice(to));

test('a comparison, a sum, a condition and a step are each got wrong once', () => {
  assert.deepEqual(applied('x = a < b;'), [';', 'x = a <= b;', 'x = a >= b;']);
  assert.deepEqual(applied('const x = !a ? b - 1 : "1";'), [
    'const x = true ? b - 1 : "1";',
    'const x = false ? b - 1 : "1";',
    'const x = a ? b - 1 : "1";',
    'const x = !a ? b + 1 : "1";',
    'const x = !a ? b - 2 : "1";',
  ]);
  assert.deepEqual(applied('import { a } from "0";'), []);
});

test('a mutant that its test notices is killed by it', async () => {
  const subject = { module: 'packages/contract/dist/money.js', tests: ['packages/contract/dist/money.test.js'] };
  const outcomes = await runMutants([subject], 40, () => {});
  assert.ok(outcomes.length > 0);
  assert.deepEqual(new Set(outcomes.map(({ killedBy }) => killedBy)), new Set(subject.tests));
});
