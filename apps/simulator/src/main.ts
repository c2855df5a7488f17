/** The program `npm run sim`: runs seeds or crash points, prints what they were, and how to repeat what failed. */
import { readFileSync } from 'node:fs';
import { type Arguments, readArguments, usage } from './arguments.ts';
import { killInPairs, killSingly } from './crash-points.ts';
import { readWeights, usualWeights, type Weights } from './faults.ts';
import { flowNames, moneyFlows } from './flows.ts';
import { simulateAtOnce } from './jobs.ts';
import { longWeights } from './long-run.ts';
import { needsPatch, runPlanted, startPatched } from './planted/run.ts';
import { type CrashSummary, print } from './report.ts';
import { type RunResult, simulate } from './simulation.ts';

// Whoever read from us has gone, as `head` does: there is nobody left to tell.
process.stdout.on('error', () => process.exit());

const write = (text: string) => void process.stdout.write(`${text}\n`);
/** What is under way, in a terminal; it is not part of the result. */
const progress = (text: string) => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${text}`);
};

/** Of the file that was given, or the usual ones; or what is wrong with the file. */
function weightsFrom(path: string | undefined, usual: Weights): Weights | string {
  if (path === undefined) return usual;
  try {
    const weights = readWeights(JSON.parse(readFileSync(path, 'utf8')), usual);
    return typeof weights === 'string' ? `${path} ${weights}.` : weights;
  } catch (error) {
    return `${path} cannot be read: ${(error as Error).message}`;
  }
}

/** Whether all held. */
async function runSeeds(given: Arguments, weights: Weights): Promise<boolean> {
  const startedAt = performance.now();
  const { seed, runs, minutes, days, rate: perSecond, cells, plant, jobs } = given;
  const results: RunResult[] = [];
  const onResult = (result: RunResult) => {
    progress('');
    results.push(result);
    if (!given.json && !given.story) print.run(result, given, write);
    progress(`${results.length} of ${runs} runs`);
  };
  const options = Array.from({ length: runs }, (_, index) => ({
    seed: seed + index,
    minutes,
    ...(days > 0 && { days }),
    perSecond,
    cells,
    weights,
    plant,
  }));
  const tell = () => {
    progress('');
    const seconds = (performance.now() - startedAt) / 1000;
    if (given.json) write(JSON.stringify(print.summary(results, seconds)));
    else print.total(results, seconds, write);
  };
  // Whoever ends it early is told what has been run until then.
  process.once('SIGINT', () => {
    tell();
    process.exit(130);
  });
  if (jobs > 1) await simulateAtOnce(options, jobs, onResult);
  else for (const one of options) onResult(await simulate({ ...one, onLine: given.story ? write : undefined }));
  tell();
  return results.every(({ breaches }) => breaches.length === 0);
}

async function runCrashPoints({ flow, pairs, json }: Arguments): Promise<boolean> {
  const startedAt = performance.now();
  const summaries: CrashSummary[] = [];
  for (const name of flow === undefined ? (pairs ? moneyFlows : flowNames) : [flow]) {
    const summary = {
      flow: name,
      kills: pairs ? 'in pairs' : 'singly',
      points: 0,
      runs: 0,
      broken: 0,
      checks: 0,
    } as const;
    const counted: { -readonly [Key in keyof CrashSummary]: CrashSummary[Key] } = { ...summary };
    for await (const run of pairs ? killInPairs(name) : killSingly(name)) {
      if (run.kills.length === 0) counted.points = run.points.length;
      counted.runs++;
      counted.checks += run.checks;
      if (run.breaches.length > 0) counted.broken++;
      progress(`${name}: ${counted.runs} runs`);
      if (!json) print.crash(run, write);
    }
    progress('');
    summaries.push(counted);
    if (!json) print.crashes(counted, write);
  }
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  if (json) write(JSON.stringify({ seconds, flows: summaries }));
  return summaries.every(({ broken }) => broken === 0);
}

const args = process.argv.slice(2);
const given = readArguments(args);
const usual = typeof given !== 'string' && given.days > 0 ? longWeights : usualWeights;
if (typeof given === 'string') {
  process.stderr.write(`${given}\n\n${usage}`);
  process.exitCode = 2;
} else if (given.help) {
  process.stdout.write(usage);
} else if (given.planted) {
  const startedAt = performance.now();
  const held = await runPlanted(given.json, write, () => (performance.now() - startedAt) / 1000);
  process.exitCode = held ? 0 : 1;
} else if (given.plant !== undefined && needsPatch(given.plant)) {
  process.exitCode = await startPatched(given.plant, args);
} else if (given.printWeights) {
  write(JSON.stringify(usual, undefined, 2));
} else {
  const weights = weightsFrom(given.weights, usual);
  if (typeof weights === 'string') {
    process.stderr.write(`${weights}\n`);
    process.exitCode = 2;
  } else {
    const held = await (given.crashPoints ? runCrashPoints(given) : runSeeds(given, weights));
    process.exitCode = held ? 0 : 1;
  }
}
