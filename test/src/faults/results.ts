/** What was measured last, kept as small JSON files under test/results; what is not there is not made up. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Result } from '../drill/drill.ts';

export interface Simulation {
  readonly runs: number;
  readonly broken: readonly { readonly seed: number }[];
  /** Of a clock on the wall. */
  readonly seconds: number;
  readonly virtualDays: number;
  readonly payments: number;
  readonly messages: number;
  readonly batches: number;
  readonly cycles: number;
  readonly cellProcesses: number;
  readonly checks: number;
  readonly faults: number;
  readonly faultsByKind: Readonly<Record<string, number>>;
}

export interface CrashPoints {
  readonly flows: readonly {
    readonly flow: string;
    readonly points: number;
    readonly runs: number;
    readonly broken: number;
    readonly checks: number;
  }[];
  readonly seconds: number;
}

export interface Planted {
  readonly builds: number;
  readonly found: number;
  readonly missed: readonly string[];
  readonly seconds: number;
}

export interface Mutation {
  /** Percent. */
  readonly score: number;
  readonly mutants: number;
  readonly killed: number;
  readonly survived: number;
  readonly seconds: number;
}

export interface Results {
  readonly simulation: Simulation | undefined;
  readonly crashPoints: CrashPoints | undefined;
  /** Of points of the money flows. */
  readonly crashPairs: CrashPoints | undefined;
  readonly planted: Planted | undefined;
  readonly mutation: Mutation | undefined;
  readonly drills: readonly Result[];
}

/** Each by the script of package.json that measures it; it prints its JSON as its last line. */
export const measures = {
  simulation: ['sim', '--seed', '4000', '--runs', '100', '--days', '1', '--rate', '1.2', '--jobs', '2', '--json'],
  'crash-points': ['sim', '--crash-points', '--json'],
  'crash-pairs': ['sim', '--crash-points', '--pairs', '--json'],
  planted: ['sim', '--planted', '--json'],
  mutation: ['mutate', '--json'],
} as const;
export type Measure = keyof typeof measures;
export const measureNames = Object.keys(measures) as Measure[];

const folder = fileURLToPath(new URL('../../results/', import.meta.url));
const fileOf = (measure: Measure) => `${folder}${measure}.json`;

export function readResults(): Results {
  const read = <T>(file: string) => (existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as T) : undefined);
  const drills = existsSync(`${folder}drills`) ? readdirSync(`${folder}drills`).sort() : [];
  return {
    simulation: read(fileOf('simulation')),
    crashPoints: read(fileOf('crash-points')),
    crashPairs: read(fileOf('crash-pairs')),
    planted: read(fileOf('planted')),
    mutation: read(fileOf('mutation')),
    drills: drills.map((name) => read<Result>(`${folder}drills/${name}`)!),
  };
}

/** Without what only a machine wants to read. */
export function keepResult(measure: Measure, line: string): void {
  const { hashes: _, ...result } = JSON.parse(line);
  writeFileSync(fileOf(measure), `${JSON.stringify(result, undefined, 2)}\n`);
}
