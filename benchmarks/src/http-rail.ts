/**
 * Whole payments a second over the HTTP rail: the world of `npm start` with its wallets and banks as processes of their
 * own on the same machine, every signature made and checked, journal flushed before each answer.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startWorld } from '@clearway/start';

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
  readonly meanFlushMs: number;
}

export async function benchHttpRail(
  rate: number,
  seconds: number,
  onProgress: (text: string) => void,
): Promise<HttpRailResult> {
  const folder = await mkdtemp(join(tmpdir(), 'clearway-bench-'));
  try {
    const world = await startWorld({
      dataFolder: join(folder, 'data'),
      port: 0,
      logLevel: 'warn',
      cycleSeconds: 0,
      fresh: true,
      mostInFlight: 128,
      onEvent: onProgress,
    });
    try {
      world.setRate(rate);
      await rest(5);
      const before = mustAnswer(await world.operator.statistics());
      const began = performance.now();
      await rest(seconds);
      const after = mustAnswer(await world.operator.statistics());
      const elapsed = (performance.now() - began) / 1000;
      world.setRate(0);
      const ended = (one: typeof after) => one.succeeded + one.failed;
      const payments = ended(after) - ended(before);
      const batches = after.flush.batches - before.flush.batches;
      return {
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
        meanFlushMs: Math.round(after.flush.meanMs * 100) / 100,
      };
    } finally {
      await world.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function mustAnswer<T>(statistics: T | undefined): T {
  if (statistics === undefined) throw new Error('the cell did not answer: the measurement is void');
  return statistics;
}

function rest(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
