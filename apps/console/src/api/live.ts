/**
 * The one stream of a page: frames numbered without a gap, in buffers of fixed length, and how old what is seen is.
 *
 * The age counts from the platform's own time of the figures, not from when they arrived: a stream that goes on sending
 * old figures is as stale as one that is silent. The two clocks differ by what the quickest frame took.
 */
import type { Figures, Frame, Overview } from '@clearway/console-api';
import { addressOf } from '@clearway/console-api';
import type { Ports } from '../ports.ts';
import type { Events } from './shared-events.ts';

/** Older than this is said in words; still older, the figures dim. */
export const lateMs = 3_000;
export const deadMs = 10_000;
const retry = { leastMs: 500, mostMs: 5_000 };

export interface LiveView {
  readonly figures: Figures | undefined;
  /** Replaced, never changed: one a second for 15 minutes, one a minute for a day. */
  readonly overview: Overview | undefined;
  /** Frames that never came and had to be fetched as a snapshot. */
  readonly gaps: number;
  readonly isPaused: boolean;
  /** Grows with every change, for those who draw. */
  readonly revision: number;
}

export interface Live {
  read(): LiveView;
  subscribe(onChange: () => void): () => void;
  /** ms since what is shown was so; Infinity before anything came. */
  age(): number;
  start(): void;
  stop(): void;
  pause(isPaused: boolean): void;
}

/** @param onRefused the stream ended before it began: perhaps nobody is logged in any more */
export function createLive(ports: Ports, onRefused: () => void): Live {
  const listeners = new Set<() => void>();
  let source: Events | undefined;
  let cancelRetry = () => {};
  let failures = 0;
  let isRunning = false;
  /** Smallest difference between arrival here and the platform's time. */
  let quickest = Number.POSITIVE_INFINITY;
  let newest = { overview: undefined as Overview | undefined, gaps: 0 };
  let view: LiveView = { figures: undefined, overview: undefined, gaps: 0, isPaused: false, revision: 0 };

  const show = (change: Partial<LiveView>) => {
    view = { ...view, ...change, revision: view.revision + 1 };
    for (const listener of listeners) listener();
  };
  const tell = () => {
    if (!view.isPaused) show({ overview: newest.overview, figures: newest.overview?.figures, gaps: newest.gaps });
  };
  const take = (overview: Overview) => {
    quickest = Math.min(quickest, ports.now() - Date.parse(overview.figures.at));
    newest = { ...newest, overview };
    failures = 0;
    tell();
  };

  const open = () => {
    source = ports.openEvents(addressOf('getLive'));
    source.addEventListener('snapshot', (event: MessageEvent<string>) => take(JSON.parse(event.data) as Overview));
    source.addEventListener('frame', (event: MessageEvent<string>) => {
      const frame = JSON.parse(event.data) as Frame;
      const before = newest.overview;
      if (before === undefined) return;
      if (frame.number === before.number + 1) return take(withFrame(before, frame));
      // A frame is missing: what it carried is only in a new snapshot, and a new stream begins with one.
      newest = { ...newest, gaps: newest.gaps + 1 };
      reopen(0);
    });
    source.onerror = () => {
      failures += 1;
      if (failures === 1 || failures % 5 === 0) onRefused();
      const longest = Math.min(retry.mostMs, retry.leastMs * 2 ** failures);
      reopen(retry.leastMs + ports.chance() * (longest - retry.leastMs));
    };
  };
  const reopen = (delayMs: number) => {
    source?.close();
    source = undefined;
    cancelRetry();
    if (isRunning) cancelRetry = ports.after(delayMs, open);
  };

  return {
    read: () => view,
    subscribe(onChange) {
      listeners.add(onChange);
      return () => listeners.delete(onChange);
    },
    age() {
      if (view.figures === undefined) return Number.POSITIVE_INFINITY;
      return Math.max(0, ports.now() - Date.parse(view.figures.at) - quickest);
    },
    start() {
      if (isRunning) return;
      isRunning = true;
      reopen(0);
    },
    stop() {
      isRunning = false;
      reopen(0);
    },
    pause(isPaused) {
      show({ isPaused });
      tell();
    },
  };
}

/** The overview one second later: the newest second joins, the oldest leaves. */
export function withFrame(before: Overview, { number, figures }: Frame): Overview {
  return { ...before, number, figures, seconds: withSecond(before.seconds, figures) };
}

type Series = Overview['seconds'];

function withSecond(series: Series, { rate, latency }: Figures): Series {
  const push = (values: readonly (number | null)[], value: number | null) => [...values.slice(1), value];
  return {
    from: new Date(Date.parse(series.from) + series.stepMs).toISOString(),
    stepMs: series.stepMs,
    submitted: push(series.submitted, rate?.submitted ?? null),
    succeeded: push(series.succeeded, rate?.succeeded ?? null),
    failed: push(series.failed, rate?.failed ?? null),
    refused: push(series.refused, rate?.refused ?? null),
    becameUnknown: push(series.becameUnknown, rate?.becameUnknown ?? null),
    peak: push(series.peak, rate?.submitted ?? null),
    p50Ms: push(series.p50Ms, latency.p50Ms),
    p99Ms: push(series.p99Ms, latency.p99Ms),
  };
}
