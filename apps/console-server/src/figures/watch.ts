/**
 * Looks at one cell. Counters begin anew with the cell's process: what lies between two such looks is a gap. A cell that
 * does not answer is asked again and again, and holds up nobody who asks others.
 */
import type { CellState } from '@clearway/console-api';
import type { Clock } from '@clearway/ports';
import type { Statistics } from '@clearway/server';
import { type CellPlace, routingNumber } from '@clearway/store';
import type { CellAccess } from '../cell-access.ts';
import type { Sample } from './history.ts';
import { between, type Latencies, noLatencies, readLatencies } from './latency.ts';

export interface Watch {
  readonly place: CellPlace;
  /** Six routing digits. */
  readonly name: string;
  /** Undefined before the first look and while the cell is away. */
  readonly statistics: Statistics | undefined;
  /** Of the last look; undefined where it is a gap. */
  readonly sample: Sample | undefined;
  /** Commands that wait for a batch, batches that wait to be durable, commands refused a second for want of room. */
  readonly queue: { readonly waiting: number; readonly unflushed: number; readonly shed: number } | undefined;
  readonly state: CellState['state'];
  /** ms, of {@link state}. */
  readonly since: number;
  /** Last look that succeeded, 0 for none. */
  readonly heardAt: number;
  readonly failures: number;
  /** Resolves when the cell has answered, or has not within its time; joins a look that is under way. */
  look(): Promise<void>;
  /** What was seen since it was last taken. */
  take(): Sample | undefined;
}

const latencyName = 'clearway_cell_payment_seconds';
const flushName = 'clearway_cell_flush_seconds';

export function createWatch(options: {
  readonly place: CellPlace;
  readonly access: CellAccess;
  readonly clock: Pick<Clock, 'now' | 'elapsed'>;
  log(event: string, fields: Record<string, unknown>): void;
}): Watch {
  const { place, access, clock, log } = options;
  const name = String(routingNumber(place)).padStart(6, '0');
  let statistics: Statistics | undefined;
  let latencies = noLatencies;
  let flushes = noLatencies;
  let shed = 0;
  let queue: Watch['queue'];
  let lookedAt = 0;
  let heardAt = 0;
  let sample: Sample | undefined;
  let taken = true;
  let failures = 0;
  let state: CellState['state'] = 'unreachable';
  let since = clock.now();
  let looking: Promise<void> | undefined;

  const become = (next: CellState['state']) => {
    if (state === next) return;
    state = next;
    since = clock.now();
  };

  const look = async () => {
    const at = clock.now();
    const elapsed = clock.elapsed();
    const seconds = (elapsed - lookedAt) / 1000;
    try {
      const [now, metrics] = await access.ask((link) => Promise.all([link.statistics(), link.metricsText()]));
      const read = readLatencies(metrics, latencyName);
      const readFlushes = readLatencies(metrics, flushName);
      const durations = { latencies: between(latencies, read), flushes: between(flushes, readFlushes) };
      sample = statistics && sampleBetween(statistics, now, durations, at, seconds);
      const total = gaugeOf(metrics, 'clearway_journal_shed_total');
      queue = {
        waiting: gaugeOf(metrics, 'clearway_journal_waiting'),
        unflushed: gaugeOf(metrics, 'clearway_journal_unflushed'),
        shed: sample === undefined ? 0 : Math.max(0, total - shed) / seconds,
      };
      shed = total;
      statistics = now;
      latencies = read;
      flushes = readFlushes;
      heardAt = at;
      become(now.serving ? 'serving' : 'notServing');
    } catch (error) {
      failures++;
      if (state !== 'unreachable') log('console.cellUnreachable', { cell: name, detail: (error as Error).message });
      sample = undefined;
      statistics = undefined;
      queue = undefined;
      become('unreachable');
    }
    lookedAt = elapsed;
    taken = false;
  };

  return {
    place,
    name,
    get statistics() {
      return statistics;
    },
    get sample() {
      return sample;
    },
    get queue() {
      return queue;
    },
    get state() {
      return state;
    },
    get since() {
      return since;
    },
    get heardAt() {
      return heardAt;
    },
    get failures() {
      return failures;
    },
    look() {
      looking ??= look().finally(() => {
        looking = undefined;
      });
      return looking;
    },
    take() {
      if (taken) return undefined;
      taken = true;
      return sample;
    },
  };
}

/** @throws Error for a cell that does not have it */
function gaugeOf(metrics: string, name: string): number {
  const [, value] = new RegExp(`^${name} ([0-9.e+]+)$`, 'm').exec(metrics) ?? [];
  if (value === undefined) throw new Error(`the cell does not tell ${name}`);
  return Number(value);
}

/** Undefined when the counters began anew between the two. */
function sampleBetween(
  before: Statistics,
  after: Statistics,
  { latencies, flushes }: Readonly<Record<'latencies' | 'flushes', Latencies | undefined>>,
  at: number,
  seconds: number,
): Sample | undefined {
  const since = (name: 'submitted' | 'succeeded' | 'failed' | 'refused' | 'unknown') => after[name] - before[name];
  const isNew = after.epoch !== before.epoch || after.submitted < before.submitted || seconds <= 0;
  if (isNew || latencies === undefined || flushes === undefined) return undefined;
  const total = ({ flush }: Statistics) => flush.meanMs * flush.batches;
  return {
    at,
    seconds,
    submitted: since('submitted'),
    succeeded: since('succeeded'),
    failed: since('failed'),
    refused: since('refused'),
    unknown: since('unknown'),
    latencies,
    flushes,
    flush: {
      batches: after.flush.batches - before.flush.batches,
      commands: after.flush.commands - before.flush.commands,
      totalMs: total(after) - total(before),
    },
  };
}
