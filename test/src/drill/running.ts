/** The processes of a world by name. */
import { existsSync, readFileSync } from 'node:fs';
import { until } from '../until.ts';
import type { Stage } from './drill.ts';

/** Undefined while it is down. */
export function pidOf({ world }: Pick<Stage, 'world'>, name: string): number | undefined {
  return world.processes().find((one) => one.name === name)?.pid;
}

export async function runningPid(stage: Pick<Stage, 'world'>, name: string): Promise<number> {
  await until(`${name} runs`, () => pidOf(stage, name) !== undefined);
  return pidOf(stage, name)!;
}

/** How often it was started again. */
export function restartsOf({ world }: Pick<Stage, 'world'>, name: string): number {
  return world.processes().find((one) => one.name === name)!.restarts;
}

export async function serves({ world }: Pick<Stage, 'world'>, name: string): Promise<void> {
  await until(`${name} serves`, () => world.processes().find((one) => one.name === name)!.ready);
}

/** How often a log says so. */
export function occurrences(file: string, words: RegExp): number {
  return existsSync(file) ? [...readFileSync(file, 'utf8').matchAll(words)].length : 0;
}
