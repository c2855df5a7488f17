/** Runs the tests of a module over each of its mutants: one that no test notices has survived. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Mutant, mutantsOf } from './mutants.ts';

export interface Subject {
  /** Compiled module, from the root of the repository. */
  readonly module: string;
  /** Test files that have to notice, the quickest first. */
  readonly tests: readonly string[];
}

export interface Outcome {
  readonly module: string;
  readonly mutant: Mutant;
  /** The test file that noticed; undefined: it has survived. */
  readonly killedBy: string | undefined;
}

const root = new URL('../../../', import.meta.url);
const register = new URL('register.js', import.meta.url).href;
/** A mutant may never end; the tests end in far less, ms. */
const patienceMs = 240_000;

/** `every`: only each n-th mutant, from the first on. */
export async function runMutants(
  subjects: readonly Subject[],
  every: number,
  onOutcome: (outcome: Outcome, left: number) => void,
): Promise<Outcome[]> {
  const work = subjects.flatMap(({ module, tests }) => {
    const text = readFileSync(new URL(module, root), 'utf8');
    return mutantsOf(module, text).map((mutant) => ({ module, mutant, tests }));
  });
  const left = work.filter((_, index) => index % every === 0);
  const outcomes: Outcome[] = [];
  const next = async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) {
      const { module, mutant, tests } = one;
      const outcome = { module, mutant, killedBy: await killerOf(module, mutant, tests) };
      outcomes.push(outcome);
      onOutcome(outcome, left.length);
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, next));
  return outcomes;
}

async function killerOf(module: string, mutant: Mutant, tests: readonly string[]): Promise<string | undefined> {
  const { from, to, instead } = mutant;
  const replacement = JSON.stringify({ url: new URL(module, root).href, from, to, instead });
  for (const test of tests)
    if (!(await passes(['--import', `${register}?${encodeURIComponent(replacement)}`, '--test-force-exit', test])))
      return test;
  return undefined;
}

/** @throws Error when the tests fail without a mutant too: nothing can be learnt from them then */
export async function mustPass(subjects: readonly Subject[]): Promise<void> {
  for (const test of new Set(subjects.flatMap(({ tests }) => tests)))
    if (!(await passes(['--test-force-exit', test]))) throw new Error(`${test} fails as it is`);
}

/** Whether all do; the first that does not ends the rest. */
function passes(args: readonly string[]): Promise<boolean> {
  return new Promise((resolve, reject) => {
    // Under a test runner its child would report to it in its own binary form.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const options = { cwd: fileURLToPath(root), timeout: patienceMs, env };
    const child = spawn(process.execPath, ['--test-reporter=tap', ...args], options);
    child.stdin.end();
    child.stderr.resume();
    let isFailed = false;
    createInterface(child.stdout).on('line', (line) => {
      if (!/^ *not ok /.test(line)) return;
      isFailed = true;
      child.kill('SIGKILL');
    });
    child.on('error', reject);
    child.on('close', (code) => resolve(code === 0 && !isFailed));
  });
}
