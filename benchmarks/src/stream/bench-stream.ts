/** The parts of the benchmark of the stream, each of which gives what its line of JSON says. */
import { findRate, isSustained, type Step } from './find-rate.ts';
import type { Quantiles } from './histogram.ts';
import type { Shares } from './profile.ts';
import { type RailRun, type RunningRail, startRail, type Whole } from './run.ts';
import { payingOf, type StreamSettings } from './settings.ts';
import { type StageCosts, stageCosts } from './stages.ts';

type Say = (text: string) => void;

/** A run without its buckets and timeline. */
export type RunLine = Omit<RailRun, 'buckets' | 'timeline'>;

export interface PlainResult {
  readonly paymentsPerSecond: number;
  readonly run: RunLine;
  readonly timeline: RailRun['timeline'];
  readonly steps: readonly Step[];
  readonly whole: Whole;
  /** µs of processor time a payment by process and stage: shares of a shorter profiled run, of the costs of the measured one. */
  readonly stages?: StageCosts;
  readonly profiles?: Readonly<Record<string, Shares>>;
}

export interface PlainOptions {
  readonly seconds: number;
  readonly rate: number | undefined;
  readonly profiled: boolean;
}

const warmupSeconds = 5;
const profiledSeconds = 10;
/** What was carried for five seconds may be too much for a minute: then so much less. */
const lessEachTime = 0.92;
const mostTries = 4;

/** The highest rate, or the one given, for `seconds`. @throws Error when no rate is carried, or the run was not whole */
export async function benchPlain(settings: StreamSettings, options: PlainOptions, say: Say): Promise<PlainResult> {
  const rail = await startRail(settings, say, { profiled: options.profiled });
  let result: Omit<PlainResult, 'profiles'>;
  let profiles: PlainResult['profiles'];
  try {
    await warmUp(rail);
    const { rate, steps } = await rateOf(rail, options.rate, say);
    const measured = await stay(rail, rate, options, say);
    const whole = await settled(rail);
    result = {
      paymentsPerSecond: measured.paymentsPerSecond,
      run: lineOf(measured),
      timeline: measured.timeline,
      steps,
      whole,
    };
  } finally {
    profiles = await rail.stop();
  }
  const shares = profiles ?? (await profile(settings, result.run.rate, say));
  const { cpuMicroseconds } = result.run;
  return {
    ...result,
    ...(cpuMicroseconds && { stages: stageCosts(cpuMicroseconds, shares) }),
    ...(profiles && { profiles }),
  };
}

/** A run of its own, since profiling costs something too. */
async function profile(settings: StreamSettings, rate: number, say: Say): Promise<Readonly<Record<string, Shares>>> {
  say(`${profiledSeconds} s at ${rate}/s once more, to see where the time goes`);
  const rail = await startRail(settings, say, { profiled: true });
  let shares: Awaited<ReturnType<RunningRail['stop']>>;
  try {
    await rail.run({ rate, seconds: profiledSeconds, warmupSeconds });
  } finally {
    shares = await rail.stop();
  }
  return shares!;
}

async function stay(rail: RunningRail, highest: number, { seconds, rate }: PlainOptions, say: Say): Promise<RailRun> {
  let tried = highest;
  for (let tries = 1; ; tries++) {
    say(`${seconds} s at ${tried}/s`);
    const run = await rail.run({ rate: tried, seconds, warmupSeconds });
    if (rate !== undefined || isSustained(run)) return run;
    if (tries === mostTries) throw new Error(`${tried} payments a second are not sustained for ${seconds} s`);
    say(`${run.paymentsPerSecond}/s, p99 ${run.latencyMs.p99} ms: too much for so long`);
    tried = Math.round(tried * lessEachTime);
  }
}

export interface CurvePoint extends RunLine {
  readonly links: number;
}

