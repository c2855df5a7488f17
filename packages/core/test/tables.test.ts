import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { play } from './table/play.ts';
import { readTable } from './table/story.ts';

const folder = new URL('../test/tables/', import.meta.url);
const textOf = (name: string) => readFileSync(new URL(name, folder), 'utf8');

for (const name of readdirSync(folder).sort()) {
  if (!name.endsWith('.txt')) continue;
  const { world, stories } = readTable(name, textOf(name), textOf);
  test(name, async (t) => {
    for (const story of stories) await t.test(story.name, () => play(world, story));
  });
}

const line = (text: string) => () => readTable('x.txt', `== story\n${text}`, textOf).stories[0];

test('a table that makes no sense is refused with its place', () => {
  const cases: [string, RegExp][] = [
    ['dance p1', /x\.txt:2: the tables do not know the word dance/],
    ['payout p1 10.00 from W1', /x\.txt:2: payout lacks "to …"/],
    ['payout p1 10.0 from W1 to B1', /x\.txt:2: 10\.0 is not an amount of CNY/],
    ['payout p1 10.00 from W1 to B1 quickly', /x\.txt:2: payout does not know what to do with: quickly/],
    ['payout p 10.00 from W1 to B1', /x\.txt:2: the name p needs a number/],
  ];
  for (const [text, message] of cases) assert.throws(() => play([], line(text)()), message);
  assert.throws(line('| W1.funds  W1.position\ntick | 1'), /x\.txt:3: 1 values under 2 columns/);
});

test('a table that expects something else fails, and says where', () => {
  assert.throws(
    () => play([], line('tick -> p1 unknown')()),
    /x\.txt:2: tick: is .*nothing.*, the table says .*p1 unknown/,
  );
  assert.throws(() => play([], line('cut 2')()), /x\.txt:2: cut 2: refused cycleNotCurrent, should have been accepted/);
  assert.throws(() => play([], line('| inFlight\ntick | 5')()), /x\.txt:3: inFlight is 0, the table says 5/);
});
