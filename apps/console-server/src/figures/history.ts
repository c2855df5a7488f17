/**
 * What was seen, of one cell or of all together: the last 15 minutes by the second in memory, and minutes in PostgreSQL,
 * so that a restart has a history. What was not seen is a gap.
 */
import type { Overview, Series } from '@clearway/console-api';
import { formatTime } from '@clearway/contract';
import type { Clock } from '@clearway/ports';
import type { Ask } from '../database.ts';
import { type Latencies, quantileOf, sumOf } from './latency.ts';
import { createRing, type Ring } from './ring.ts';

/** What happened between two looks. */
export interface Sample {
  /** ms of the console's clock. */
  readonly at: number;
  /** Between the looks. */
  readonly seconds: number;
  readonly submitted: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly refused: number;
  readonly unknown: number;
  readonly latencies: Latencies;
  /** How long flushes took. */
  readonly flushes: Latencies;
  readonly flush: { readonly batches: number; readonly commands: number; readonly totalMs: number };
}

export interface Minute extends Omit<Sample, 'latencies' | 'flushes' | 'flush'> {
  /** Highest second. */
  readonly peak: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly flushMeanMs: number | null;
  readonly flushLargestMs: number | null;
  /** Not kept beyond a restart. */
  readonly flushes?: Latencies;
}

export interface History {
  /** @param flushLargestMs since the start of the cell */
  put(sample: Sample, flushLargestMs: number): Promise<void>;
  /** Those of the last so many seconds. */
  recent(seconds: number): Sample[];
  seconds(): Series;
  /** The last 24 hours. */
  minutes(): Series;
  /** The same minutes of the last four weeks; null where nothing is known of them. */
  usual(): Overview['usual'];
  readonly minuteRing: Pick<Ring<Minute>, 'values' | 'first'>;
  /** Highest second since `from`, ms. */
  peakSince(from: number): { readonly rate: number; readonly at: number } | undefined;
}

const secondMs = 1_000;
const minuteMs = 60_000;
const secondsKept = 900;
const minutesKept = 1_440;
const weekMs = 604_800_000;
const weeksCompared = 4;
/** The band reaches a little beyond now, so that the newest point has something behind it. */
const bandAheadMs = 15 * 60_000;

/** @param options.number under which minutes are kept: routing digits of the cell; 0 for several together */
export async function createHistory(options: {
  readonly number: number;
  readonly ask: Ask;
  readonly clock: Pick<Clock, 'now'>;
  log(event: string, fields: Record<string, unknown>): void;
}): Promise<History> {
  const { number, ask, clock, log } = options;
  const seconds = createRing<Sample>(secondsKept);
  const minutes = createRing<Minute>(minutesKept);
  for (const minute of await readMinutes(ask, number, clock.now() - minutesKept * minuteMs)) {
    minutes.put(minute.at / minuteMs, minute);
  }
  let usual = await readUsual(ask, number, clock.now());
  /** Seconds of the minute that is not over. */
  let gathered: Sample[] = [];
  let largestMs = 0;

  const endMinute = async () => {
    const minute = minuteOf(gathered, largestMs);
    gathered = [];
    minutes.put(minute.at / minuteMs, minute);
    try {
      await keepMinute(ask, number, minute);
    } catch (error) {
      // The minute stays in memory; after a restart it is a gap.
      log('console.minuteNotKept', { at: minute.at, detail: (error as Error).message });
    }
    usual = await readUsual(ask, number, clock.now()).catch(() => usual); // as it was a minute ago
  };

  return {
    async put(sample, flushLargestMs) {
      seconds.put(Math.floor(sample.at / secondMs), sample);
      if (gathered.length > 0 && startOfMinute(gathered[0].at) !== startOfMinute(sample.at)) await endMinute();
      gathered.push(sample);
      largestMs = flushLargestMs;
    },
    minuteRing: minutes,
    recent(count) {
      const since = Math.floor(clock.now() / secondMs) - count;
      const { first } = seconds;
      return seconds.values().flatMap((value, index) => (value !== undefined && first + index >= since ? [value] : []));
    },
    seconds: () =>
      seriesOf(seconds, secondMs, clock.now(), (one) => ({
        ...one,
        peak: one.submitted / one.seconds,
        p50Ms: quantileOf(one.latencies, 0.5),
        p99Ms: quantileOf(one.latencies, 0.99),
      })),
    minutes: () => seriesOf(minutes, minuteMs, clock.now(), (one) => one),
    usual: () => usual,
    peakSince(from) {
      let best: { rate: number; at: number } | undefined;
      const consider = (rate: number, at: number) => {
        if (at >= from && rate > (best?.rate ?? 0)) best = { rate, at };
      };
      for (const minute of minutes.values()) if (minute) consider(minute.peak, minute.at);
      for (const one of gathered) consider(one.submitted / one.seconds, one.at);
      return best;
    },
  };
}

const startOfMinute = (at: number) => at - (at % minuteMs);

