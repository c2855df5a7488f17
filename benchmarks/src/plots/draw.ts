/** Keeps results as JSON in benchmarks/results, and draws what is kept as SVG beside it. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type {
  CloseCycleResult,
  CurvePoint,
  InstitutionsPoint,
  OverloadResult,
  PlainResult,
} from '../stream/bench-stream.ts';
import type { HeldRow } from '../stream/held.ts';
import { type Chart, drawChart, type Line } from './chart.ts';

/** A line of the benchmark of the stream, as it is kept. */
export interface Kept {
  readonly part: string;
  readonly settings?: { readonly tls?: boolean };
  readonly at: string;
  readonly machine: { readonly cores: number; readonly model: string };
}

/** The same place seen from src and from dist. */
const results = fileURLToPath(new URL('../../results/', import.meta.url));
const prefix = 'stream-';

export function save(line: Kept): void {
  mkdirSync(results, { recursive: true });
  writeFileSync(
    join(results, `${prefix}${line.part}${variantOf(line)}.json`),
    `${JSON.stringify(line, undefined, 2)}\n`,
  );
  draw(line);
}

export function drawAll(): void {
  if (!existsSync(results)) return;
  for (const name of readdirSync(results)) {
    if (name.startsWith(prefix) && name.endsWith('.json')) draw(JSON.parse(readFileSync(join(results, name), 'utf8')));
  }
}

function draw(line: Kept): void {
  for (const [name, chart] of Object.entries(chartsOf(line)))
    writeFileSync(join(results, `${prefix}${name}${variantOf(line)}.svg`), drawChart(chart));
}

/** What is measured once more to see what TLS costs is kept beside. */
const variantOf = ({ settings }: Kept) => (settings?.tls === false ? '-no-tls' : '');

/** Pictures of one line by name; none for what is a number or two. */
export function chartsOf(line: Kept): Record<string, Chart> {
  const note = `${line.machine.cores} cores of ${line.machine.model}, load and banks on them too; ${line.at.slice(0, 10)}`;
  switch (line.part) {
    case 'run':
      return runCharts(line as Kept & PlainResult, note, line.settings?.tls === false);
    case 'curve':
      return curveCharts((line as Kept & { points: CurvePoint[] }).points, note);
    case 'close-cycle':
      return closeCycleCharts(line as Kept & CloseCycleResult, note);
    case 'overload':
      return overloadCharts(line as Kept & OverloadResult, note);
    case 'institutions':
      return institutionsCharts((line as Kept & { points: InstitutionsPoint[] }).points, note);
    case 'held':
      return heldCharts((line as Kept & { rows: HeldRow[] }).rows, note);
    default:
      return {};
  }
}

const milliseconds = { label: 'latency from the intended time of sending, ms', scale: 'log' } as const;
const seconds = { label: 'seconds', scale: 'linear' } as const;

function runCharts(
  { run, paymentsPerSecond, timeline }: PlainResult,
  note: string,
  isPlain: boolean,
): Record<string, Chart> {
  const what = `${paymentsPerSecond.toLocaleString('en-US')} whole payments a second for ${run.seconds} s`;
  const title = isPlain ? `${what}, without TLS` : what;
  const lines = quantileLines(timeline, ['p50', 'p99']);
  return { run: { title, note, x: seconds, y: milliseconds, lines } };
}

function curveCharts(points: readonly CurvePoint[], note: string): Record<string, Chart> {
  const counts = [...new Set(points.map(({ links }) => links))];
  const lines = counts.flatMap((links) =>
    (['p50', 'p99'] as const).map((quantile) => ({
      name: `${links} links, ${quantile}`,
      points: points
        .filter((point) => point.links === links)
        .map(({ paymentsPerSecond, latencyMs }) => ({ x: paymentsPerSecond, y: latencyMs[quantile] })),
    })),
  );
  const x = { label: 'payments a second', scale: 'linear' } as const;
  return { curve: { title: 'Latency against rate', note, x, y: milliseconds, lines } };
}

function closeCycleCharts({ rate, cutAt, timeline }: CloseCycleResult, note: string): Record<string, Chart> {
  const title = `A cycle closes at ${rate.toLocaleString('en-US')} payments a second`;
  const marks = [{ x: cutAt, name: 'cut-off' }];
  const lines = quantileLines(timeline, ['p50', 'p99', 'largest']);
  return { 'close-cycle': { title, note, x: seconds, y: milliseconds, lines, marks } };
}

function overloadCharts({ times, timelines }: OverloadResult, note: string): Record<string, Chart> {
  const lineOf = (name: string, timeline: PlainResult['timeline']): Line => ({
    name,
    points: timeline.map(({ outcomes }, quarter) => ({ x: quarter / 4, y: outcomes * 4 })),
  });
  const lines = [lineOf('at the rated load', timelines.rated), lineOf(`at ${times} times that`, timelines.overloaded)];
  const y = { label: 'payments a second that ended', scale: 'linear' } as const;
  return { overload: { title: 'What is carried under overload', note, x: seconds, y, lines } };
}

function institutionsCharts(points: readonly InstitutionsPoint[], note: string): Record<string, Chart> {
  const measured = points.flatMap(({ institutions, cpuMicroseconds }) =>
    cpuMicroseconds ? [{ institutions, cpuMicroseconds }] : [],
  );
  const processes = ['cell', 'load', 'banks'] as const;
  const lines = processes.map((name) => ({
    name,
    points: measured.map(({ institutions, cpuMicroseconds }) => ({
      x: institutions,
      y: cpuMicroseconds[name]!.total!,
    })),
  }));
  const x = { label: 'institutions and banks that sign', scale: 'log' } as const;
  const y = { label: 'processor time a payment, µs', scale: 'linear' } as const;
  return measured.length === 0
    ? {}
    : { institutions: { title: 'Cost against the number of signers', note, x, y, lines } };
}

function heldCharts(rows: readonly HeldRow[], note: string): Record<string, Chart> {
  const lines = [{ name: 'the core', points: rows.map(({ held, microseconds }) => ({ x: held, y: microseconds })) }];
  const x = { label: 'payments remembered', scale: 'log' } as const;
  const y = { label: 'processor time a payment, µs', scale: 'linear' } as const;
  return { held: { title: 'Cost of a payment against payments remembered', note, x, y, lines } };
}

function quantileLines(timeline: PlainResult['timeline'], quantiles: readonly ('p50' | 'p99' | 'largest')[]): Line[] {
  return quantiles.map((name) => ({
    name,
    points: timeline.flatMap((quarter, index) => (quarter.outcomes > 0 ? [{ x: index / 4, y: quarter[name] }] : [])),
  }));
}
