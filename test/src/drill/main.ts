/** `npm run drill -- NAME`: real faults against the real platform, one at a time. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Drill, Result } from './drill.ts';
import { drills } from './drills/index.ts';
import { runDrill } from './run.ts';

const exitCodes = { passed: 0, failed: 1, usage: 2, lacking: 3, interrupted: 130 };

const usage = `npm run drill -- NAME [options]

Starts the real platform (PostgreSQL, cell, gateway, institutions over HTTP and over the stream), has payments flow, breaks
what NAME says, heals it, and judges: service resumes by itself, everything ends definitely, institutions and platform
agree on every payment, all sums are zero, clearway verify finds nothing. NAME may be all.

  --seconds N   how long it is broken (default 10)
  --seed N      what is broken when (default: any, and printed)
  --rate N      payments a second of the wallets, beside those of the drill itself (default 40)
  --keep        keep the numbers in test/results/drills, from where docs/faults.md has them
  --json        the numbers as a line of JSON for each drill, and nothing else on stdout
  --list        the drills, and what those that cannot run here lack
  --help        this

Exit code: 0 all passed, 1 something was wrong, 2 the arguments are wrong, 3 the machine lacks what the drill needs.
`;

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;
const options = {
  ...{ seconds: text, seed: text, rate: text },
  ...{ keep: flag, json: flag, list: flag, help: { ...flag, short: 'h' } },
} as const;

process.exitCode = await main();

async function main(): Promise<number> {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse();
  } catch (error) {
    return giveUp((error as Error).message);
  }
  const { values, positionals } = parsed;
  const { json, keep } = values;
  if (values.help) {
    process.stdout.write(usage);
    return exitCodes.passed;
  }
  if (values.list) {
    for (const drill of drills) process.stdout.write(`${lineOf(drill)}\n`);
    return exitCodes.passed;
  }
  const [name, ...more] = positionals;
  if (name === undefined || more.length > 0) return giveUp('Name one drill, or all; --list names them.');
  const chosen = drills.filter((drill) => name === 'all' || drill.name === name);
  if (chosen.length === 0) return giveUp(`There is no drill ${name}: ${drills.map((drill) => drill.name).join(', ')}.`);
  const numbers = [whole(values.seconds, 10), whole(values.seed, Date.now() % 2 ** 32), whole(values.rate, 40)];
  if (numbers.includes(undefined)) return giveUp('--seconds, --seed and --rate take whole numbers.');
  const [seconds, seed, ratePerSecond] = numbers as number[];

  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());
  let code = exitCodes.passed;
  for (const drill of chosen) {
    const lack = drill.needs?.();
    if (lack !== undefined) {
      process.stderr.write(`${drill.name} cannot run here: it needs ${lack}.\n`);
      if (name !== 'all') code = exitCodes.lacking;
      continue;
    }
    const began = performance.now();
    const say = (line: string) =>
      void process.stderr.write(`${drill.name} ${Math.round((performance.now() - began) / 1000)} s: ${line}\n`);
    try {
      const result = await runDrill(drill, { seconds, seed, ratePerSecond, say, signal: interruption.signal });
      if (keep) keepResult(result);
      process.stdout.write(json ? `${JSON.stringify(result)}\n` : describe(result));
      if (!result.passed) code = exitCodes.failed;
    } catch (error) {
      if (interruption.signal.aborted) return exitCodes.interrupted;
      throw error;
    }
  }
  return code;
}

function parse() {
  return parseArgs({ options, strict: true, allowPositionals: true });
}

function giveUp(message: string): number {
  process.stderr.write(`${message}\n\n${usage}`);
  return exitCodes.usage;
}

function whole(given: string | undefined, fallback: number): number | undefined {
  if (given === undefined) return fallback;
  return /^[0-9]{1,10}$/.test(given) && Number(given) < 2 ** 32 ? Number(given) : undefined;
}

function lineOf({ name, about, faults, needs }: Drill): string {
  const lack = needs?.();
  const missing = lack === undefined ? '' : `\n${' '.repeat(18)}not here: it needs ${lack}`;
  return `${name.padEnd(18)}${about} (${faults.join(', ')})${missing}`;
}

function describe(result: Result): string {
  const list = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .map(([what, count]) => `${what} ${count}`)
      .join(', ') || 'nothing';
  const { drill, passed, error, seed, seconds, struck, told, wallets, firstSuccessMs } = result;
  return [
    `${passed ? '✔' : '✖'} ${drill}, seed ${seed}, ${seconds} s in all`,
    `  struck           ${list(struck)}`,
    ...Object.entries(told).map(([rail, counts]) => `  told over ${rail.padEnd(7)}${list(counts)}`),
    `  wallets          ${list(wallets)}`,
    `  first success    ${list(firstSuccessMs)} (ms from the heal, at most)`,
    passed
      ? `  judged           ${result.payments} payments, ${result.answers} answers, ${result.bookings} bookings, ${result.cycles} cycles: all agree`
      : `  wrong            ${error}`,
    '',
  ].join('\n');
}

function keepResult(result: Result): void {
  const folder = fileURLToPath(new URL('../../results/drills/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}${result.drill}.json`, `${JSON.stringify(result, undefined, 2)}\n`);
}
