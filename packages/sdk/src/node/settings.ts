/** Settings of a program, read once and checked whole: from a JSON file, or from the environment. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Everything that is wrong, a line each. */
export class SettingsError extends Error {
  override name = 'SettingsError';
}

/** Adds what is wrong to `problems`, and returns the value to use. */
export interface Check<T> {
  (value: unknown, at: Place): T;
  readonly optional?: boolean;
}

export interface Place {
  /** The field in words, e.g. `banks[2].code`. */
  readonly name: string;
  /** What relative paths are relative to. */
  readonly folder: string;
  readonly problems: string[];
}

function wrong(at: Place, expected: string, value: unknown): void {
  at.problems.push(`${at.name}: expected ${expected}, got ${value === undefined ? 'nothing' : JSON.stringify(value)}`);
}

function checking<T>(expected: string, holds: (value: unknown) => boolean): Check<T> {
  return (value, at) => {
    if (!holds(value)) wrong(at, expected, value);
    return value as T;
  };
}

export function text(pattern: RegExp, expected: string): Check<string> {
  return checking(expected, (value) => typeof value === 'string' && pattern.test(value));
}

export function integer(least: number, most: number): Check<number> {
  const fits = (value: unknown) =>
    Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
  return checking(`a whole number from ${least} to ${most}`, fits);
}

export function number(least: number, most: number): Check<number> {
  const fits = (value: unknown) => typeof value === 'number' && value >= least && value <= most;
  return checking(`a number from ${least} to ${most}`, fits);
}

export function oneOf<T extends string>(...choices: readonly T[]): Check<T> {
  return checking(`one of ${choices.join(', ')}`, (value) => choices.includes(value as T));
}

/** A path; relative ones are made absolute. */
export const path: Check<string> = (value, at) => {
  if (typeof value === 'string' && value !== '') return resolve(at.folder, value);
  wrong(at, 'a path', value);
  return '';
};

export function optional<T>(check: Check<T>): Check<T> {
  return Object.assign((value: unknown, at: Place) => check(value, at), { optional: true });
}

export function listOf<T>(check: Check<T>): Check<readonly T[]> {
  return (value, at) => {
    if (!Array.isArray(value)) wrong(at, 'a list', value);
    const items = Array.isArray(value) ? value : [];
    return items.map((item, index) => check(item, { ...at, name: `${at.name}[${index}]` }));
  };
}

export type Fields<T> = { readonly [K in keyof T]-?: Check<NonNullable<T[K]>> };

/** An object with these fields and no others. */
export function shape<T>(fields: Fields<T>): Check<T> {
  return (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) wrong(at, 'an object', value);
    const given = Object(value) as Record<string, unknown>;
    const placeOf = (name: string) => ({ ...at, name: at.name ? `${at.name}.${name}` : name });
    for (const name of Object.keys(given)) {
      if (!(name in fields)) at.problems.push(`${placeOf(name).name}: no such setting`);
    }
    const checked: Record<string, unknown> = {};
    for (const [name, check] of Object.entries(fields) as [string, Check<unknown>][]) {
      if (given[name] !== undefined || !check.optional) checked[name] = check(given[name], placeOf(name));
    }
    return checked as T;
  };
}

/**
 * Reads the JSON file named by the program's first argument; without one, the environment: `signingKey` is
 * `CLEARWAY_SIGNING_KEY`, and what is not a plain text is JSON.
 * @throws SettingsError naming every fault
 */
export function readSettings<T>(
  fields: Fields<T>,
  program: {
    readonly arguments: readonly string[];
    readonly environment: Readonly<Record<string, string | undefined>>;
  },
): T {
  const file = program.arguments[0];
  const problems: string[] = [];
  const given = file ? readFile(file) : readEnvironment(fields, program.environment);
  const folder = file ? dirname(resolve(file)) : process.cwd();
  const settings = shape(fields)(given, { name: '', folder, problems });
  if (problems.length > 0) throw new SettingsError(`settings of ${file ?? 'the environment'}:\n${problems.join('\n')}`);
  return Object.freeze(settings);
}

function readFile(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new SettingsError(`cannot read the settings file ${file}: ${(error as Error).message}`);
  }
}

function readEnvironment<T>(
  fields: Fields<T>,
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  for (const [name, check] of Object.entries(fields) as [string, Check<unknown>][]) {
    const variable = `CLEARWAY_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
    const value = environment[variable];
    if (value === undefined) continue;
    const problems: string[] = [];
    check(value, { name, folder: '', problems });
    given[name] = problems.length === 0 ? value : parsed(value);
  }
  return given;
}

/** Text that is no JSON stays text, for the check to complain about. */
function parsed(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
