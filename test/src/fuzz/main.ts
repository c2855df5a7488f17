/**
 * `npm run fuzz -- [--target frames|json|signatures|files|identifiers|amounts] [--seconds N] [--count N] [--seed N]`:
 * generated and mutated input for the parsers of the edge, for ever or as long as told; all targets in turns, or one.
 * Inputs that go through code where none has been, and the one that breaks a law, are written to test/src/fuzz/corpus,
 * where every later run of the tests looks at them again.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startCoverage } from './coverage.ts';
import { Broken } from './fuzz.ts';
import { createGuided, type Guided } from './guided.ts';
import { targets } from './targets/index.ts';

const text = { type: 'string' } as const;
const options = { target: text, seconds: text, count: text, seed: text } as const;
const turnMs = 2_000;

function giveUp(message: string): never {
  console.error(message);
  process.exit(2);
}

function wholeNumber(name: keyof typeof options, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^[0-9]{1,10}$/.test(value)) giveUp(`--${name} ${value}: expected a whole number`);
  return Number(value);
}

function readArguments() {
  try {
    return parseArgs({ options, strict: true }).values;
  } catch (error) {
    return giveUp((error as Error).message);
  }
}

const given = readArguments();
const chosen = targets.filter(({ name }) => given.target === undefined || name === given.target);
if (chosen.length === 0) giveUp(`--target ${given.target}: there are ${targets.map(({ name }) => name).join(', ')}`);
const endsAt = performance.now() + (wholeNumber('seconds', given.seconds) ?? Number.POSITIVE_INFINITY) * 1000;
const most = wholeNumber('count', given.count) ?? Number.POSITIVE_INFINITY;
const firstSeed = wholeNumber('seed', given.seed) ?? Math.floor(Math.random() * 0x1_0000_0000);
console.log(`seed ${firstSeed}`);

const folder = fileURLToPath(new URL('../../src/fuzz/corpus/', import.meta.url));
mkdirSync(folder, { recursive: true });

function keep(target: string, input: Buffer): string {
  const file = `${folder}${target}-${createHash('sha256').update(input).digest('hex').slice(0, 12)}.bin`;
  writeFileSync(file, input);
  return file;
}

const ours = new URL('../../../packages/', import.meta.url).href;
const coverage = startCoverage((url) => url.startsWith(ours) && !url.includes('/node_modules/'));
const guided = new Map<string, Guided>();
const counts = new Map(chosen.map(({ name }) => [name, 0]));
try {
  for (const target of chosen) {
    const { name } = target;
    const files = readdirSync(folder).filter((file) => file.startsWith(`${name}-`));
    const kept = files.sort().map((file) => readFileSync(folder + file));
    guided.set(name, await createGuided(target, coverage, firstSeed, kept, (input) => keep(name, input)));
  }
  for (let isOver = false; !isOver; ) {
    for (const { name } of chosen) {
      const before = counts.get(name)!;
      const beganAt = performance.now();
      const turnEndsAt = Math.min(endsAt, beganAt + turnMs);
      const one = guided.get(name)!;
      const count = await one.run((done) => before + done >= most || performance.now() >= turnEndsAt);
      counts.set(name, before + count);
      const perSecond = Math.round((count / (performance.now() - beganAt)) * 1000);
      if (count > 0)
        console.log(
          `${name}: ${before + count} inputs, ${perSecond} a second; ${one.corpus.length} kept, ${one.covered} characters of code`,
        );
    }
    isOver = performance.now() >= endsAt || chosen.every(({ name }) => counts.get(name)! >= most);
  }
} catch (error) {
  if (!(error instanceof Broken)) throw error;
  const [target] = error.message.split(' ');
  console.error(`${error.message}\n${(error.cause as Error).stack}\nThe input is in ${keep(target, error.input)}`);
  process.exitCode = 1;
}
coverage.stop();
