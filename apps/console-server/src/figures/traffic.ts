/**
 * Who pays whom, how well and how fast: gathered from the records in slices of ten seconds, each read once when it is
 * over, so that the cost follows the traffic and not the number of people who look.
 */
import type { Flow, Health } from '@clearway/console-api';
import { formatAmount, formatTime } from '@clearway/contract';
import { type Reason, reasons } from '@clearway/core';
import type { Cancel, Clock } from '@clearway/ports';
import type { Payments, TallyRow } from '../records/payments.ts';
import { Refusal } from '../refusal.ts';
import { type Latencies, quantileOf } from './latency.ts';

export type Fault = keyof Health['faults'];

export interface Pair {
  readonly institution: string;
  readonly bank: string;
}

export interface Traffic {
  /** The last 15 minutes of the pairs that are chosen; undefined before anything was read. */
  health(chosen: (pair: Pair) => boolean): Health | undefined;
  /** The last minute, largest amount first. */
  flows(chosen: (pair: Pair) => boolean): Flow[];
  /** From submission to the bank's answer, of the last minute. */
  latencies(): Latencies;
  /** Pairs of the last 15 minutes. */
  pairs(): Pair[];
  /** By the minute, the last hour. */
  minutes(chosen: (pair: Pair) => boolean): {
    readonly from: number;
    readonly stepMs: number;
    /** Null for minutes that were not read. */
    readonly payments: (number | null)[];
    readonly succeeded: (number | null)[];
    readonly p99Ms: (number | null)[];
  };
  /** Of each participant by its code, the last `count` minutes that are over. */
  recent(count: number): ReadonlyMap<string, Recent>;
  /** Last success, 0 before; and whether the last try failed. */
  readonly readAt: number;
  readonly isFailing: boolean;
  read(): Promise<void>;
  start(): Cancel;
}

export interface Recent {
  readonly payments: (number | null)[];
  readonly succeeded: (number | null)[];
  readonly p99Ms: (number | null)[];
}

export const sliceMs = 10_000;
/** What the cell has told is in the records within this time, or they lag, which is an alarm of its own. */
const settleMs = 5_000;
const healthMs = 900_000;
const flowMs = 60_000;
const minuteMs = 60_000;
const hourMs = 3_600_000;
/** After a start or an outage no more than this is read at once. */
const catchUpMs = 900_000;

/** Four buckets a doubling from 1 ms on. */
const perDoubling = 4;
const buckets = 72;
const bounds = Array.from({ length: buckets }, (_, index) => 2 ** ((index + 1) / perDoubling));

interface PairCounts extends Pair {
  payments: number;
  succeeded: number;
  failed: number;
  refused: number;
  unknown: number;
  readonly faults: Record<Fault, number>;
  readonly latency: number[];
  readonly amounts: Map<number, bigint>;
}

interface Slice {
  /** ms of its beginning. */
  readonly at: number;
  readonly pairs: PairCounts[];
}