function minuteOf(samples: readonly Sample[], flushLargestMs: number): Minute {
  const sum = (read: (one: Sample) => number) => samples.reduce((total, one) => total + read(one), 0);
  const latencies = sumOf(samples.map((one) => one.latencies));
  const batches = sum((one) => one.flush.batches);
  return {
    at: startOfMinute(samples[0].at),
    seconds: Math.round(sum((one) => one.seconds)),
    submitted: Math.round(sum((one) => one.submitted)),
    succeeded: Math.round(sum((one) => one.succeeded)),
    failed: Math.round(sum((one) => one.failed)),
    refused: Math.round(sum((one) => one.refused)),
    unknown: Math.round(sum((one) => one.unknown)),
    peak: Math.max(...samples.map((one) => one.submitted / one.seconds)),
    p50Ms: quantileOf(latencies, 0.5),
    p99Ms: quantileOf(latencies, 0.99),
    flushMeanMs: batches === 0 ? null : sum((one) => one.flush.totalMs) / batches,
    flushLargestMs,
    flushes: sumOf(samples.map((one) => one.flushes)),
  };
}

type Drawn = Omit<Minute, 'flushMeanMs' | 'flushLargestMs' | 'flushes'>;

function seriesOf<T>(ring: Ring<T>, stepMs: number, now: number, read: (value: T) => Drawn): Series {
  const values = ring.values().map((value) => value && read(value));
  const rate = (name: 'submitted' | 'succeeded' | 'failed' | 'refused' | 'unknown') =>
    values.map((one) => (one && one.seconds > 0 ? round(one[name] / one.seconds) : null));
  return {
    from: formatTime(values.length === 0 ? now - (now % stepMs) : ring.first * stepMs),
    stepMs,
    submitted: rate('submitted'),
    succeeded: rate('succeeded'),
    failed: rate('failed'),
    refused: rate('refused'),
    becameUnknown: rate('unknown'),
    peak: values.map((one) => (one ? round(one.peak) : null)),
    p50Ms: values.map((one) => one?.p50Ms ?? null),
    p99Ms: values.map((one) => one?.p99Ms ?? null),
  };
}

/** To a tenth: more is noise on a rate, and bytes on the line. */
export const round = (value: number): number => Math.round(value * 10) / 10;

/** Payments a second of the same minutes on the same weekday of the weeks before: between which they lay. */
async function readUsual(ask: Ask, cell: number, now: number): Promise<Overview['usual']> {
  const from = startOfMinute(now) - minutesKept * minuteMs;
  const to = startOfMinute(now) + bandAheadMs;
  const rows = await ask<{ minute: string; least: number; most: number }>(
    `SELECT at + week * ${weekMs}::bigint AS minute, min(submitted::float8 / seconds) AS least,
       max(submitted::float8 / seconds) AS most
     FROM console.minute, generate_series(1, ${weeksCompared}) week
     WHERE cell = $1 AND seconds > 0 AND at >= $2 - week * ${weekMs}::bigint AND at < $3 - week * ${weekMs}::bigint
     GROUP BY 1`,
    [cell, from, to],
  );
  if (rows.length === 0) return null;
  const steps = (to - from) / minuteMs;
  const least = new Array<number | null>(steps).fill(null);
  const most = new Array<number | null>(steps).fill(null);
  for (const row of rows) {
    const index = (Number(row.minute) - from) / minuteMs;
    least[index] = round(row.least);
    most[index] = round(row.most);
  }
  return { from: formatTime(from), stepMs: minuteMs, least, most };
}

const columns = `at, seconds, submitted, succeeded, failed, refused, unknown, peak, p50_ms, p99_ms, flush_mean_ms,
  flush_largest_ms`;

async function readMinutes(ask: Ask, cell: number, from: number): Promise<Minute[]> {
  const rows = await ask<Record<string, string | number | null>>(
    `SELECT ${columns} FROM console.minute WHERE cell = $1 AND at >= $2 ORDER BY at`,
    [cell, from],
  );
  return rows.map((row) => ({
    at: Number(row.at),
    seconds: Number(row.seconds),
    submitted: Number(row.submitted),
    succeeded: Number(row.succeeded),
    failed: Number(row.failed),
    refused: Number(row.refused),
    unknown: Number(row.unknown),
    peak: Number(row.peak),
    p50Ms: row.p50_ms as number | null,
    p99Ms: row.p99_ms as number | null,
    flushMeanMs: row.flush_mean_ms as number | null,
    flushLargestMs: row.flush_largest_ms as number | null,
  }));
}

/** A restart within a minute replaces what was kept of it: the longer look wins. */
async function keepMinute(ask: Ask, cell: number, minute: Minute): Promise<void> {
  await ask(
    `INSERT INTO console.minute (cell, ${columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     ON CONFLICT (cell, at) DO UPDATE SET seconds = excluded.seconds, submitted = excluded.submitted,
       succeeded = excluded.succeeded, failed = excluded.failed, refused = excluded.refused, unknown = excluded.unknown,
       peak = excluded.peak, p50_ms = excluded.p50_ms, p99_ms = excluded.p99_ms,
       flush_mean_ms = excluded.flush_mean_ms, flush_largest_ms = excluded.flush_largest_ms
     WHERE excluded.seconds > console.minute.seconds`,
    [
      cell,
      minute.at,
      minute.seconds,
      minute.submitted,
      minute.succeeded,
      minute.failed,
      minute.refused,
      minute.unknown,
      minute.peak,
      minute.p50Ms,
      minute.p99Ms,
      minute.flushMeanMs,
      minute.flushLargestMs,
    ],
  );
}
