import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCellClock } from './cell-clock.ts';
import { fakeClock } from './test-bed.ts';

/** What happens to the machine's clock, then how far the cell's comes in `passMs` of real time. */
const cases = [
  { name: 'follows a clock that goes well', jumpMs: 0, passMs: 5_000, comesMs: 5_000, alarms: 0 },
  { name: 'follows a small correction forward at once', jumpMs: 900, passMs: 100, comesMs: 1_000, alarms: 0 },
  { name: 'stands while a small correction backward passes', jumpMs: -900, passMs: 500, comesMs: 0, alarms: 0 },
  { name: 'runs ten times as fast after a jump forward', jumpMs: 120_000, passMs: 1_000, comesMs: 10_000, alarms: 1 },
  { name: 'has made up for a jump forward', jumpMs: 120_000, passMs: 60_000, comesMs: 180_000, alarms: 1 },
  { name: 'hardly runs after a jump backward', jumpMs: -120_000, passMs: 50_000, comesMs: 50, alarms: 1 },
  { name: 'goes on when a jump backward is caught up', jumpMs: -120_000, passMs: 150_000, comesMs: 30_000, alarms: 1 },
];

for (const { name, jumpMs, passMs, comesMs, alarms } of cases) {
  test(`the cell’s time ${name}`, () => {
    const machine = fakeClock();
    const jumps: number[] = [];
    const cell = createCellClock(machine, 0, (skewMs) => jumps.push(skewMs));
    const begin = cell.at();
    machine.jump(jumpMs);
    let last = begin;
    for (let passed = 0; passed < passMs; passed += 100) {
      machine.pass(100);
      const at = cell.at();
      assert.ok(at >= last, `it ran back from ${last} to ${at}`);
      last = at;
    }
    assert.ok(Math.abs(last - begin - comesMs) <= 1, `it came ${last - begin} ms, not ${comesMs}`);
    assert.equal(jumps.length, alarms);
  });
}

test('the cell’s time stands while no time passes, however often it is asked for', () => {
  const machine = fakeClock();
  const cell = createCellClock(machine, 0, () => {});
  const begin = cell.at();
  for (const jumpMs of [120_000, -240_000, 120_000]) {
    machine.jump(jumpMs);
    assert.equal(cell.at(), begin);
    assert.equal(cell.at(), begin);
  }
});

test('the cell’s time begins no earlier than the last batch of its journal', () => {
  const machine = fakeClock();
  const lastBatchAt = machine.now() + 40_000;
  const cell = createCellClock(machine, lastBatchAt, () => {});
  assert.equal(cell.at(), lastBatchAt);
  assert.equal(cell.skew(), -40_000);
  machine.pass(1_000);
  assert.ok(cell.at() >= lastBatchAt);
});
