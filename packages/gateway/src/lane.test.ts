import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLane } from './lane.ts';

test('a lane lets in as many as it has places, and the next when one has left', async () => {
  const lane = createLane(2);
  assert.deepEqual([await lane.enter(), await lane.enter(), await lane.enter()], [true, true, false]);
  assert.equal(lane.inFlight, 2);
  lane.leave();
  assert.equal(await lane.enter(), true);
});

test('who waits gets the place of who leaves, in order, and a full waiting room lets nobody in', async () => {
  const lane = createLane(1, 2);
  const entered: string[] = [];
  const come = async (name: string) => {
    if (await lane.enter()) entered.push(name);
  };
  await come('first');
  const waiting = [come('second'), come('third')];
  assert.equal(await lane.enter(), false);
  lane.leave();
  await waiting[0];
  assert.deepEqual([entered, lane.inFlight], [['first', 'second'], 1]);
  lane.leave();
  await waiting[1];
  lane.leave();
  assert.deepEqual([entered, lane.inFlight], [['first', 'second', 'third'], 0]);
});
