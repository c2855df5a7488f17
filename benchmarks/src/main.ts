/** `npm run bench`: one JSON line on standard output; progress on standard error. */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startPostgres } from '@clearway/embedded';
import { benchApply } from './apply.ts';
import { benchArchive } from './archive.ts';
import { benchBaseline } from './baseline.ts';
import { benchCellAlone } from './cell-alone.ts';
import { benchHashes } from './hashes.ts';
import { benchHttpRail } from './http-rail.ts';
import { benchJournal } from './journal.ts';
import { benchReconciliationFile } from './reconciliation-file.ts';
import { benchRecovery } from './recovery.ts';
import { benchSnapshots } from './snapshots.ts';
import { benchStream } from './stream/main.ts';

if (process.argv.includes('--rail') && process.argv[process.argv.indexOf('--rail') + 1] === 'stream')
  process.exit(await benchStream(process.argv.slice(2)));

const help = `Usage: npm run bench -- [options]

Whole payments a second over the HTTP rail, the core alone, and a row-per-payment baseline, in one run; and what the
hashes of a payment cost.

  --seconds N    length of each measured part, 3 to 600 (default 20)
  --rate N       payments a second offered to the HTTP rail (default 2000: more than it carries)
  --payments N   payments through the core alone (default 2000000)
  --only PART    apply, hashes, cell, baseline or http
  --journal      instead of all this the journal alone, in PostgreSQL and in files
  --archive      instead of all this the archive of payments alone
  --records N    payments in it (default 10000000; 10^8 take 20 GB and some minutes)
  --reconciliation-file  instead of all this one reconciliation file from the archive
  --rows N       payments in it (default 10000000)
  --recovery     instead of all this a cell's journal replayed, from PostgreSQL and from files
  --snapshots    instead of all this what a snapshot keeps the core from, of so many payments
  --help
`;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    rate: { type: 'string', default: '2000' },
    payments: { type: 'string', default: '2000000' },
    only: { type: 'string' },
    journal: { type: 'boolean', default: false },
    archive: { type: 'boolean', default: false },
    records: { type: 'string', default: '10000000' },
    'reconciliation-file': { type: 'boolean', default: false },
    rows: { type: 'string', default: '10000000' },
    recovery: { type: 'boolean', default: false },
    snapshots: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(help);
  process.exit(0);
}

const number = (name: 'seconds' | 'rate' | 'payments' | 'records' | 'rows', least: number, most: number): number => {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  process.stderr.write(`--${name} is "${values[name]}": give an integer from ${least} to ${most}\n`);
  return process.exit(2);
};
const seconds = number('seconds', 3, 600);
const rate = number('rate', 1, 100_000);
const payments = number('payments', 1000, 50_000_000);
const parts = values.only === undefined ? ['apply', 'hashes', 'cell', 'baseline', 'http'] : [values.only];
for (const part of parts) {
  if (['apply', 'hashes', 'cell', 'baseline', 'http'].includes(part)) continue;
  process.stderr.write(`--only is "${part}": give apply, hashes, cell, baseline or http\n`);
  process.exit(2);
}
const say = (text: string) => process.stderr.write(`${text}\n`);

const { model } = cpus()[0] ?? { model: 'unknown' };
const machine = { cores: cpus().length, model, memoryGiB: Math.round(totalmem() / 2 ** 30), node: process.version };

/** Parts that are measured by themselves. */
const alone = {
  journal: () => benchJournal(say),
  recovery: () => benchRecovery(payments, say),
  snapshots: () => benchSnapshots(payments, say),
};
for (const [benchmark, run] of Object.entries(alone)) {
  if (!values[benchmark as keyof typeof alone]) continue;
  const result = await run();
  process.stdout.write(`${JSON.stringify({ benchmark, at: new Date().toISOString(), machine, ...result })}\n`);
  process.exit(0);
}

if (values.archive) {
  const result = await benchArchive(number('records', 100_000, 1_000_000_000), tmpdir(), say);
  process.stdout.write(
    `${JSON.stringify({ benchmark: 'archive', at: new Date().toISOString(), machine, ...result })}\n`,
  );
  process.exit(0);
}

if (values['reconciliation-file']) {
  const result = await benchReconciliationFile(number('rows', 1000, 1_000_000_000), tmpdir(), say);
  process.stdout.write(
    `${JSON.stringify({ benchmark: 'reconciliationFile', at: new Date().toISOString(), machine, ...result })}\n`,
  );
  process.exit(0);
}

const apply = parts.includes('apply') ? measureApply() : undefined;
const hashes = parts.includes('hashes') ? measureHashes() : undefined;
const cell = parts.includes('cell') ? await measureCell() : undefined;
const baseline = parts.includes('baseline') ? await withPostgres() : undefined;
const http = parts.includes('http') ? await measureHttp() : undefined;

function measureApply() {
  say('the core alone');
  return benchApply(payments);
}

function measureHashes() {
  say('the hashes of payments');
  return benchHashes();
}

function measureCell() {
  say('the cell alone, over the stream');
  return benchCellAlone(400_000, 32);
}

function measureHttp() {
  say('the HTTP rail');
  return benchHttpRail(rate, seconds, say);
}

async function withPostgres() {
  say('the row-per-payment baseline');
  const folder = await mkdtemp(join(tmpdir(), 'clearway-bench-'));
  const postgres = await startPostgres({ directory: join(folder, 'postgres') });
  try {
    return await benchBaseline(postgres.connection, seconds);
  } finally {
    await postgres.stop('fast');
    await rm(folder, { recursive: true, force: true });
  }
}

process.stdout.write(
  `${JSON.stringify({
    benchmark: 'main',
    at: new Date().toISOString(),
    machine,
    settings: { seconds, rate, payments },
    paymentsPerSecond: http?.paymentsPerSecond ?? null,
    http,
    apply,
    hashes,
    cell,
    baseline,
    ratio:
      http && baseline && apply
        ? {
            httpToBaseline: Math.round((http.paymentsPerSecond / baseline.paymentsPerSecond) * 100) / 100,
            applyToBaseline: Math.round(apply.paymentsPerSecond / baseline.paymentsPerSecond),
          }
        : undefined,
  })}\n`,
);
