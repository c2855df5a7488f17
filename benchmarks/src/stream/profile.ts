/** V8 profiles of the processes, summed by module and stage: where the microseconds of a payment go. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Stage, stageOf } from './stages.ts';

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Shares of the time in which the thread was not idle. */
export interface Shares {
  /** Of the main thread alone. */
  readonly stages: Readonly<Partial<Record<Stage, number>>>;
  readonly modules: Readonly<Record<string, number>>;
  readonly functions: Readonly<Record<string, number>>;
}

const mostFunctions = 25;
/** CPU.day.time.process.thread.serial.cpuprofile */
const mainThread = /^CPU\.\d+\.\d+\.\d+\.0\./;

/** V8 options that write a profile of every thread into the folder when the process ends. */
export const profileInto = (folder: string): string[] => ['--cpu-prof', `--cpu-prof-dir=${folder}`];

/** All profiles in the folder, added up. */
export function sharesOf(folder: string): Shares {
  const modules = new Map<string, number>();
  const functions = new Map<string, number>();
  const stages = new Map<Stage, number>();
  let total = 0;
  let ofMain = 0;
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'))) {
    const { nodes, samples, timeDeltas }: Profile = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    const isMain = mainThread.test(file);
    const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
    samples.forEach((sample, index) => {
      const { functionName, url, lineNumber } = frames.get(sample)!;
      if (functionName === '(idle)') return;
      const spent = timeDeltas[index]!;
      const module = moduleOf(url, functionName);
      modules.set(module, (modules.get(module) ?? 0) + spent);
      const place = url === '' ? functionName : `${functionName || 'anonymous'} ${module}:${lineNumber + 1}`;
      functions.set(place, (functions.get(place) ?? 0) + spent);
      total += spent;
      if (!isMain) return;
      const stage = stageOf(module, functionName);
      stages.set(stage, (stages.get(stage) ?? 0) + spent);
      ofMain += spent;
    });
  }
  return {
    stages: largest(stages, ofMain) as Shares['stages'],
    modules: largest(modules, total),
    functions: largest(functions, total),
  };
}

/** `packages/core/dist/payment/flight.js` is `core/payment/flight`; what has no file is named by its kind. */
function moduleOf(url: string, functionName: string): string {
  if (url.startsWith('wasm')) return 'hashes in lanes';
  if (url.startsWith('node:')) return 'node';
  if (url === '') return functionName.startsWith('(') ? functionName : 'native';
  const [, project, path] = /([^/]+)\/dist\/(.+)\.js$/.exec(url) ?? [];
  return path === undefined ? (/node_modules\/([^/]+)/.exec(url)?.[1] ?? 'other') : `${project}/${path}`;
}

function largest(spent: ReadonlyMap<string, number>, total: number): Record<string, number> {
  const sorted = [...spent].sort(([, a], [, b]) => b - a).slice(0, mostFunctions);
  return Object.fromEntries(sorted.map(([name, time]) => [name, Math.round((time / total) * 1000) / 1000]));
}
