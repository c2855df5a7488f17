/**
 * Counters, gauges and histograms, and their text for Prometheus (exposition format 0.0.4).
 *
 * Names begin with `clearway_` and the stage (`gateway`, `journal`, …); times are in seconds. Label values come from
 * closed sets (routes, reasons, kinds, codes of known participants): never anything that a person sent.
 */

export interface Counter {
  /** One more of what the label values say, given in the order of the label names. */
  count(...labels: readonly string[]): void;
  value(...labels: readonly string[]): number;
}

export interface Histogram {
  /** A duration in milliseconds, 0 or more. */
  record(durationMs: number, ...labels: readonly string[]): void;
  /** The same duration so many times. */
  recordMany(times: number, durationMs: number, ...labels: readonly string[]): void;
  /** Upper bound, in milliseconds, of the bucket that holds the quantile `q` (0 to 1) over all labels; 0 while empty. */
  quantile(q: number): number;
}

export interface Metrics {
  counter(name: string, help: string, labels: readonly string[]): Counter;
  /** `read` is asked whenever the text is written. */
  gauge(name: string, help: string, read: () => number): void;
  /** A gauge for each value of one label. */
  gauges(name: string, help: string, label: string, read: () => Readonly<Record<string, number>>): void;
  histogram(name: string, help: string, labels: readonly string[]): Histogram;
  text(): string;
}

export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';

/** Each doubling from the least bound is divided evenly in this many buckets: at most 25 % of error. */
const bucketsPerDoubling = 4;
const doublings = 17;
/** 128 µs; the last bound is 128 µs × 2^17, nearly 17 s. */
const leastBoundMs = 0.128;

const bounds: readonly number[] = [
  leastBoundMs,
  ...Array.from({ length: doublings * bucketsPerDoubling }, (_, index) => {
    const doubling = Math.floor(index / bucketsPerDoubling);
    const part = (index % bucketsPerDoubling) + 1;
    return leastBoundMs * 2 ** doubling * (1 + part / bucketsPerDoubling);
  }),
];

/** Place of the first bound that is not below the duration; `bounds.length` when all are. */
function bucketOf(durationMs: number): number {
  if (durationMs <= leastBoundMs) return 0;
  const ratio = durationMs / leastBoundMs;
  const doubling = Math.floor(Math.log2(ratio));
  const part = Math.ceil((ratio / 2 ** doubling - 1) * bucketsPerDoubling);
  return Math.min(doubling * bucketsPerDoubling + part, bounds.length);
}

interface Family {
  write(lines: string[]): void;
}

export function createMetrics(): Metrics {
  const families = new Map<string, Family>();
  const add = (name: string, family: Family): void => {
    if (families.has(name)) throw new Error(`metric ${name} is declared twice: declare it once and pass it on`);
    families.set(name, family);
  };
  return {
    counter(name, help, labels) {
      const series = new Map<string, number>();
      add(name, {
        write(lines) {
          lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} counter`);
          for (const [key, value] of series) lines.push(`${name}${braces(labels, key)} ${value}`);
        },
      });
      return {
        count(...values) {
          const key = values.join('\n');
          series.set(key, (series.get(key) ?? 0) + 1);
        },
        value: (...values) => series.get(values.join('\n')) ?? 0,
      };
    },

    gauge(name, help, read) {
      add(name, {
        write(lines) {
          lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, `${name} ${number(read())}`);
        },
      });
    },

    gauges(name, help, label, read) {
      add(name, {
        write(lines) {
          lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`);
          for (const [key, value] of Object.entries(read()))
            lines.push(`${name}${braces([label], key)} ${number(value)}`);
        },
      });
    },

    histogram(name, help, labels) {
      const series = new Map<string, { readonly counts: Float64Array; sumMs: number }>();
      add(name, {
        write(lines) {
          lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} histogram`);
          for (const [key, { counts, sumMs }] of series) {
            let sum = 0;
            counts.forEach((count, index) => {
              sum += count;
              const bound = index < bounds.length ? seconds(bounds[index]!) : '+Inf';
              lines.push(`${name}_bucket${braces([...labels, 'le'], key === '' ? bound : `${key}\n${bound}`)} ${sum}`);
            });
            lines.push(`${name}_sum${braces(labels, key)} ${seconds(sumMs)}`);
            lines.push(`${name}_count${braces(labels, key)} ${sum}`);
          }
        },
      });
      const recordMany = (times: number, durationMs: number, ...values: readonly string[]) => {
        const key = values.join('\n');
        let one = series.get(key);
        if (!one) {
          one = { counts: new Float64Array(bounds.length + 1), sumMs: 0 };
          series.set(key, one);
        }
        one.counts[bucketOf(durationMs)]! += times;
        one.sumMs += times * durationMs;
      };
      return {
        recordMany,
        record: (durationMs, ...values) => recordMany(1, durationMs, ...values),
        quantile(q) {
          const counts = new Float64Array(bounds.length + 1);
          let total = 0;
          for (const one of series.values()) {
            one.counts.forEach((count, index) => {
              counts[index]! += count;
              total += count;
            });
          }
          let seen = 0;
          for (let index = 0; index < counts.length && total > 0; index++) {
            seen += counts[index]!;
            if (seen >= q * total) return bounds[Math.min(index, bounds.length - 1)]!;
          }
          return 0;
        },
      };
    },

    text() {
      const lines: string[] = [];
      for (const family of families.values()) family.write(lines);
      return `${lines.join('\n')}\n`;
    },
  };
}

/** As the format writes numbers. */
function number(value: number): string {
  return Number.isFinite(value) || Number.isNaN(value) ? String(value) : value > 0 ? '+Inf' : '-Inf';
}

function seconds(ms: number): string {
  return String(Number((ms / 1000).toPrecision(12)));
}

function braces(labels: readonly string[], key: string): string {
  if (labels.length === 0) return '';
  const values = key.split('\n');
  return `{${labels.map((label, index) => `${label}="${escapeLabel(values[index] ?? '')}"`).join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"');
}
