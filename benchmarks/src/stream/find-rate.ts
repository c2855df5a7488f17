/** The highest rate that is sustained: nothing turned away or held back, and the latency bounded. */
import type { RailRun, RunningRail } from './run.ts';

export interface Step {
  readonly rate: number;
  readonly sustained: boolean;
  readonly paymentsPerSecond: number;
  readonly p99: number;
}

/** Of a rate that is sustained, ms: a queue that grows passes it within a step. */
const longestP99 = 250;
const stepSeconds = 5;
const warmupSeconds = 2;
const firstRate = 10_000;
const largestRate = 500_000;
/** Doubled until it is too much, then halved in between so many times. */
const halvings = 4;

export function isSustained(run: RailRun): boolean {
  const turnedAway = run.refused + run.notProcessed + run.heldBack + run.unanswered;
  return turnedAway === 0 && run.latencyMs.p99 <= longestP99 && run.paymentsPerSecond >= run.rate * 0.97;
}

export async function findRate(
  rail: RunningRail,
  say: (text: string) => void,
): Promise<{ rate: number; steps: Step[] }> {
  const steps: Step[] = [];
  const isCarried = async (rate: number): Promise<boolean> => {
    const run = await rail.run({ rate, seconds: stepSeconds, warmupSeconds });
    const sustained = isSustained(run);
    const { paymentsPerSecond, latencyMs } = run;
    steps.push({ rate, sustained, paymentsPerSecond, p99: latencyMs.p99 });
    say(`${rate}/s: ${paymentsPerSecond}/s, p99 ${latencyMs.p99} ms${sustained ? '' : ', too much'}`);
    return sustained;
  };
  let [carried, tooMuch] = [0, firstRate];
  while (tooMuch <= largestRate && (await isCarried(tooMuch))) [carried, tooMuch] = [tooMuch, tooMuch * 2];
  for (let i = 0; i < halvings; i++) {
    const between = Math.round((carried + tooMuch) / 2);
    if (await isCarried(between)) carried = between;
    else tooMuch = between;
  }
  if (carried === 0) throw new Error(`not even ${tooMuch} payments a second are carried`);
  return { rate: carried, steps };
}
