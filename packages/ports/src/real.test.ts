import assert from 'node:assert/strict';
import { test } from 'node:test';
import { realChance, realClock } from './real.ts';

test('a timer runs once after its delay, and not when it is cancelled', async () => {
  const ran: string[] = [];
  const cancel = realClock.after(0, () => ran.push('cancelled'));
  cancel();
  cancel();
  await new Promise<void>((resolve) => {
    realClock.after(5, () => {
      ran.push('later');
      resolve();
    });
    realClock.after(-1, () => ran.push('at once'));
  });
  assert.deepEqual(ran, ['at once', 'later']);
});

test('a delay longer than a timer can count does not fire at once', async () => {
  let ran = false;
  const cancel = realClock.after(60 * 24 * 60 * 60 * 1000, () => {
    ran = true;
  });
  await new Promise<void>((resolve) => realClock.after(5, resolve));
  cancel();
  assert.equal(ran, false);
});

test('the clock tells whole milliseconds, durations only grow', () => {
  assert.ok(Number.isSafeInteger(realClock.now()));
  const first = realClock.elapsed();
  assert.ok(realClock.elapsed() >= first);
});

test('chance gives as many bytes as asked for, not the same twice', () => {
  assert.equal(realChance.bytes(0).length, 0);
  assert.equal(realChance.bytes(32).length, 32);
  assert.notDeepEqual(realChance.bytes(32), realChance.bytes(32));
});