export function createTraffic(options: {
  readonly payments: Pick<Payments, 'tally'>;
  readonly clock: Clock;
  log(event: string, fields: Record<string, unknown>): void;
}): Traffic {
  const { payments, clock, log } = options;
  let slices: Slice[] = [];
  let readAt = 0;
  let isFailing = false;
  let readTo = 0;
  /** Everything from here on was read, up to gaps of more than a quarter of an hour. */
  let readFrom = Number.POSITIVE_INFINITY;

  const read = async () => {
    const now = clock.now();
    const to = Math.floor((now - settleMs) / sliceMs) * sliceMs;
    const from = Math.max(readTo, to - catchUpMs);
    if (to <= from) return;
    try {
      const { found, to: reached } = await readWhatFits(payments, from, to);
      readFrom = from > readTo ? from : readFrom;
      slices = [...slices, ...found].filter(({ at }) => at >= now - hourMs - minuteMs);
      readTo = reached;
      readAt = now;
      isFailing = false;
    } catch (error) {
      if (!isFailing) log('console.trafficNotRead', { detail: (error as Error).message });
      isFailing = true;
    }
  };

  const endOfMinutes = () => Math.floor(readTo / minuteMs) * minuteMs;
  const shownMinutes = (minutes: readonly MinuteCounts[], from: number): Recent => {
    const isRead = (index: number) => from + index * minuteMs >= readFrom;
    return {
      payments: minutes.map(({ payments }, index) => (isRead(index) ? payments : null)),
      succeeded: minutes.map(({ succeeded }, index) => (isRead(index) ? succeeded : null)),
      p99Ms: minutes.map(({ latency }) => roundMs(quantileOf(latenciesOf(latency), 0.99))),
    };
  };
  const since = (ms: number) => slices.filter(({ at }) => at >= readTo - ms);
  const of = (list: readonly Slice[], chosen: (pair: Pair) => boolean) =>
    list.flatMap(({ pairs }) => pairs.filter(chosen));

  return {
    read,
    get readAt() {
      return readAt;
    },
    get isFailing() {
      return isFailing;
    },
    health: (chosen) => (readAt === 0 ? undefined : healthOf(of(since(healthMs), chosen), readTo - healthMs, readTo)),

    flows(chosen) {
      const flows = new Map<string, Pair & { payments: number; succeeded: number; currency: number; amount: bigint }>();
      for (const pair of of(since(flowMs), chosen)) {
        for (const [currency, amount] of pair.amounts) {
          const { institution, bank } = pair;
          const key = `${institution} ${bank} ${currency}`;
          const flow = flows.get(key) ?? { institution, bank, currency, payments: 0, succeeded: 0, amount: 0n };
          flow.payments += pair.payments;
          flow.succeeded += pair.succeeded;
          flow.amount += amount;
          flows.set(key, flow);
        }
      }
      return [...flows.values()]
        .sort((a, b) => (a.amount > b.amount ? -1 : a.amount < b.amount ? 1 : 0))
        .map(({ currency, amount, ...flow }) => ({ ...flow, amount: formatAmount(amount, currency) }));
    },

    latencies() {
      const sum = newLatency();
      for (const { latency } of of(since(flowMs), () => true)) addTo(sum, latency);
      return latenciesOf(sum);
    },

    pairs() {
      const known = new Map<string, Pair>();
      for (const { institution, bank } of of(since(healthMs), () => true)) {
        known.set(`${institution} ${bank}`, { institution, bank });
      }
      return [...known.values()];
    },

    minutes(chosen) {
      const steps = hourMs / minuteMs;
      const from = endOfMinutes() - hourMs;
      const minutes = newMinutes(steps);
      for (const { at, pairs } of slices) {
        const minute = minutes[Math.floor((at - from) / minuteMs)];
        if (minute !== undefined) for (const pair of pairs.filter(chosen)) addPair(minute, pair);
      }
      return { from, stepMs: minuteMs, ...shownMinutes(minutes, from) };
    },

    recent(count) {
      const from = endOfMinutes() - count * minuteMs;
      const found = new Map<string, MinuteCounts[]>();
      for (const { at, pairs } of slices) {
        const index = Math.floor((at - from) / minuteMs);
        if (index < 0 || index >= count) continue;
        for (const pair of pairs) {
          for (const code of [pair.institution, pair.bank]) {
            const minutes = found.get(code) ?? newMinutes(count);
            found.set(code, minutes);
            addPair(minutes[index], pair);
          }
        }
      }
      return new Map([...found].map(([code, minutes]) => [code, shownMinutes(minutes, from)]));
    },

    start() {
      let cancel: Cancel = () => {};
      let stopped = false;
      const next = () => {
        cancel = clock.after(sliceMs / 2, async () => {
          await read();
          if (!stopped) next();
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

interface MinuteCounts {
  payments: number;
  succeeded: number;
  readonly latency: number[];
}

const newMinutes = (count: number): MinuteCounts[] =>
  Array.from({ length: count }, () => ({ payments: 0, succeeded: 0, latency: newLatency() }));

function addPair(minute: MinuteCounts, pair: PairCounts): void {
  minute.payments += pair.payments;
  minute.succeeded += pair.succeeded;
  addTo(minute.latency, pair.latency);
}

const newLatency = (): number[] => new Array(buckets).fill(0);
const addTo = (sum: number[], counts: readonly number[]) => {
  for (let index = 0; index < buckets; index++) sum[index] += counts[index];
};
const latenciesOf = (counts: readonly number[]): Latencies => ({ bounds, counts });
const roundMs = (ms: number | null) => (ms === null ? null : Math.round(ms));

function healthOf(pairs: readonly PairCounts[], from: number, to: number): Health {
  const faults: Record<Fault, number> = { institution: 0, bankDecision: 0, bankSilence: 0, platform: 0 };
  const sum = { payments: 0, succeeded: 0, failed: 0, refused: 0, unknown: 0 };
  const latency = newLatency();
  for (const pair of pairs) {
    for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += pair[name];
    for (const name of Object.keys(faults) as Fault[]) faults[name] += pair.faults[name];
    addTo(latency, pair.latency);
  }
  return {
    from: formatTime(Math.max(from, 0)),
    to: formatTime(to),
    ...sum,
    p50Ms: roundMs(quantileOf(latenciesOf(latency), 0.5)),
    p99Ms: roundMs(quantileOf(latenciesOf(latency), 0.99)),
    faults,
  };
}

/** Whose fault it is that a payment has not succeeded; undefined where it has, or is still on its way. */
export function faultOf(state: string, reason: Reason): Fault | undefined {
  if (state === 'succeeded' || state === 'offered') return undefined;
  if (state === 'unknown' || state === 'reversing') return 'bankSilence';
  if (reason === 'bankNeverProcessed' || reason === 'bankReversed' || reason === 'bankBlocked') return 'bankSilence';
  const { kind } = reasons[reason];
  // A cap that is used up is the bank's, as a customer's empty account is.
  if (kind === 'bank' || reason === 'netDebitCapExceeded') return 'bankDecision';
  return kind === 'unavailable' ? 'platform' : 'institution';
}

/** After an outage there may be more to count than one answer holds: then the first half of it, and the rest later. */
async function readWhatFits(
  payments: Pick<Payments, 'tally'>,
  from: number,
  to: number,
): Promise<{ readonly found: Slice[]; readonly to: number }> {
  try {
    return { found: await readSlices(payments, from, to), to };
  } catch (error) {
    const slices = Math.floor((to - from) / sliceMs / 2);
    if (!(error instanceof Refusal) || error.reason !== 'tooSlow' || slices < 1) throw error;
    return readWhatFits(payments, from, from + slices * sliceMs);
  }
}

async function readSlices(payments: Pick<Payments, 'tally'>, from: number, to: number): Promise<Slice[]> {
  const { rows, readTo } = await payments.tally({
    by: ['institution', 'bank', 'currency', 'state', 'reason', 'bucket'],
    stepMs: sliceMs,
    from,
    to,
    isPartial: true,
  });
  const slices = new Map<number, Map<string, PairCounts>>();
  // A slice that was counted in part is none: a gap is a gap.
  for (const row of rows.filter(({ at }) => at > readTo)) {
    const slice = slices.get(row.at) ?? new Map<string, PairCounts>();
    slices.set(row.at, slice);
    const key = `${row.institution} ${row.bank}`;
    const pair = slice.get(key) ?? newPair(row);
    slice.set(key, pair);
    count(pair, row);
  }
  return [...slices].map(([at, pairs]) => ({ at, pairs: [...pairs.values()] }));
}

const newPair = ({ institution, bank }: Pair): PairCounts => ({
  institution,
  bank,
  payments: 0,
  succeeded: 0,
  failed: 0,
  refused: 0,
  unknown: 0,
  faults: { institution: 0, bankDecision: 0, bankSilence: 0, platform: 0 },
  latency: newLatency(),
  amounts: new Map(),
});

function count(pair: PairCounts, { state, reason, bucket, payments, currency, amount }: TallyRow): void {
  pair.payments += payments;
  if (state === 'succeeded' || state === 'failed' || state === 'refused') pair[state] += payments;
  else if (state !== 'offered') pair.unknown += payments;
  const fault = faultOf(state, reason);
  if (fault !== undefined) pair.faults[fault] += payments;
  if (bucket !== null) pair.latency[bucket] += payments;
  // Money that has moved; without a currency it was refused.
  if (state === 'succeeded' && currency !== 0) {
    pair.amounts.set(currency, (pair.amounts.get(currency) ?? 0n) + amount);
  }
}
