/** docs/faults.md says what there is: each of the 48 with its drills, tests and faults of the simulator, or why not. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { drills } from '../drill/drills/index.ts';
import { drillsSection, fill, numbers, numbersSection, tableSection } from './page.ts';
import { readResults } from './results.ts';
import { rows } from './rows.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');

test('there are 48, and each is tried or says why not', () => {
  assert.equal(rows.length, 48);
  for (const [index, { fault, simulated, tests, within, lacks }] of rows.entries()) {
    const isDrilled = drills.some(({ faults }) => faults.includes(index + 1));
    assert.ok(simulated ?? tests ?? within ?? lacks ?? isDrilled, `${index + 1} ${fault}`);
  }
});

test('drills have names of their own and faults of the list', () => {
  assert.equal(new Set(drills.map(({ name }) => name)).size, drills.length);
  for (const { name, faults } of drills) {
    assert.ok(faults.length > 0, name);
    for (const number of faults) assert.ok(number >= 1 && number <= rows.length, `${name}: ${number}`);
  }
});

test('the faults of the simulator that are named are there', () => {
  const source = read('apps/simulator/src/faults.ts');
  for (const { simulated = '' } of rows) {
    for (const [, name] of simulated.matchAll(/`(\w+)`/g)) assert.match(source, new RegExp(`^ +${name}:`, 'm'), name);
  }
});

test('the tests that are named are there', () => {
  for (const { tests, within } of rows)
    for (const path of Object.values({ ...tests, ...within })) assert.ok(existsSync(join(root, path)), path);
});

test('the page is what the results and the rows say; npm run faults makes it anew', () => {
  const results = readResults();
  const page = read('docs/faults.md');
  const parts = {
    numbers: numbersSection(results),
    'the 48': tableSection(rows, drills, results),
    drills: drillsSection(drills, results),
  };
  assert.equal(fill(page, parts), page);
});

test('what was not measured is said to be missing', () => {
  const nothing = {
    simulation: undefined,
    crashPoints: undefined,
    crashPairs: undefined,
    planted: undefined,
    mutation: undefined,
    drills: [],
  };
  for (const [what, value] of numbers(nothing)) assert.equal(value, 'not measured yet', what);
});
