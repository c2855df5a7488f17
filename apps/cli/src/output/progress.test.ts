import assert from 'node:assert/strict';
import { test } from 'node:test';
import { progressLine, startProgress } from './progress.ts';

/** A clock that a test turns by hand. */
function handClock() {
  let now = 0;
  let timers: { at: number; run(): void }[] = [];
  return {
    elapsed: () => now,
    after(delayMs: number, run: () => void) {
      const timer = { at: now + delayMs, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
    pass(ms: number) {
      now += ms;
      for (const timer of timers.filter(({ at }) => at <= now)) {
        timers = timers.filter((one) => one !== timer);
        timer.run();
      }
    },
  };
}

function sink(isTerminal: boolean) {
  const written: string[] = [];
  const write = (text: string) => void written.push(text);
  return { written, terminal: { write, isTerminal, colours: false, columns: 200 } };
}

test('nothing is said of work that ends within two seconds', () => {
  const clock = handClock();
  const { written, terminal } = sink(true);
  const progress = startProgress(terminal, clock, 'Reading', 'batches');
  clock.pass(1_900);
  progress.update(10, 20);
  progress.end();
  assert.deepEqual(written, []);
});

test('on a terminal the bar is drawn in place, at most ten times a second, and removed at the end', () => {
  const clock = handClock();
  const { written, terminal } = sink(true);
  const progress = startProgress(terminal, clock, 'Reading', 'batches');
  clock.pass(2_000);
  for (let done = 1; done <= 100; done++) progress.update(done, 100);
  clock.pass(100);
  progress.end();
  assert.equal(written.length, 3);
  assert.ok(written.every((text) => text.startsWith('\r\x1b[2K')));
  assert.equal(written.at(-1), '\r\x1b[2K');
});

test('elsewhere a line is written every five seconds', () => {
  const clock = handClock();
  const { written, terminal } = sink(false);
  const progress = startProgress(terminal, clock, 'Reading', 'batches');
  for (let second = 1; second <= 12; second++) {
    progress.update(second * 10, 200);
    clock.pass(1_000);
  }
  progress.end();
  assert.deepEqual(written, [
    'Reading: 10 %, 20 of 200 batches, 10 batches/s, 18.0 s left\n',
    'Reading: 35 %, 70 of 200 batches, 10 batches/s, 13.0 s left\n',
    'Reading: 60 %, 120 of 200 batches, 10 batches/s, 8.0 s left\n',
  ]);
});

test('work that reports nothing still says that it goes on', () => {
  const clock = handClock();
  const { written, terminal } = sink(false);
  startProgress(terminal, clock, 'Waiting', 'cycles');
  clock.pass(2_000);
  assert.deepEqual(written, ['Waiting … 2.0 s\n']);
});

test('without an end in sight it counts', () => {
  assert.equal(progressLine('Comparing', 'files', 1500, 0, 1000, true), 'Comparing … 1,500 files, 1,500 files/s');
});
