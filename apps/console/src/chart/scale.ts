/** From values to places on a drawing: pure, so that what a chart shows can be checked without one. */

/** A round number at or above, and how far apart its marks stand: 1, 2 or 5 times a power of ten. */
export function niceScale(largest: number, marks = 4): { readonly top: number; readonly step: number } {
  if (!(largest > 0)) return { top: 1, step: 1 };
  const rough = largest / marks;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? rough;
  return { top: Math.ceil(largest / step) * step, step };
}

/** What one column of pixels shows of all values that fall into it: nothing that stood out may be lost. */
export interface Bucket {
  readonly at: number;
  readonly least: number;
  readonly most: number;
  readonly last: number;
}

/** At most so many buckets; null where nothing was known in all of a bucket. */
export function toBuckets(values: readonly (number | null)[], mostBuckets: number): readonly (Bucket | null)[] {
  const size = Math.max(1, Math.ceil(values.length / Math.max(1, mostBuckets)));
  const buckets: (Bucket | null)[] = [];
  for (let from = 0; from < values.length; from += size) {
    const known = values.slice(from, from + size).filter((value): value is number => value !== null);
    const at = from + (Math.min(size, values.length - from) - 1) / 2;
    buckets.push(
      known.length === 0
        ? null
        : { at, least: Math.min(...known), most: Math.max(...known), last: known[known.length - 1] },
    );
  }
  return buckets;
}

/** The path of a line through buckets; a gap stays a gap, and a lone value a dot. */
export function linePath(
  buckets: readonly (Bucket | null)[],
  x: (at: number) => number,
  y: (value: number) => number,
): string {
  const parts: string[] = [];
  let isOpen = false;
  for (const [index, bucket] of buckets.entries()) {
    if (bucket === null) {
      isOpen = false;
      continue;
    }
    const [left, high, low, end] = [x(bucket.at), y(bucket.most), y(bucket.least), y(bucket.last)].map(round);
    parts.push(`${isOpen ? 'L' : 'M'}${left} ${high}`);
    if (low !== high) parts.push(`L${left} ${low}`);
    if (end !== low && low !== high) parts.push(`L${left} ${end}`);
    if (!isOpen && (buckets[index + 1] ?? null) === null) parts.push('h0.01');
    isOpen = true;
  }
  return parts.join('');
}

/** The area between two lines, in pieces where there is something on both. */
export function bandPath(
  least: readonly (number | null)[],
  most: readonly (number | null)[],
  x: (at: number) => number,
  y: (value: number) => number,
): string {
  const pieces: string[] = [];
  let upper: string[] = [];
  let lower: string[] = [];
  const end = () => {
    if (upper.length > 1) pieces.push(`M${upper.join('L')}L${lower.reverse().join('L')}Z`);
    upper = [];
    lower = [];
  };
  for (let at = 0; at < most.length; at++) {
    const [low, high] = [least[at] ?? null, most[at] ?? null];
    if (low === null || high === null) {
      end();
      continue;
    }
    upper.push(`${round(x(at))} ${round(y(high))}`);
    lower.push(`${round(x(at))} ${round(y(low))}`);
  }
  end();
  return pieces.join('');
}

const round = (value: number) => Math.round(value * 10) / 10;

/** Which of `count` shades a value has, 0 for nothing at all; the square root keeps small ones apart. */
export function shadeOf(value: number, largest: number, count: number): number {
  if (value <= 0 || largest <= 0) return 0;
  return Math.min(count - 1, 1 + Math.floor(Math.sqrt(value / largest) * (count - 1.001)));
}
