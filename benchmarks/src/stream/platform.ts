/** The platform of a run: PostgreSQL, a journal that has been prepared, and the cell with its stream as a process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type RunningPostgres, startPostgres } from '@clearway/embedded';
import { realChance, realClock, realCrypto, realDisk } from '@clearway/ports/real';
import { connectOperator, type OperatorLink } from '@clearway/server';
import { certificate, passwords, platformKey, writePrivately } from '@clearway/start';
import { cellStore, migrate, type PostgresConnection } from '@clearway/store';
import { type Cast, currency, type LinkPlan, place, scheme, timeZone } from './cast.ts';
import { documentsOf, prepareJournal } from './prepare-journal.ts';
import { within } from './within.ts';

/** How a cell came to the end of its journal, by its own log. */
export interface Recovery {
  /** Last batch, and that of the snapshot it began with. */
  readonly sequence: number;
  readonly snapshot: number;
  readonly ms: number;
}

export interface Platform {
  /** `host:port` of the stream. */
  address: string;
  readonly pids: { cell: number; readonly postgres: number };
  operator: OperatorLink;
  readonly journalFolder: string;
  recovery: Recovery;
  /** Rejects when the cell ends without being asked to. */
  failed: Promise<never>;
  /** Kills the cell as a crash would, and starts it again. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

export interface PlatformOptions {
  readonly cast: Cast;
  readonly folder: string;
  /** V8 options of the cell, as for profiles. */
  readonly execArguments: readonly string[];
  /** Batches from one snapshot to the next. */
  readonly snapshotEvery?: number | undefined;
}

/** Times of the scheme, ms: a silent bank is asked after two seconds, so that a short run sees the end of it. */
const times = {
  offerTimeoutMs: 2_000,
  longestExpiryMs: 60_000,
  enquiryBackoffMs: 500,
  enquiryBackoffLargestMs: 5_000,
  reversalAfterMs: 60_000,
  workItemAfterMs: 600_000,
  signingTimeoutMs: 300_000,
};
const patienceMs = 60_000;
/** A long journal may have to be replayed. */
const startMs = 600_000;

export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const { cast, folder } = options;
  const postgres = await startPostgres({ directory: join(folder, 'postgres') });
  try {
    const connection = await prepareDatabase(postgres, folder);
    await prepareCell(cast, folder, connection);
    const first = await startCell(options);
    const platform: Platform = {
      ...first,
      pids: { cell: first.pid, postgres: postgres.pid },
      journalFolder: join(folder, 'journal'),
      async crash() {
        await current.end('SIGKILL');
        current = await startCell(options);
        platform.pids.cell = current.pid;
        const { address, operator, recovery, failed } = current;
        Object.assign(platform, { address, operator, recovery, failed });
      },
      async stop() {
        await current.end('SIGTERM');
        await postgres.stop('fast');
      },
    };
    let current = first;
    return platform;
  } catch (error) {
    await postgres.stop('fast');
    throw error;
  }
}

/** The schema, and the file by which the cell finds it. */
async function prepareDatabase(postgres: RunningPostgres, folder: string): Promise<PostgresConnection> {
  const secrets = passwords(join(folder, 'secrets', 'database-passwords.json'), ['cell'] as const);
  await migrate(postgres.connection, secrets, { crypto: realCrypto, chance: realChance });
  const { host, port, database } = postgres.connection;
  const cell = { host, port, database, user: 'clearway_cell', password: secrets.cell };
  writePrivately(join(folder, 'database.json'), JSON.stringify({ cell }));
  return cell;
}

/** Everything that the cell finds when it starts. */
async function prepareCell(cast: Cast, folder: string, connection: PostgresConnection): Promise<void> {
  await certificate(join(folder, 'certificates'), 'platform');
  await platformKey(join(folder, 'secrets', 'platform-key.json'));
  const documents = documentsOf(
    cast,
    {
      ...scheme,
      ...times,
      currencies: [currency],
      maximumAmount: '10000000000',
      routing: [{ ...place, weight: 1 }],
      timeZone,
    },
    fingerprints(cast),
  );
  writePrivately(join(folder, 'configuration', 'scheme.json'), JSON.stringify(documents.scheme));
  writePrivately(join(folder, 'configuration', 'participants.json'), JSON.stringify(documents.participants));
  const store = await cellStore({
    connections: [connection],
    place,
    clock: realClock,
    chance: realChance,
    crypto: realCrypto,
    disk: realDisk,
    journal: cast.settings.journal,
    journalFolder: join(folder, 'journal'),
    holds: true,
  });
  try {
    await prepareJournal(store, cast, documents);
  } finally {
    await store.close();
  }
}

