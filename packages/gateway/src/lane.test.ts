import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLane } from './lane.ts';

test('a lane lets in as many as it has places, and the next when one has left', () => {
  const lane = createLane(2);
  assert.deepEqual([lane.enter(), lane.enter(), lane.enter()], [true, true, false]);
  assert.equal(lane.inFlight, 2);
  lane.leave();
  assert.equal(lane.enter(), true);
});
