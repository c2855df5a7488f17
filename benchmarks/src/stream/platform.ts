/** The platform of a run: PostgreSQL, a journal that has been prepared, and the cell with its stream as a process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type RunningPostgres, startPostgres } from '@clearway/embedded';
import { realChance, realClock, realCrypto, realDisk } from '@clearway/ports/real';
import { connectOperators, type OperatorLink } from '@clearway/server';
import { certificate, passwords, platformKey, writePrivately } from '@clearway/start';
import { cellStore, migrate, type PostgresConnection } from '@clearway/store';
import { type Cast, currency, type LinkPlan, placeOf, scheme, timeZone } from './cast.ts';
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
  /** `host:port` of the stream of each cell. */
  addresses: readonly string[];
  /** Of the cells, `cell`, `cell-2` and so on, and of PostgreSQL. */
  readonly pids: Record<string, number>;
  /** Over all cells. */
  operator: OperatorLink;
  readonly journalFolders: readonly string[];
  /** Of the first cell. */
  recovery: Recovery;
  /** Rejects when the cell ends without being asked to. */
  failed: Promise<never>;
  /** Kills the cells as a crash would, and starts them again. */
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
/** Longer than cells wait before they tell each other what is new. */
const restMs = 1_000;
/** A long journal may have to be replayed. */
const startMs = 600_000;

export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const { cast, folder } = options;
  const postgres = await startPostgres({ directory: join(folder, 'postgres') });
  try {
    const connection = await prepareDatabase(postgres, folder);
    await prepareCells(cast, folder, connection);
    let current = await startCells(options);
    const platform: Platform = {
      ...current.told,
      pids: { ...current.pids, postgres: postgres.pid },
      journalFolders: cellsOf(cast).map((cell) => join(folder, nameOf('journal', cell))),
      async crash() {
        await current.end('SIGKILL');
        current = await startCells(options);
        Object.assign(platform.pids, current.pids);
        Object.assign(platform, current.told);
      },
      async stop() {
        await current.end('SIGTERM');
        await postgres.stop('fast');
      },
    };
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

/** Everything that the cells find when they start. */
async function prepareCells(cast: Cast, folder: string, connection: PostgresConnection): Promise<void> {
  await certificate(join(folder, 'certificates'), 'platform');
  await platformKey(join(folder, 'secrets', 'platform-key.json'));
  const documents = documentsOf(
    cast,
    {
      ...scheme,
      ...times,
      currencies: [currency],
      maximumAmount: '10000000000',
      routing: cellsOf(cast).map((cell) => ({ ...placeOf(cell), weight: 1 })),
      timeZone,
    },
    fingerprints(cast),
  );
  writePrivately(join(folder, 'configuration', 'scheme.json'), JSON.stringify(documents.scheme));
  writePrivately(join(folder, 'configuration', 'participants.json'), JSON.stringify(documents.participants));
  for (const cell of cellsOf(cast)) {
    const store = await cellStore({
      connections: [connection],
      place: placeOf(cell),
      clock: realClock,
      chance: realChance,
      crypto: realCrypto,
      disk: realDisk,
      journal: cast.settings.journal,
      journalFolder: join(folder, nameOf('journal', cell)),
      holds: true,
    });
    try {
      await prepareJournal(store, cast, documents, cell);
    } finally {
      await store.close();
    }
  }
}

const cellsOf = ({ settings }: Cast): number[] => Array.from({ length: settings.cells }, (_, index) => index + 1);
/** The first is named as if it were alone. */
const nameOf = (what: string, cell: number): string => (cell === 1 ? what : `${what}-${cell}`);

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

interface RunningCells {
  readonly pids: Readonly<Record<string, number>>;
  readonly told: Pick<Platform, 'addresses' | 'operator' | 'recovery' | 'failed'>;
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/** Serving, with their shares of caps and float, and with each other's agreements. */
async function startCells(options: PlatformOptions): Promise<RunningCells> {
  const { folder } = options;
  const numbers = cellsOf(options.cast);
  const cells = await Promise.all(numbers.map((cell) => startCell(options, cell)));
  const addresses = numbers.map((cell) => ({
    place: placeOf(cell),
    socket: join(folder, `${nameOf('cell', cell)}.sock`),
    archive: join(folder, nameOf('archive', cell)),
    journalFolder: join(folder, nameOf('journal', cell)),
    volumes: join(folder, nameOf('volumes', cell)),
  }));
  const [first, ...others] = addresses;
  const operator = await within(patienceMs, 'the link to the cells', connectOperators([first!, ...others], realClock));
  if (others.length > 0) await within(startMs, 'rest among the cells', atRest(operator));
  return {
    pids: Object.fromEntries(cells.map(({ pid }, index) => [nameOf('cell', numbers[index]!), pid])),
    told: {
      addresses: cells.map(({ address }) => address),
      operator,
      recovery: cells[0]!.recovery,
      failed: Promise.race(cells.map(({ failed }) => failed)),
    },
    async end(signal) {
      operator.close();
      await Promise.all(cells.map((cell) => cell.end(signal)));
    },
  };
}

/** Nothing was journaled for a while: shares have moved and agreements are known. */
async function atRest(operator: OperatorLink): Promise<void> {
  for (let before = -1; ; ) {
    const { commands } = (await operator.statistics()).flush;
    if (commands === before) return;
    before = commands;
    await new Promise((resolve) => setTimeout(resolve, restMs));
  }
}

interface StartedCell {
  readonly pid: number;
  readonly address: string;
  readonly recovery: Recovery;
  readonly failed: Promise<never>;
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

async function startCell(
  { cast, folder, execArguments, snapshotEvery }: PlatformOptions,
  number: number,
): Promise<StartedCell> {
  const logFile = join(folder, `${nameOf('cell', number)}.log`);
  const log = openSync(logFile, 'a', 0o600);
  const script = fileURLToPath(import.meta.resolve('@clearway/server')).replace(/index\.js$/, 'cell-main.js');
  const certificates = join(folder, 'certificates');
  const cell = spawn(process.execPath, [...execArguments, script], {
    env: {
      ...process.env,
      CLEARWAY_DATA: folder,
      CLEARWAY_CENTRE: String(placeOf(number).centre),
      CLEARWAY_CELL: String(number),
      CLEARWAY_CELLS: String(cast.settings.cells),
      CLEARWAY_DATABASE: join(folder, 'database.json'),
      CLEARWAY_SOCKET: join(folder, 'cell.sock'),
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
      if (!ending) reject(new Error(`the cell has ended: ${signal ?? `exit code ${code}`}\n${tailOf(logFile)}`));
    });
  });
  failed.catch(() => {});
  const ready = await within(startMs, 'the cell', Promise.race([failed, readyLine(cell)]));
  return {
    pid: cell.pid!,
    address: `127.0.0.1:${ready.streamPort}`,
    recovery: recoveryOf(logFile),
    failed,
    async end(signal) {
      ending = true;
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

const logOf = (file: string) => readFileSync(file, 'utf8').trimEnd().split('\n');
const tailOf = (file: string) => logOf(file).slice(-8).join('\n');

function recoveryOf(file: string): Recovery {
  const line = logOf(file)
    .filter((one) => one.includes('"cell.recovered"'))
    .at(-1);
  if (line === undefined) throw new Error('the cell has not logged how it recovered');
  return JSON.parse(line) as Recovery;
}