/** SHA-256 of the certificate of the link that a participant is on, by code. */
function fingerprints(cast: Cast): (code: number) => string {
  const known = new Map<number, string>();
  const read = (plans: readonly LinkPlan[], members: Cast['banks']) => {
    for (const plan of plans) {
      const { fingerprint256 } = new X509Certificate(readFileSync(plan.certificateFile));
      for (const member of plan.members)
        known.set(members[member]!.code, fingerprint256.replaceAll(':', '').toLowerCase());
    }
  };
  read(cast.payingLinks, cast.paying);
  read(cast.bankLinks, cast.banks);
  return (code) => known.get(code)!;
}

interface RunningCell {
  readonly pid: number;
  readonly address: string;
  readonly operator: OperatorLink;
  readonly recovery: Recovery;
  readonly failed: Promise<never>;
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

async function startCell({ cast, folder, execArguments, snapshotEvery }: PlatformOptions): Promise<RunningCell> {
  const socket = join(folder, 'cell.sock');
  const log = openSync(join(folder, 'cell.log'), 'a', 0o600);
  const script = fileURLToPath(import.meta.resolve('@clearway/server')).replace(/index\.js$/, 'cell-main.js');
  const certificates = join(folder, 'certificates');
  const cell = spawn(process.execPath, [...execArguments, script], {
    env: {
      ...process.env,
      CLEARWAY_DATA: folder,
      CLEARWAY_CENTRE: String(place.centre),
      CLEARWAY_CELL: String(place.cell),
      CLEARWAY_DATABASE: join(folder, 'database.json'),
      CLEARWAY_SOCKET: socket,
      CLEARWAY_CONFIGURATION: join(folder, 'configuration'),
      CLEARWAY_PLATFORM_KEY: join(folder, 'secrets', 'platform-key.json'),
      CLEARWAY_JOURNAL: cast.settings.journal,
      CLEARWAY_JOURNAL_FOLDER: join(folder, 'journal'),
      CLEARWAY_CYCLE_SECONDS: '0',
      ...(snapshotEvery !== undefined && { CLEARWAY_SNAPSHOT_EVERY: String(snapshotEvery) }),
      CLEARWAY_LOG: 'info',
      CLEARWAY_STREAM_HOST: '127.0.0.1',
      CLEARWAY_STREAM_PORT: '0',
      CLEARWAY_STREAM_PLAIN: cast.settings.tls ? 'no' : 'yes',
      ...(cast.settings.tls && {
        CLEARWAY_STREAM_CERTIFICATE: join(certificates, 'platform.pem'),
        CLEARWAY_STREAM_CERTIFICATE_KEY: join(certificates, 'platform-key.pem'),
      }),
    },
    // By its channel it notices when this program is gone, and ends too.
    stdio: ['ignore', 'pipe', log, 'ipc'],
  });
  closeSync(log);
  let ending = false;
  const ended = new Promise<void>((resolve) => cell.once('exit', () => resolve()));
  const failed = new Promise<never>((_, reject) => {
    cell.once('error', reject);
    cell.once('exit', (code, signal) => {
      if (!ending) reject(new Error(`the cell has ended: ${signal ?? `exit code ${code}`}\n${tailOf(folder)}`));
    });
  });
  failed.catch(() => {});
  const ready = await within(startMs, 'the cell', Promise.race([failed, readyLine(cell)]));
  const operator = await within(patienceMs, 'the link to the cell', connectOperator(socket));
  return {
    pid: cell.pid!,
    address: `127.0.0.1:${ready.streamPort}`,
    operator,
    recovery: recoveryOf(folder),
    failed,
    async end(signal) {
      ending = true;
      operator.close();
      cell.kill(signal);
      const impatience = setTimeout(() => cell.kill('SIGKILL'), patienceMs);
      await ended;
      clearTimeout(impatience);
    },
  };
}

async function readyLine(cell: ChildProcess): Promise<{ readonly streamPort: number }> {
  for await (const line of createInterface({ input: cell.stdout! })) {
    const told = JSON.parse(line);
    if (told.event === 'ready') return told;
  }
  throw new Error('the cell has closed its output before it was ready');
}

const logOf = (folder: string) => readFileSync(join(folder, 'cell.log'), 'utf8').trimEnd().split('\n');
const tailOf = (folder: string) => logOf(folder).slice(-8).join('\n');

function recoveryOf(folder: string): Recovery {
  const line = logOf(folder)
    .filter((one) => one.includes('"cell.recovered"'))
    .at(-1);
  if (line === undefined) throw new Error('the cell has not logged how it recovered');
  return JSON.parse(line) as Recovery;
}
