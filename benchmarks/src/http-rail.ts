/**
 * Whole payments a second over the HTTP rail: the world of `npm start` with its wallets and banks as processes of their
 * own on the same machine, every signature made and checked, journal flushed before each answer.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startWorld, type World } from '@clearway/start';
import { cpuTime } from './cpu-time.ts';
import { benchExchanges, type ExchangeCosts } from './exchanges.ts';
import { countingEnvironment, countsIn, type SignatureCosts, signatureCosts } from './signatures.ts';

export interface HttpRailResult {
  readonly seconds: number;
  readonly offeredPerSecond: number;
  readonly payments: number;
  readonly paymentsPerSecond: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly refused: number;
  readonly unknown: number;
  /** Inside the cell, from sequencing to the told outcome, bank's time included. */
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  readonly batches: number;
  /** Microseconds of processor time for each payment, by kind of program; absent where it cannot be read. */
  readonly cpuMicroseconds?: Readonly<Record<string, number>>;
  readonly meanFlushMs: number;
  /** Notices that nobody has taken yet, at the end of the measured seconds more than at their begin. */
  readonly noticesWaiting: number;
  readonly signatures: SignatureCosts;
  /** The exchanges of a payment alone: as many as there can be, and as many as the rail had. Absent with the times. */
  readonly exchanges?: { readonly alone: ExchangeCosts; readonly atThisRate: ExchangeCosts };
}

/** A program of the rail sees some hundred payments a second: until then V8 has not compiled what it runs all the time. */
const warmUpSeconds = 40;
const exchangeSeconds = 6;
const agreementsMs = 60_000;

export async function benchHttpRail(
  rate: number,
  seconds: number,
  onProgress: (text: string) => void,
): Promise<HttpRailResult> {
  const folder = await mkdtemp(join(tmpdir(), 'clearway-bench-'));
  const counting = join(folder, 'counts');
  const environment = countingEnvironment(counting);
  try {
    const world = await startWorld({
      dataFolder: join(folder, 'data'),
      port: 0,
      logLevel: 'warn',
      cycleSeconds: 0,
      fresh: true,
      mostInFlight: 128,
      environment: () => environment,
      onEvent: onProgress,
    });
    let result: HttpRailResult;
    try {
      await world.agreementsSigned(agreementsMs);
      world.setRate(rate);
      await rest(warmUpSeconds);
      const before = mustAnswer(await world.operator.statistics());
      const timeBefore = timeByKind(world);
      const countsBefore = countsIn(counting);
      const began = performance.now();
      await rest(seconds);
      const after = mustAnswer(await world.operator.statistics());
      const elapsed = (performance.now() - began) / 1000;
      const timeAfter = timeByKind(world);
      const countsAfter = countsIn(counting);
      world.setRate(0);
      const ended = (one: typeof after) => one.succeeded + one.failed;
      const payments = ended(after) - ended(before);
      const cpuMicroseconds = timeBefore && timeAfter && eachPayment(timeBefore, timeAfter, payments);
      const microseconds = cpuMicroseconds && Object.values(cpuMicroseconds).reduce((sum, one) => sum + one, 0);
      const batches = after.flush.batches - before.flush.batches;
      result = {
        seconds: Math.round(elapsed),
        offeredPerSecond: rate,
        payments,
        paymentsPerSecond: Math.round(payments / elapsed),
        succeeded: after.succeeded - before.succeeded,
        failed: after.failed - before.failed,
        refused: after.refused - before.refused,
        unknown: after.unknown - before.unknown,
        latencyMs: after.latencyMs,
        batches,
        ...(cpuMicroseconds && { cpuMicroseconds }),
        meanFlushMs: Math.round(after.flush.meanMs * 100) / 100,
        noticesWaiting: after.undelivered - before.undelivered,
        signatures: await signatureCosts(countsBefore, countsAfter, payments, microseconds),
      };
    } finally {
      await world.stop();
    }
    onProgress('the exchanges alone');
    const alone = await benchExchanges(folder, 0, exchangeSeconds);
    const atThisRate = await benchExchanges(folder, result.paymentsPerSecond, exchangeSeconds);
    return { ...result, ...(alone && atThisRate && { exchanges: { alone, atThisRate } }) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** ms by wallets, banks, gateway, cell, postgres and the central bank. */
function timeByKind(world: World): Map<string, number> | undefined {
  const processes = world.processes().filter(({ pid }) => pid !== undefined);
  const times = cpuTime(processes.map(({ pid }) => pid!));
  if (times === undefined) return undefined;
  const kinds = new Map<string, number>();
  for (const { name, pid } of processes) {
    const kind = name.replace(/-[0-9]+$/, '');
    kinds.set(kind, (kinds.get(kind) ?? 0) + times.get(pid!)!);
  }
  return kinds;
}

function eachPayment(
  before: Map<string, number>,
  after: Map<string, number>,
  payments: number,
): Record<string, number> {
  return Object.fromEntries(
    [...after].map(([kind, ms]) => [kind, Math.round(((ms - before.get(kind)!) * 1000) / payments)]),
  );
}

function mustAnswer<T>(statistics: T | undefined): T {
  if (statistics === undefined) throw new Error('the cell did not answer: the measurement is void');
  return statistics;
}

function rest(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
