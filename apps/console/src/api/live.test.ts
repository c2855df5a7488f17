import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Figures, Overview } from '@clearway/console-api';
import type { Ports } from '../ports.ts';
import { createLive, withFrame } from './live.ts';

const figures = (at: number, submitted = 1): Figures => ({
  at: new Date(at).toISOString(),
  businessDate: null,
  cells: [],
  rate: { submitted, succeeded: 1, failed: 0, refused: 0, becameUnknown: 0 },
  outcome: { succeeded: 1, failed: 0, refused: 0, becameUnknown: 0, successShare: 1 },
  latency: { p50Ms: 1, p99Ms: 2, flushMeanMs: 1, measured: 1 },
  lastPaymentAt: null,
  unknown: { payments: 0, oldestSince: null, amount: [] },
  inFlight: 0,
  today: { since: '2026-11-22T00:00:00.000Z', payments: 1, turnover: [], peak: null },
  cycles: [],
  headroom: [],
  flows: [],
  alarms: [],
  alarmCounts: { P1: 0, P2: 0, P3: 0, shelved: 0 },
  missing: [],
});

const series = (length: number) => {
  const values = () => new Array<number | null>(length).fill(null);
  const names = ['submitted', 'succeeded', 'failed', 'refused', 'becameUnknown', 'peak', 'p50Ms', 'p99Ms'] as const;
  const lists = Object.fromEntries(names.map((name) => [name, values()])) as Record<
    (typeof names)[number],
    (number | null)[]
  >;
  return { from: new Date(0).toISOString(), stepMs: 1000, ...lists };
};
const overview = (number: number, at: number): Overview => ({
  number,
  figures: figures(at),
  seconds: series(3),
  minutes: series(2),
  usual: null,
});

/** A stream in the hands of the test, and a clock that only it moves. */
function fakePorts() {
  let now = 1_000_000;
  const timers = new Set<{ readonly at: number; readonly action: () => void }>();
  const sources: FakeSource[] = [];
  class FakeSource extends EventTarget {
    onerror: (() => void) | null = null;
    isClosed = false;
    close() {
      this.isClosed = true;
    }
    tell(type: string, data: unknown) {
      this.dispatchEvent(Object.assign(new Event(type), { data: JSON.stringify(data) }));
    }
  }
  const ports = {
    now: () => now,
    chance: () => 0,
    after(ms: number, action: () => void) {
      const timer = { at: now + ms, action };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    openEvents() {
      const source = new FakeSource();
      sources.push(source);
      return source as unknown as EventSource;
    },
  } as unknown as Ports;
  const move = (ms: number) => {
    now += ms;
    for (const timer of [...timers]) {
      if (timer.at > now || !timers.delete(timer)) continue;
      timer.action();
    }
  };
  return { ports, sources, move, now: () => now };
}

function running() {
  const fake = fakePorts();
  const refusals: number[] = [];
  const live = createLive(fake.ports, () => refusals.push(fake.now()));
  live.start();
  fake.move(0);
  return { ...fake, live, refusals };
}

test('the newest second joins and the oldest leaves: the buffer never grows', () => {
  let seen = overview(1, 0);
  for (let number = 2; number < 50; number++) seen = withFrame(seen, { number, figures: figures(0, number) });
  assert.deepEqual(seen.seconds.submitted, [47, 48, 49]);
  assert.equal(seen.seconds.from, new Date(48_000).toISOString());
});

test('the age counts from the platform’s time, however its clock differs from ours', () => {
  const { live, sources, move, now } = running();
  const ahead = 7_200_000;
  assert.equal(live.age(), Number.POSITIVE_INFINITY);
  sources[0].tell('snapshot', overview(1, now() + ahead));
  assert.equal(live.age(), 0);
  move(3_100);
  assert.equal(live.age(), 3_100);
  // A frame arrives, but with figures that are old already: arriving does not make them new.
  sources[0].tell('frame', { number: 2, figures: figures(now() + ahead - 2_500) });
  assert.equal(live.age(), 2_500);
});

test('a frame that never came is counted, and a new stream begins with all of it', () => {
  const { live, sources, move, now } = running();
  sources[0].tell('snapshot', overview(1, now()));
  sources[0].tell('frame', { number: 3, figures: figures(now()) });
  move(0);
  assert.equal(sources.length, 2);
  assert.ok(sources[0].isClosed);
  sources[1].tell('snapshot', overview(3, now()));
  assert.equal(live.read().gaps, 1);
  assert.equal(live.read().overview?.number, 3);
});

test('a lost stream is opened again by itself, and it is asked why it was lost', () => {
  const { live, sources, move, refusals, now } = running();
  sources[0].tell('snapshot', overview(1, now()));
  sources[0].onerror?.();
  assert.equal(refusals.length, 1);
  move(500);
  assert.equal(sources.length, 2);
  sources[1].tell('snapshot', overview(9, now()));
  assert.equal(live.read().overview?.number, 9);
  assert.equal(live.age(), 0);
});

test('while paused nothing moves and the age grows; then all that came meanwhile is there', () => {
  const { live, sources, move, now } = running();
  sources[0].tell('snapshot', overview(1, now()));
  live.pause(true);
  move(1_000);
  sources[0].tell('frame', { number: 2, figures: figures(now()) });
  assert.equal(live.read().overview?.number, 1);
  assert.equal(live.age(), 1_000);
  live.pause(false);
  assert.equal(live.read().overview?.number, 2);
  assert.equal(live.age(), 0);
});

test('who stops hears nothing more', () => {
  const { live, sources, move } = running();
  live.stop();
  move(60_000);
  assert.equal(sources.length, 1);
  assert.ok(sources[0].isClosed);
});
