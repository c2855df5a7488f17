/**
 * Durations counted in buckets of at most 0.8 % width (as HdrHistogram does it), from 1 µs to over an hour: adding is
 * two operations, no value is kept, and histograms of several processes or moments are added up.
 */
const subBuckets = 128;
/** Whole numbers below this have a bucket of their own, µs. */
const exact = 2 * subBuckets;
const octaves = 24;

export const bucketCount: number = exact + octaves * subBuckets;

export class Histogram {
  readonly counts: Float64Array;
  constructor(counts: ArrayLike<number> = new Float64Array(bucketCount)) {
    if (counts.length !== bucketCount) throw new RangeError(`a histogram has ${bucketCount} buckets`);
    this.counts = Float64Array.from(counts);
  }

  /** `ms`: what is below zero counts as zero, what is beyond the last bucket in it. */
  add(ms: number): void {
    this.counts[bucketOf(ms * 1000)]!++;
  }

  addAll(other: ArrayLike<number>): void {
    for (let bucket = 0; bucket < bucketCount; bucket++) this.counts[bucket]! += other[bucket]!;
  }

  clear(): void {
    this.counts.fill(0);
  }

  get total(): number {
    let total = 0;
    for (const count of this.counts) total += count;
    return total;
  }

  /** ms that this share of the values (0 to 1) does not exceed, to the upper edge of its bucket; 0 without values. */
  quantile(share: number): number {
    const wanted = Math.max(1, Math.ceil(this.total * share));
    let seen = 0;
    for (let bucket = 0; bucket < bucketCount; bucket++) {
      seen += this.counts[bucket]!;
      if (seen >= wanted) return upperEdge(bucket) / 1000;
    }
    return 0;
  }
}

/** Of a duration in µs. */
function bucketOf(microseconds: number): number {
  const value = Math.max(0, Math.floor(microseconds));
  if (value < exact) return value;
  const octave = Math.floor(Math.log2(value)) - Math.log2(subBuckets);
  if (octave > octaves) return bucketCount - 1;
  return exact + (octave - 1) * subBuckets + Math.floor(value / 2 ** octave) - subBuckets;
}

/** µs. */
function upperEdge(bucket: number): number {
  if (bucket < exact) return bucket + 1;
  const octave = 1 + Math.floor((bucket - exact) / subBuckets);
  return (subBuckets + ((bucket - exact) % subBuckets) + 1) * 2 ** octave;
}

/** What is told of a histogram; ms. */
export interface Quantiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly largest: number;
}

export function quantiles(histogram: Histogram): Quantiles {
  const at = (share: number) => Math.round(histogram.quantile(share) * 1000) / 1000;
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), largest: at(1) };
}