/** Latency from a tenth of the highest rate to all of it, for each number of links. */
export async function benchCurve(
  settings: StreamSettings,
  given: number | undefined,
  links: readonly number[],
  say: Say,
): Promise<CurvePoint[]> {
  const points: CurvePoint[] = [];
  for (const count of links) {
    await withRail({ ...settings, links: count }, say, async (rail) => {
      const { rate } = await rateOf(rail, given, say);
      for (const share of [0.1, 0.25, 0.5, 0.75, 0.9, 1]) {
        const run = await rail.run({ rate: Math.round(rate * share), seconds: 10, warmupSeconds: 2 });
        points.push({ links: count, ...lineOf(run) });
        say(`${count} links, ${run.rate}/s: p50 ${run.latencyMs.p50} ms, p99 ${run.latencyMs.p99} ms`);
      }
      await settled(rail);
    });
  }
  return points;
}

export interface OverloadResult {
  readonly times: number;
  readonly rated: RunLine;
  readonly overloaded: RunLine;
  readonly timelines: { readonly rated: RailRun['timeline']; readonly overloaded: RailRun['timeline'] };
  /** Payments with a definite end a second under overload, against the rated ones. */
  readonly goodput: number;
}

/** `times` the highest rate, from a load that gives way to the platform as load from other machines would. */
export function benchOverload(
  settings: StreamSettings,
  given: number | undefined,
  times: number,
  say: Say,
): Promise<OverloadResult> {
  return withRail(settings, say, async (rail) => {
    const { rate } = await rateOf(rail, given, say);
    const rated = await rail.run({ rate, seconds: 15, warmupSeconds });
    rail.yieldLoad();
    const overloaded = await rail.run({ rate: rate * times, seconds: 30, warmupSeconds });
    await settled(rail);
    const goodput = Math.round((overloaded.paymentsPerSecond / rated.paymentsPerSecond) * 1000) / 1000;
    const timelines = { rated: rated.timeline, overloaded: overloaded.timeline };
    return { times, rated: lineOf(rated), overloaded: lineOf(overloaded), timelines, goodput };
  });
}

export interface CloseCycleResult {
  readonly rate: number;
  /** s into the timeline at which the cut-off was asked for, and ms until it was durable. */
  readonly cutAt: number;
  readonly cutMs: number;
  /** Of each quarter of a second; ms. */
  readonly timeline: RailRun['timeline'];
  /** The largest p99 of a quarter of a second in the two seconds from the cut-off on, and in all others. */
  readonly p99: { readonly around: number; readonly otherwise: number };
  readonly latencyMs: Quantiles;
  readonly cycles: readonly { readonly cycle: number; readonly state: string; readonly payments: number }[];
}

const closeSeconds = 20;
const quartersASecond = 4;

export function benchCloseCycle(
  settings: StreamSettings,
  given: number | undefined,
  say: Say,
): Promise<CloseCycleResult> {
  return withRail(settings, say, async (rail) => {
    const highest = (await rateOf(rail, given, say)).rate;
    const rate = given ?? Math.round(highest * 0.75);
    const cutAt = closeSeconds / 2;
    const running = rail.run({ rate, seconds: closeSeconds, warmupSeconds });
    await new Promise((resolve) => setTimeout(resolve, (warmupSeconds + cutAt) * 1000));
    const asked = performance.now();
    const { operator } = rail.platform;
    await operator.closeCycle();
    const cutMs = Math.round(performance.now() - asked);
    const { timeline, latencyMs } = await running;
    const first = cutAt * quartersASecond;
    const isAround = (quarter: number) => quarter >= first && quarter < first + 2 * quartersASecond;
    const largest = (wanted: boolean) =>
      Math.max(...timeline.filter((_, quarter) => isAround(quarter) === wanted).map(({ p99 }) => p99));
    await settled(rail);
    const cycles = (await operator.cycles()).map(({ cycle, state, payments }) => ({ cycle, state, payments }));
    return {
      rate,
      cutAt,
      cutMs,
      timeline,
      latencyMs,
      cycles,
      p99: { around: largest(true), otherwise: largest(false) },
    };
  });
}

export interface RecoveryResult {
  readonly payments: number;
  readonly batches: number;
  readonly ms: number;
  readonly paymentsPerSecond: number;
}

