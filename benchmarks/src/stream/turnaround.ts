/** How long messages were inside the cell, from its own histogram: buckets of at most 25 % width, cumulated since its start. */

/** Messages by upper bound in seconds, of one duration or less. */
export type Turnaround = ReadonlyMap<number, number>;

/** ms; upper bounds of buckets. */
export interface TurnaroundQuantiles {
  readonly messages: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

const bucket = /^clearway_stream_turnaround_seconds_bucket\{le="([^"]+)"\} (\d+)$/gm;

/** From the text for Prometheus. */
export function turnaroundIn(metrics: string): Turnaround {
  const counts = new Map<number, number>();
  for (const [, bound, count] of metrics.matchAll(bucket)) {
    counts.set(bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound), Number(count));
  }
  return counts;
}

/** Of what came between two readings; undefined when nothing did. */
export function turnaroundBetween(before: Turnaround, after: Turnaround): TurnaroundQuantiles | undefined {
  const counts = [...after].map(([bound, count]) => [bound, count - (before.get(bound) ?? 0)] as const);
  const messages = counts.at(-1)?.[1] ?? 0;
  if (messages === 0) return undefined;
  const quantile = (share: number) => {
    const bound = counts.find(([, count]) => count >= messages * share)![0];
    return Math.round(bound * 1e6) / 1e3;
  };
  return { messages, p50: quantile(0.5), p99: quantile(0.99), p999: quantile(0.999) };
}
