import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { mistakes, plantNames } from './planted/index.ts';

const page = new URL('../../../docs/invariants.md', import.meta.url);

interface Row {
  readonly number: number;
  /** [file from the page, name of the test]. */
  readonly tests: readonly (readonly [string, string])[];
  readonly builds: readonly string[];
}

const rows = readFileSync(page, 'utf8')
  .split('\n')
  .filter((line) => /^\| \d/.test(line))
  .map((line): Row => {
    const [number, , tests, builds] = line.slice(2).split(' | ');
    return {
      number: Number.parseInt(number, 10),
      tests: [...tests.matchAll(/\]\(([^ ]+) "([^"]+)"\)/g)].map(([, file, name]) => [file, name] as const),
      builds: [...builds.matchAll(/`(\w+)`/g)].map(([, name]) => name),
    };
  });

test('the invariants are numbered, and each names a test that would notice its breach', () => {
  assert.ok(rows.length >= 26);
  assert.deepEqual(
    rows.map(({ number }) => number),
    rows.map((_, index) => index + 1),
  );
  for (const { number, tests } of rows) assert.ok(tests.length > 0, `invariant ${number} names no test`);
});

test('every test that an invariant names is there', () => {
  for (const { number, tests } of rows)
    for (const [file, name] of tests)
      assert.ok(
        readFileSync(new URL(file, page), 'utf8').includes(name),
        `invariant ${number}: ${file} has no "${name}"`,
      );
});

test('every known bad build breaks an invariant, and every one that is named is there', () => {
  const named = new Set(rows.flatMap(({ builds }) => builds));
  assert.deepEqual(
    [...named].filter((name) => !Object.hasOwn(mistakes, name)),
    [],
  );
  assert.deepEqual(
    plantNames.filter((name) => !named.has(name)),
    [],
  );
});
