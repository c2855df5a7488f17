import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '@clearway/ports';
import { createLatest } from './latest.ts';

function rig() {
  let time = 0;
  const clock: Clock = { now: () => time, elapsed: () => time, after: () => () => {} };
  const loads: { resolve(copy: string): void; reject(error: Error): void }[] = [];
  const load = () => new Promise<string>((resolve, reject) => loads.push({ resolve, reject }));
  const latest = createLatest({ clock, maxAgeMs: 100, pauseMs: 10, load });
  return { latest, loads, pass: (ms: number) => (time += ms) };
}

async function loaded() {
  const { latest, loads, pass } = rig();
  const first = latest.get();
  loads[0].resolve('one');
  await first;
  return { latest, loads, pass };
}

test('the first copy is waited for, and asked for once', async () => {
  const { latest, loads } = rig();
  const both = Promise.all([latest.get(), latest.get()]);
  loads[0].resolve('one');
  assert.deepEqual([await both, loads.length], [['one', 'one'], 1]);
});

test('a young copy is used as it is', async () => {
  const { latest, loads, pass } = await loaded();
  pass(99);
  assert.deepEqual([await latest.get(), loads.length], ['one', 1]);
});

test('an old copy is used at once, and renewed behind the back', async () => {
  const { latest, loads, pass } = await loaded();
  pass(100);
  assert.equal(await latest.get(), 'one');
  const renewed = latest.renew();
  loads[1].resolve('two');
  assert.deepEqual([await renewed, await latest.get(), loads.length], ['two', 'two', 2]);
});

test('the last good copy is used on when renewing fails', async () => {
  const { latest, loads, pass } = await loaded();
  pass(100);
  const renewed = latest.renew();
  loads[1].reject(new Error('down'));
  assert.deepEqual([await renewed, await latest.get()], ['one', 'one']);
});

test('without any copy the failure is told, and the next asks again', async () => {
  const { latest, loads } = rig();
  const first = latest.get();
  loads[0].reject(new Error('down'));
  await assert.rejects(first, /down/);
  const second = latest.get();
  loads[1].resolve('one');
  assert.equal(await second, 'one');
});

test('renewing is not asked for again within the pause', async () => {
  const { latest, loads, pass } = await loaded();
  pass(9);
  assert.deepEqual([await latest.renew(), loads.length], ['one', 1]);
});
