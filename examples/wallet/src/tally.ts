import type { Latency, WalletStatistics } from './report.ts';

/** Counts since the start of the process, and latencies since they were last read. */
export interface Tally {
  readonly counts: Counts;
  refused(reason: string): void;
  failed(reason: string): void;
  took(ms: number): void;
  /** Reads the latencies and begins anew. */
  readLatency(): Latency;
}

type Counted = 'sent' | 'succeeded' | 'failed' | 'refused' | 'unknown' | 'enquiries' | 'delayed';

export type Counts = { -readonly [K in Counted]: WalletStatistics[K] } & {
  readonly refusals: Record<string, number>;
  readonly failures: Record<string, number>;
};

export function createTally(): Tally {
  const counts: Counts = {
    ...{ sent: 0, succeeded: 0, failed: 0, refused: 0, unknown: 0, enquiries: 0, delayed: 0 },
    refusals: {},
    failures: {},
  };
  let latencies: number[] = [];

  return {
    counts,
    refused(reason) {
      counts.refused += 1;
      counts.refusals[reason] = (counts.refusals[reason] ?? 0) + 1;
    },
    failed(reason) {
      counts.failed += 1;
      counts.failures[reason] = (counts.failures[reason] ?? 0) + 1;
    },
    took: (ms) => void latencies.push(ms),
    readLatency() {
      const sorted = Float64Array.from(latencies).sort();
      latencies = [];
      return summarize(sorted);
    },
  };
}

/** `sorted` ascending, ms. All zero when there are none. */
export function summarize(sorted: Float64Array): Latency {
  const at = (share: number) => round(sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0);
  return { count: sorted.length, p50: at(0.5), p90: at(0.9), p99: at(0.99), largest: at(1) };
}

const round = (ms: number) => Math.round(ms * 100) / 100;
