/** Two versions of the program, which may run side by side: this one, and a newer one beside it in the same process. */
import { register } from 'node:module';
import { newestRules } from '@clearway/core';
import { createCell, createClearingHouse, joinCells } from '@clearway/server';
import { newerMark } from './load-newer.ts';
import { newerRules } from './newer.ts';

/** What of a program differs from one version to the next. */
export interface Build {
  readonly name: 'this program' | 'the newer program';
  /** Newest that it knows. */
  readonly rules: number;
  readonly createCell: typeof createCell;
  readonly createClearingHouse: typeof createClearingHouse;
  readonly joinCells: typeof joinCells;
}

export const thisBuild: Build = {
  name: 'this program',
  rules: newestRules,
  createCell,
  createClearingHouse,
  joinCells,
};

let loading: Promise<Build> | undefined;

/** Its modules are loaded once, beside those of this program. */
export function newerBuild(): Promise<Build> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Build> {
  register(new URL('./load-newer.js', import.meta.url).href);
  const server = new URL(`../../../server/dist/index.js${newerMark}`, import.meta.url).href;
  const { createCell, createClearingHouse, joinCells } = (await import(server)) as typeof import('@clearway/server');
  return { name: 'the newer program', rules: newerRules, createCell, createClearingHouse, joinCells };
}
