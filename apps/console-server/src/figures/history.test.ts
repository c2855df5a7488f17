import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Bed, openBed } from '../test-bed.ts';
import { createHistory } from './history.ts';

const minuteMs = 60_000;
const weekMs = 604_800_000;

describe('what is usual', () => {
  let bed: Bed;
  before(async () => {
    bed = await openBed();
  });
  after(() => bed.close());

  const historyAt = (now: number) =>
    createHistory({ number: 10001, ask: bed.desk.ask, clock: { now: () => now }, log() {} });

  test('is nothing before a week has passed', async () => {
    assert.equal((await historyAt(1_800_000_000_000)).usual(), null);
  });

  test('is the same minute of the same weekday, from the least to the most of four weeks', async () => {
    const now = 1_800_000_000_000;
    const minute = now - (now % minuteMs) - 10 * minuteMs;
    for (const [weeks, submitted] of [
      [1, 600],
      [2, 1200],
      [3, 300],
      [5, 60_000],
    ]) {
      await bed.owner.query(
        `INSERT INTO console.minute (cell, at, seconds, submitted, succeeded, failed, refused, unknown, peak)
         VALUES (10001, $1, 60, $2, 0, 0, 0, 0, 0)`,
        [minute - weeks * weekMs, submitted],
      );
    }
    const usual = (await historyAt(now)).usual()!;
    const index = (minute - Date.parse(usual.from)) / usual.stepMs;
    assert.deepEqual([usual.least[index], usual.most[index]], [5, 20], 'a week that is too long ago does not count');
    assert.deepEqual([usual.least[index + 1], usual.most[index + 1]], [null, null], 'a gap is a gap');
    assert.equal(usual.least.length, usual.most.length);
  });
});
