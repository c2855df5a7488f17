/**
 * Looks at every cell once a second, keeps what it saw of each, and of all together. A cell that is away is left out of
 * the sums, and named.
 */
import type { Overview, Series } from '@clearway/console-api';
import type { Cancel, Clock } from '@clearway/ports';
import { type Statistics, sumStatistics } from '@clearway/server';
import { type CellPlace, routingNumber } from '@clearway/store';
import { atMost } from '../at-most.ts';
import type { CellAccess } from '../cell-access.ts';
import type { Ask } from '../database.ts';
import { createHistory, type History, type Sample } from './history.ts';
import { sumOf } from './latency.ts';
import { createWatch, type Watch } from './watch.ts';

export interface WatchedCell {
  readonly watch: Watch;
  readonly history: History;
}

export interface Sampler {
  /** The home cell first. */
  readonly cells: readonly [WatchedCell, ...WatchedCell[]];
  /** Of all that answer, summed; undefined before the first look and while the home cell is away. */
  readonly statistics: Statistics | undefined;
  /** Of the last second, all that were seen; undefined where it is a gap. */
  readonly sample: Sample | undefined;
  /** Those of the last so many seconds that are no gaps, of every cell. */
  recent(seconds: number): Sample[];
  seconds(): Series;
  /** The last 24 hours. */
  minutes(): Series;
  /** The same minutes of the last four weeks; null where nothing is known of them. */
  usual(): Overview['usual'];
  readonly failures: number;
  /** Highest second since `from`, ms. */
  peakSince(from: number): { readonly rate: number; readonly at: number } | undefined;
  /** One look, which waits for every cell as long as that may take; the program has one a second. */
  look(): Promise<void>;
  /** Looks every second, and calls back after each. */
  start(looked: () => void): Cancel;
}

const secondMs = 1_000;
/** A cell that takes longer is told of in the next second. */
const promptMs = 800;

export async function createSampler(options: {
  /** The home cell first. */
  readonly cells: readonly { readonly place: CellPlace; readonly access: CellAccess }[];
  readonly ask: Ask;
  readonly clock: Clock;
  log(event: string, fields: Record<string, unknown>): void;
}): Promise<Sampler> {
  const { ask, clock, log } = options;
  const [home, ...others] = await Promise.all(
    options.cells.map(async ({ place, access }) => ({
      watch: createWatch({ place, access, clock, log }),
      history: await createHistory({ number: routingNumber(place), ask, clock, log }),
    })),
  );
  const cells: Sampler['cells'] = [home, ...others];
  const whole = others.length === 0 ? home.history : await createHistory({ number: 0, ask, clock, log });
  let sample: Sample | undefined;
  let summed: Statistics | undefined;

  const keep = async () => {
    const seen: Sample[] = [];
    for (const { watch, history } of cells) {
      const one = watch.take();
      if (one === undefined) continue;
      seen.push(one);
      await history.put(one, watch.statistics?.flush.largestMs ?? 0);
    }
    sample = together(seen);
    const [first, ...rest] = cells.map(({ watch }) => watch);
    const heard = rest.flatMap(({ statistics }) => (statistics === undefined ? [] : [statistics]));
    const away = rest.filter(({ statistics }) => statistics === undefined).map(({ place }) => routingNumber(place));
    summed =
      first.statistics && (rest.length === 0 ? first.statistics : sumStatistics([first.statistics, ...heard], away));
    if (whole !== home.history && sample !== undefined) await whole.put(sample, summed?.flush.largestMs ?? 0);
  };

  const askAll = () => Promise.all(cells.map(({ watch }) => watch.look()));

  return {
    cells,
    async look() {
      await askAll();
      await keep();
    },
    get statistics() {
      return summed;
    },
    get sample() {
      return sample;
    },
    get failures() {
      return cells.reduce((sum, { watch }) => sum + watch.failures, 0);
    },
    recent: (seconds) => cells.flatMap(({ history }) => history.recent(seconds)),
    seconds: whole.seconds,
    minutes: whole.minutes,
    usual: whole.usual,
    peakSince: whole.peakSince,
    start(looked) {
      let cancel: Cancel = () => {};
      let stopped = false;
      const next = () => {
        cancel = clock.after(secondMs - (clock.now() % secondMs), async () => {
          await atMost(clock, promptMs, askAll(), undefined);
          await keep();
          if (stopped) return;
          looked();
          next();
        });
      };
      next();
      return () => {
        stopped = true;
        cancel();
      };
    },
  };
}

/** Looks at several cells may lie a little more or less than a second apart: rates are summed, over the time of the first. */
function together(samples: readonly Sample[]): Sample | undefined {
  const [first] = samples;
  if (samples.length <= 1) return first;
  const { seconds } = first;
  const sum = (read: (one: Sample) => number) =>
    samples.reduce((total, one) => total + (read(one) * seconds) / one.seconds, 0);
  return {
    at: Math.max(...samples.map(({ at }) => at)),
    seconds,
    submitted: sum((one) => one.submitted),
    succeeded: sum((one) => one.succeeded),
    failed: sum((one) => one.failed),
    refused: sum((one) => one.refused),
    unknown: sum((one) => one.unknown),
    latencies: sumOf(samples.map(({ latencies }) => latencies)),
    flushes: sumOf(samples.map(({ flushes }) => flushes)),
    flush: {
      batches: sum(({ flush }) => flush.batches),
      commands: sum(({ flush }) => flush.commands),
      totalMs: sum(({ flush }) => flush.totalMs),
    },
  };
}