/** Payments a second that a cell replays which starts again after a crash, from facts alone. */
export function benchRecovery(
  settings: StreamSettings,
  given: number | undefined,
  seconds: number,
  say: Say,
): Promise<RecoveryResult> {
  const never = 10_000_000;
  return withRail(
    settings,
    say,
    async (rail) => {
      const rate = given ?? 20_000;
      say(`${seconds} s at ${rate}/s to have something to replay`);
      await rail.run({ rate, seconds, warmupSeconds: 0 });
      const { load } = await settled(rail);
      await rail.endTraffic();
      await rail.platform.crash();
      const { sequence, snapshot, ms } = rail.platform.recovery;
      const payments = load.succeeded + load.failed;
      return { payments, batches: sequence - snapshot, ms, paymentsPerSecond: Math.round((payments / ms) * 1000) };
    },
    never,
  );
}

export interface InstitutionsPoint extends RunLine {
  readonly institutions: number;
}

/** The same rate with more and more who sign. */
export async function benchInstitutions(
  settings: StreamSettings,
  given: number | undefined,
  counts: readonly number[],
  say: Say,
): Promise<InstitutionsPoint[]> {
  const points: InstitutionsPoint[] = [];
  for (const institutions of counts) {
    const own = { ...settings, institutions, paying: payingOf(institutions) };
    await withRail(own, say, async (rail) => {
      const run = await rail.run({ rate: given ?? 20_000, seconds: 15, warmupSeconds });
      await settled(rail);
      points.push({ institutions, ...lineOf(run) });
    });
  }
  return points;
}

export interface CellsResult {
  readonly cells: number;
  readonly one: RunLine;
  readonly several: RunLine;
  /** Processor time of a payment over all processes, several cells against one. */
  readonly ratio?: number;
}

/** The same payments, first all in one cell, then each institution's in one of several. */
export async function benchCells(
  settings: StreamSettings,
  given: number | undefined,
  cells: number,
  say: Say,
): Promise<CellsResult> {
  const rate = given ?? 20_000;
  const run = (count: number) =>
    withRail({ ...settings, cells: count }, say, async (rail) => {
      say(`${rate}/s with ${count} ${count === 1 ? 'cell' : 'cells'}`);
      const line = lineOf(await rail.run({ rate, seconds: 15, warmupSeconds }));
      await settled(rail);
      return line;
    });
  const one = await run(1);
  const several = await run(cells);
  const total = ({ cpuMicroseconds = {} }: RunLine) =>
    Object.values(cpuMicroseconds).reduce((sum, cost) => sum + (cost.total ?? 0), 0);
  const ratio = Math.round((total(several) / total(one)) * 1000) / 1000;
  return { cells, one, several, ...(Number.isFinite(ratio) && { ratio }) };
}

/** Keys are read, code is compiled, links are open: what happens once is not measured. */
async function warmUp(rail: RunningRail): Promise<void> {
  await rail.run({ rate: 2_000, seconds: 3, warmupSeconds: 0 });
}

const rateOf = async (
  rail: RunningRail,
  given: number | undefined,
  say: Say,
): Promise<{ rate: number; steps: Step[] }> => (given === undefined ? findRate(rail, say) : { rate: given, steps: [] });

/** @throws Error when something was lost, doubled or miscounted, or could not be found */
async function settled(rail: RunningRail): Promise<Whole> {
  const whole = await rail.settle();
  if (whole.faults.length > 0) throw new Error(`the run was not whole: ${whole.faults.slice(0, 5).join('; ')}`);
  return whole;
}

async function withRail<T>(
  settings: StreamSettings,
  say: Say,
  measure: (rail: RunningRail) => Promise<T>,
  snapshotEvery?: number,
): Promise<T> {
  const rail = await startRail(settings, say, { ...(snapshotEvery !== undefined && { snapshotEvery }) });
  try {
    await warmUp(rail);
    return await measure(rail);
  } finally {
    await rail.stop();
  }
}

function lineOf({ buckets: _, timeline: __, ...line }: RailRun): RunLine {
  return line;
}
