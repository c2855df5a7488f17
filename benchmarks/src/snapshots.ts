/** What a snapshot keeps the cell from: pieces of work between batches, and batches that meet pages not copied yet. */
import { applyBatch, beginSnapshot, createState, Effects } from '@clearway/core';
import { realCrypto } from '@clearway/ports/real';
import { batchSize, payoutBatches, prepare, startedAt } from './payouts.ts';

interface Times {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly largestMs: number;
}

interface Taken {
  readonly pages: number;
  readonly megabytes: number;
  /** Begin, then each page: copied, and in another turn hashed. */
  readonly beginMs: number;
  readonly copy: Times;
  readonly hash: Times;
  /** Batches of 500 commands that came between. */
  readonly batch: Times;
}

export interface SnapshotsResult {
  readonly remembered: number;
  /** Batches while no copy is under way. */
  readonly batch: Times;
  readonly whole: Taken;
  /** After 100,000 more payments. */
  readonly changes: Taken;
}

export function benchSnapshots(remembered: number, say: (text: string) => void): SnapshotsResult {
  const state = createState(1, 1);
  const effects = new Effects();
  const batches = payoutBatches();
  let sequence = 0;
  let payments = 0;
  const run = (facts: Uint8Array) => {
    effects.clear();
    applyBatch(state, ++sequence, startedAt + sequence, facts, effects);
  };
  const timed = (times: number[], work: () => void) => {
    const began = performance.now();
    work();
    times.push(performance.now() - began);
  };
  const pay = (times: number[]) => {
    timed(times, () => run(batches.submissions(payments, startedAt + sequence)));
    timed(times, () => run(batches.answers(payments)));
    payments += batchSize;
  };
  const payOn = (until: number): Times => {
    const times: number[] = [];
    while (payments < until) pay(times);
    return quantiles(times);
  };
  const take = (): Taken => {
    const [begin, copies, hashes, between]: number[][] = [[], [], [], []];
    let bytes = 0;
    let copy!: ReturnType<typeof beginSnapshot>;
    timed(begin, () => {
      copy = beginSnapshot(state, true);
    });
    for (;;) {
      let next: ReturnType<typeof copy.next>;
      timed(copies, () => {
        next = copy.next();
      });
      if (next === undefined) break;
      const page = next.bytes;
      if (page === undefined) continue;
      pay(between);
      bytes += page.length;
      timed(hashes, () => realCrypto.sha256(page));
      pay(between);
    }
    copy.end(true);
    return {
      pages: hashes.length,
      megabytes: Math.round(bytes / 1e6),
      beginMs: rounded(begin[0]),
      copy: quantiles(copies),
      hash: quantiles(hashes),
      batch: quantiles(between),
    };
  };

  prepare(run);
  say(`${remembered} payments`);
  payOn(remembered - 500_000);
  const batch = payOn(remembered);
  say('a whole snapshot');
  const whole = take();
  payOn(payments + 100_000);
  say('a snapshot of what has changed');
  return { remembered, batch, whole, changes: take() };
}

const rounded = (ms: number) => Math.round(ms * 100) / 100;

function quantiles(times: number[]): Times {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part: number) => rounded(sorted[Math.floor(part * (sorted.length - 1))]);
  return { p50Ms: at(0.5), p99Ms: at(0.99), largestMs: at(1) };
}
