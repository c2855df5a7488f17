import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appendWindow, openWindow } from './append-window.ts';

/** A window, and the order in which batches were let through or turned away. */
function watched(last: number, width: number) {
  const window = openWindow(last, width);
  const sent: number[] = [];
  const failed: string[] = [];
  const enter = (sequence: number) =>
    window.enter(sequence).then(
      () => void sent.push(sequence),
      (error: Error) => void failed.push(`${sequence} ${error.name}`),
    );
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { window, sent, failed, enter, settle };
}

test('batches are sent in order, as many at once as the window is wide', async () => {
  const { window, sent, enter, settle } = watched(7, 2);
  for (const sequence of [8, 9, 10, 11]) void enter(sequence);
  await settle();
  assert.deepEqual(sent, [8, 9]);
  window.leave(9, true);
  await settle();
  assert.deepEqual(sent, [8, 9, 10]);
  window.leave(8, true);
  await settle();
  assert.deepEqual(sent, [8, 9, 10, 11]);
});

test('none runs further ahead of the oldest open one than the window is long', async () => {
  const { window, sent, enter, settle } = watched(0, 2);
  for (let sequence = 1; sequence <= 200; sequence++) void enter(sequence);
  await settle();
  for (let sequence = 2; sequence <= appendWindow; sequence++) {
    window.leave(sequence, true);
    await settle();
  }
  assert.equal(sent.at(-1), appendWindow);
  window.leave(1, true);
  await settle();
  assert.deepEqual(sent.slice(-2), [appendWindow + 1, appendWindow + 2]);
});

test('a refused batch that is not tried again holds up what is too far ahead of it, with an error', async () => {
  const { window, sent, failed, enter, settle } = watched(0, 1);
  void enter(1);
  window.leave(1, false);
  for (let sequence = 2; sequence <= appendWindow + 1; sequence++) {
    void enter(sequence);
    await settle();
    if (sequence <= appendWindow) window.leave(sequence, true);
  }
  assert.deepEqual(failed, [`${appendWindow + 1} UnavailableError`]);
  void enter(1);
  await settle();
  window.leave(1, true);
  void enter(appendWindow + 1);
  await settle();
  assert.deepEqual(sent.slice(-2), [1, appendWindow + 1]);
});

test('once shut, nothing that waits or comes later is sent', async () => {
  const { window, sent, failed, enter, settle } = watched(0, 1);
  for (const sequence of [1, 2]) void enter(sequence);
  await settle();
  window.shut(new Error('over'));
  window.leave(1, true);
  void enter(3);
  await settle();
  assert.deepEqual([sent, failed], [[1], ['2 Error', '3 Error']]);
});

test('a batch that leaves one out is a mistake of the caller', async () => {
  await assert.rejects(openWindow(4, 1).enter(6), /batch 6 does not follow 4/);
});
