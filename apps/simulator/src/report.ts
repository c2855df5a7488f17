/** Runs in words and in numbers. */
import type { Arguments } from './arguments.ts';
import type { CrashRun } from './crash-points.ts';
import type { RunResult } from './simulation.ts';

type Write = (text: string) => void;

const dayMs = 86_400_000;
/** Subjects whose story is printed; the first breach is nearly always the cause of the others. */
const mostStories = 2;

function sum(results: readonly RunResult[], read: (result: RunResult) => number): number {
  return results.reduce((total, result) => total + read(result), 0);
}

const faultsOf = ({ faults }: RunResult) => Object.values(faults).reduce((total, count) => total + count, 0);

/** The one command that repeats a run. */
export function commandFor(
  { seed }: RunResult,
  {
    minutes,
    days,
    rate,
    cells,
    plant,
    weights,
  }: Pick<Arguments, 'minutes' | 'days' | 'rate' | 'cells' | 'plant' | 'weights'>,
) {
  const more = `${cells ? ` --cells ${cells}` : ''}${plant ? ` --plant ${plant}` : ''}${weights ? ` --weights ${weights}` : ''}`;
  return `npm run sim -- --seed ${seed} ${days > 0 ? `--days ${days}` : `--minutes ${minutes}`} --rate ${rate}${more}`;
}

/** The stories of what was broken, and how to see them again. */
function broken({ breaches, stories }: Pick<RunResult, 'breaches' | 'stories'>, command: string, write: Write): void {
  for (const { subject, what } of breaches) write(`  ${subject}: ${what}`);
  for (const [subject, lines] of Object.entries(stories).slice(0, mostStories)) {
    write(`  The story of ${subject}:`);
    for (const line of lines) write(`    ${line}`);
  }
  write(`  Repeat it:  ${command}`);
}

function run(result: RunResult, given: Arguments, write: Write): void {
  const { seed, hash, payments, breaches, cellStarts, checks } = result;
  const counted = Object.entries(payments).map(([name, count]) => `${count} ${name}`);
  write(
    `seed ${seed}  ${breaches.length === 0 ? 'holds' : 'BROKEN'}  ${hash.slice(0, 16)}  ${counted.join(', ')}; ` +
      `${faultsOf(result)} faults, ${cellStarts} cell processes, ${checks} checks`,
  );
  if (breaches.length > 0) broken(result, commandFor(result, given), write);
}

/** Everything that was counted, over all runs. */
function summary(results: readonly RunResult[], seconds: number) {
  const faults: Record<string, number> = {};
  for (const result of results)
    for (const [name, count] of Object.entries(result.faults)) faults[name] = (faults[name] ?? 0) + count;
  return {
    runs: results.length,
    broken: results.filter(({ breaches }) => breaches.length > 0).map(({ seed, breaches }) => ({ seed, breaches })),
    seconds: Math.round(seconds * 10) / 10,
    virtualDays: Math.round((sum(results, ({ virtualMs }) => virtualMs) / dayMs) * 1000) / 1000,
    payments: sum(results, ({ payments }) => payments.payments),
    messages: sum(results, ({ messages }) => messages),
    batches: sum(results, ({ batches }) => batches),
    cycles: sum(results, ({ cycles }) => cycles),
    cellProcesses: sum(results, ({ cellStarts }) => cellStarts),
    checks: sum(results, ({ checks }) => checks),
    faults: sum(results, faultsOf),
    faultsByKind: faults,
    hashes: results.map(({ seed, hash }) => `${seed}:${hash}`),
  };
}

function total(results: readonly RunResult[], seconds: number, write: Write): void {
  const { runs, broken, virtualDays, payments, faults, checks, cycles, cellProcesses } = summary(results, seconds);
  write(
    `${runs} runs, ${broken.length} broken: ${virtualDays} simulated days in ${Math.round(seconds)} s, ${payments} payments, ` +
      `${cycles} cycles, ${faults} faults, ${cellProcesses} cell processes, ${checks} checks`,
  );
}

/** What the kills of one flow came to. */
export interface CrashSummary {
  readonly flow: string;
  readonly kills: 'singly' | 'in pairs';
  /** Points of the undisturbed flow. */
  readonly points: number;
  readonly runs: number;
  readonly broken: number;
  readonly checks: number;
}

function crash(result: CrashRun, write: Write): void {
  const { flow, kills, points, breaches } = result;
  if (breaches.length === 0) return;
  const where = kills.map((number) => `${number} (${points[number - 1]})`);
  write(`${flow}  BROKEN  killed at ${where.join(' and ') || 'no point'}`);
  broken(result, `npm run sim -- --crash-points --flow ${flow}${kills.length > 1 ? ' --pairs' : ''}`, write);
}

function crashes({ flow, kills, points, runs, broken, checks }: CrashSummary, write: Write): void {
  write(`${flow.padEnd(12)} ${points} points, killed ${kills} in ${runs} runs, ${broken} broken, ${checks} checks`);
}

export const print = { run, summary, total, crash, crashes };
