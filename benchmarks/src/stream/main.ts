/** `npm run bench -- --rail stream`: one JSON line on standard output; progress on standard error. */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '@clearway/embedded';
import { benchBaseline } from '../baseline.ts';
import { drawAll, save } from '../plots/draw.ts';
import { ArgumentsError, type Part, readStreamArguments, type StreamArguments, streamHelp } from './arguments.ts';
import {
  benchCells,
  benchCloseCycle,
  benchCurve,
  benchInstitutions,
  benchOverload,
  benchPlain,
  benchRecovery,
} from './bench-stream.ts';
import { benchHeld } from './held.ts';
import { benchLimits } from './limits.ts';

const baselineSeconds = 10;
/** Payments a second. */
const aim = 110_000;
const linksOfCurve = [32, 256, 3000];
/** What `--plots` measures, in this order, and then the run once more without TLS. */
const plotted: readonly Part[] = [
  'run',
  'curve',
  'close-cycle',
  'overload',
  'recovery',
  'institutions',
  'cells',
  'held',
  'limits',
];

const say = (text: string) => void process.stderr.write(`${text}\n`);

/** Gives the exit code. */
export async function benchStream(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    process.stdout.write(streamHelp);
    return 0;
  }
  try {
    const given = readStreamArguments(args);
    if (given.draw) drawAll();
    else for (const part of given.plots ? plotted : [given.part]) await tell(part, given);
    if (given.plots) await tell('run', { ...given, baseline: false, settings: { ...given.settings, tls: false } });
    return 0;
  } catch (error) {
    if (!(error instanceof ArgumentsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
}

async function tell(part: Part, given: StreamArguments): Promise<void> {
  const { model } = cpus()[0] ?? { model: 'unknown' };
  const line = {
    benchmark: 'stream',
    part,
    at: new Date().toISOString(),
    machine: { cores: cpus().length, model, memoryGiB: Math.round(totalmem() / 2 ** 30), node: process.version },
    settings: { ...given.settings, seconds: given.seconds },
    ...(await measure(part, given)),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  if (given.save || given.plots) save(line);
}

async function measure(part: Part, given: StreamArguments): Promise<object> {
  const { settings, rate, seconds } = given;
  switch (part) {
    case 'run': {
      const plain = await benchPlain(settings, { seconds, rate, profiled: given.profile }, say);
      if (!given.baseline) return plain;
      const baseline = await measureBaseline();
      return { ...plain, baseline, ratio: Math.round(plain.paymentsPerSecond / baseline.paymentsPerSecond) };
    }
    case 'curve':
      return { points: await benchCurve(settings, rate, linksOfCurve, say) };
    case 'overload':
      return benchOverload(settings, rate, given.overload, say);
    case 'close-cycle':
      return benchCloseCycle(settings, rate, say);
    case 'recovery':
      return benchRecovery(settings, rate, seconds, say);
    case 'institutions':
      return { points: await benchInstitutions(settings, rate, given.institutions, say) };
    case 'cells':
      return benchCells(settings, rate, given.cells, say);
    case 'limits':
      return benchLimits(settings, rate ?? aim, say);
    case 'held':
      return { rows: benchHeld(given.held, say) };
  }
}

async function measureBaseline() {
  say('the row-per-payment baseline');
  const folder = await mkdtemp(join(tmpdir(), 'clearway-bench-'));
  const postgres = await startPostgres({ directory: join(folder, 'postgres') });
  try {
    return await benchBaseline(postgres.connection, baselineSeconds);
  } finally {
    await postgres.stop('fast');
    await rm(folder, { recursive: true, force: true });
  }
}
