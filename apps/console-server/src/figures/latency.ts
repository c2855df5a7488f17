/** Latencies as counts in buckets, which can be added and taken from each other, so that a window has its own quantiles. */

/** Upper bounds in ms with the number of durations not above each and above the one before. */
export interface Latencies {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
}

export const noLatencies: Latencies = { bounds: [], counts: [] };

/** A histogram of the cell's metrics, in the text that Prometheus reads; its counts there are cumulative. */
export function readLatencies(metricsText: string, name: string): Latencies {
  const bounds: number[] = [];
  const counts: number[] = [];
  let before = 0;
  for (const [, bound, total] of metricsText.matchAll(
    new RegExp(`^${name}_bucket\\{le="([^"]+)"\\} ([0-9.e+]+)$`, 'gm'),
  )) {
    bounds.push(bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound) * 1000);
    counts.push(Number(total) - before);
    before = Number(total);
  }
  return { bounds, counts };
}

/** What came between two readings; undefined when the later one began anew. */
export function between(before: Latencies, after: Latencies): Latencies | undefined {
  if (before.counts.length === 0) return after;
  const counts = after.counts.map((count, index) => count - (before.counts[index] ?? 0));
  return after.counts.length < before.counts.length || counts.some((count) => count < 0)
    ? undefined
    : { bounds: after.bounds, counts };
}

export function sumOf(all: readonly Latencies[]): Latencies {
  const widest = all.reduce((a, b) => (b.bounds.length > a.bounds.length ? b : a), noLatencies);
  const counts = widest.bounds.map((_, index) => all.reduce((sum, one) => sum + (one.counts[index] ?? 0), 0));
  return { bounds: widest.bounds, counts };
}

export const totalOf = ({ counts }: Latencies): number => counts.reduce((sum, count) => sum + count, 0);

/** Upper bound of the bucket with the quantile, ms; null where nothing was measured. */
export function quantileOf({ bounds, counts }: Latencies, q: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let seen = 0;
  const index = counts.findIndex((count) => {
    seen += count;
    return seen >= q * total;
  });
  const bound = bounds[index];
  return Number.isFinite(bound) ? bound : (bounds[index - 1] ?? null);
}
