/** Looks for known bad builds, each in a process of its own, as many at once as there are processors. */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { isPatch, mistakes, type Patch, type PlantName, patches } from './index.ts';
import type { Tried } from './try.ts';

export interface Finding {
  readonly build: PlantName;
  readonly mistake: string;
  /** Who found it; undefined: nobody did. */
  readonly foundBy: 'simulator' | 'test' | undefined;
  /** Seed and worlds of the simulator, or the test that failed. */
  readonly after: string;
  /** What gave it away. */
  readonly what: string;
}

export interface Budget {
  /** Worlds at most. */
  readonly worlds: number;
  /** Minutes of traffic in each, virtual. */
  readonly minutes: number;
}

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const tryWorlds = fileURLToPath(new URL('try.js', import.meta.url));
/** A build that has not been found by then never will be, ms. */
const patienceMs = 600_000;

export async function findAll(
  names: readonly PlantName[],
  budget: Budget,
  onFinding: (finding: Finding) => void = () => {},
): Promise<Finding[]> {
  const findings = new Map<PlantName, Finding>();
  const left = [...names];
  const work = async () => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      const finding = await find(name, budget);
      findings.set(name, finding);
      onFinding(finding);
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, work));
  return names.map((name) => findings.get(name)!);
}

async function find(build: PlantName, budget: Budget): Promise<Finding> {
  const patch: Patch | undefined = isPatch(build) ? patches[build] : undefined;
  const found = patch?.test === undefined ? await bySimulator(build, budget) : await byTest(build, patch.test);
  return { build, mistake: mistakes[build], ...found };
}

type Found = Pick<Finding, 'foundBy' | 'after' | 'what'>;

async function bySimulator(build: PlantName, { worlds, minutes }: Budget): Promise<Found> {
  const { output } = await run(build, [tryWorlds, build, '1', `${worlds}`, `${minutes}`]);
  const [loaded, line = ''] = output.split('\n');
  if (loaded !== 'loaded') throw new Error(`${build} cannot be loaded:\n${output}`);
  if (!line.startsWith('{')) return { foundBy: 'simulator', after: 'the first world', what: 'the process ended' };
  const tried = JSON.parse(line) as Tried;
  const after = `${tried.worlds} world${tried.worlds === 1 ? '' : 's'}, ${tried.minutes} min`;
  if (tried.found === undefined) return { foundBy: undefined, after, what: '' };
  const { seed, subject, what } = tried.found;
  return { foundBy: 'simulator', after: `seed ${seed}, ${after}`, what: `${subject}: ${what.split('\n')[0]}` };
}

async function byTest(build: PlantName, test: string): Promise<Found> {
  const { output, code } = await run(build, ['--test-force-exit', '--test-reporter=tap', test]);
  const failed = /^ *not ok \d+ - (.*)$/m.exec(output);
  if (code === 0) return { foundBy: undefined, after: test, what: '' };
  if (failed === null) throw new Error(`${test} did not run with ${build}:\n${output}`);
  return { foundBy: 'test', after: test, what: failed[1] };
}

/** What Node takes to load a build. */
export const loaderOf = (build: PlantName): string[] =>
  isPatch(build) ? ['--import', new URL(`register.js?${build}`, import.meta.url).href] : [];

/** A process with the build loaded; what it said on both channels. */
function run(build: PlantName, args: readonly string[]): Promise<{ output: string; code: number | null }> {
  return new Promise((resolve, reject) => {
    // Under a test runner its child would report to it in its own binary form.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const child = spawn(process.execPath, [...loaderOf(build), ...args], { cwd: root, timeout: patienceMs, env });
    let output = '';
    const keep = (chunk: string) => {
      output += chunk;
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.on('error', reject);
    child.on('close', (code) => resolve({ output, code }));
  });
}
