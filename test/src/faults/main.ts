/** `npm run faults`: the numbers of simulator, crash points, bad builds, mutations and drills, printed and put into docs/faults.md. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { drills } from '../drill/drills/index.ts';
import { drillsSection, fill, numbers, numbersSection, tableSection } from './page.ts';
import { keepResult, type Measure, measureNames, measures, readResults } from './results.ts';
import { rows } from './rows.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const all = [...measureNames, 'drills'] as const;

const usage = `npm run faults -- [options]

Prints the numbers that were measured last (test/results) and writes them, and the table of the 48 faults, into
docs/faults.md. What has not been measured is said to be missing.

  --run NAME,…   measure first: ${all.join(', ')}, or all (hours)
  --json         the results as one JSON document
  --help         this

Exit code: 0 written, 1 a measurement failed, 2 the arguments are wrong.
`;

const options = {
  run: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false, short: 'h' },
} as const;

process.exitCode = await main();

async function main(): Promise<number> {
  let values: ReturnType<typeof parse>;
  try {
    values = parse();
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}`);
    return 2;
  }
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const wanted = values.run === 'all' ? [...all] : (values.run ?? '').split(',').filter(Boolean);
  const unknown = wanted.find((name) => !all.some((one) => one === name));
  if (unknown !== undefined) {
    process.stderr.write(`There is nothing named ${unknown} to run.\n\n${usage}`);
    return 2;
  }
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  let code = 0;
  for (const name of wanted) {
    const [script, ...args] = name === 'drills' ? ['drill', 'all', '--keep', '--json'] : measures[name as Measure];
    if (scripts[script] === undefined) {
      process.stderr.write(`${name}: there is no npm run ${script} yet.\n`);
      code = 1;
      continue;
    }
    process.stderr.write(`npm run ${script} -- ${args.join(' ')}\n`);
    const { status, last } = await run(script, args);
    if (status !== 0) code = 1;
    if (name === 'drills') continue;
    if (last.startsWith('{')) keepResult(name as Measure, last);
    else process.stderr.write(`${name}: no result; what was kept stays.\n`);
  }

  const results = readResults();
  if (values.json) process.stdout.write(`${JSON.stringify(results)}\n`);
  else for (const [what, value] of numbers(results)) process.stdout.write(`${what.padEnd(24)}${value}\n`);
  const file = `${root}docs/faults.md`;
  const parts = {
    numbers: numbersSection(results),
    'the 48': tableSection(rows, drills, results),
    drills: drillsSection(drills, results),
  };
  writeFileSync(file, fill(readFileSync(file, 'utf8'), parts));
  return code;
}

function parse() {
  return parseArgs({ options, strict: true }).values;
}

/** Its last line, and its exit code; what it says on stderr is shown. */
async function run(script: string, args: readonly string[]): Promise<{ status: number | null; last: string }> {
  const command = ['scripts/run.mjs', script, ...args];
  const child = spawn(process.execPath, command, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { status, last: text.trimEnd().split('\n').at(-1) ?? '' };
}
