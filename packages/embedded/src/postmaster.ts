/** The postmaster: the one process that is PostgreSQL to the outside. */
import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { environment } from './account.ts';
import { exists, program } from './binaries.ts';
import { clusterFolder } from './cluster.ts';
import { type Home, readText } from './home.ts';
import { LauncherError } from './launcher-error.ts';
import { commandLine } from './process-identity.ts';

export type Settings = Readonly<Record<string, string | number | boolean>>;

/** Part of the socket's file name; nothing listens on a network. */
export const socketNumber = 5432;

const pollMs = 20;
const orphanStopMs = 60_000;

/**
 * Stops a postmaster of this cluster whose launcher is gone. Stopping, not keeping: afterwards we know its settings
 * and hear when it ends. `crashed`: the last server did not end by itself.
 */
export async function stopOrphan(home: Home): Promise<{ crashed: boolean }> {
  const folder = clusterFolder(home);
  const path = join(folder, 'postmaster.pid');
  const lines = (await readText(path))?.split('\n');
  if (!lines) return { crashed: false };
  const pid = Math.abs(Number(lines[0]));
  const lives = async () => (await commandLine(pid))?.includes(folder) ?? false;
  if (await lives()) {
    process.kill(pid, 'SIGINT');
    const waitUntil = performance.now() + orphanStopMs;
    while (await lives()) {
      if (performance.now() > waitUntil) {
        throw new LauncherError(
          `A PostgreSQL left over from an earlier run (process ${pid}) does not stop. End it with: kill -QUIT ${pid}`,
        );
      }
      await delay(pollMs);
    }
  }
  // What remains is from a crash. Were its number used by another process now, PostgreSQL would refuse to start;
  // what really keeps two servers apart is the shared memory it finds by the folder's inode.
  const crashed = await exists(path);
  await rm(path, { force: true });
  return { crashed };
}

/** Starts it; `log` gets its output, which is little but says why when it fails. */
export async function launch(home: Home, socketFolder: string, settings: Settings, log: string): Promise<ChildProcess> {
  const output = await open(log, 'a', 0o600);
  try {
    const command = home.account.command(program(home.binaries, 'postgres'), [
      '-D',
      clusterFolder(home),
      '-k',
      socketFolder,
      ...Object.entries({ ...fixedSettings, ...settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ]);
    return spawn(command.program, command.parameters, {
      ...command.options,
      cwd: '/',
      env: environment,
      stdio: ['ignore', output.fd, output.fd],
      // A process group of its own: Ctrl-C in the terminal is for us, and we stop it when all others have ended.
      detached: true,
    });
  } finally {
    await output.close();
  }
}

/** Everything durable, nothing on the network, and no more memory than a laptop has to spare. */
const fixedSettings: Settings = {
  listen_addresses: '',
  port: socketNumber,
  unix_socket_permissions: '0700',
  ssl: 'off',
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  data_sync_retry: 'off',
  max_connections: 60,
  shared_buffers: '96MB',
  max_wal_size: '512MB',
  checkpoint_timeout: '5min',
  wal_compression: 'off',
  jit: 'off',
  huge_pages: 'off',
  log_checkpoints: 'off',
  log_min_messages: 'warning',
  log_statement: 'none',
  // Parameters hold sealed bodies and never belong into a log.
  log_parameter_max_length: 0,
  log_parameter_max_length_on_error: 0,
  log_timezone: 'UTC',
  timezone: 'UTC',
};

/** Keeps the log of the last run, and no older one. */
export async function turnLog(log: string): Promise<void> {
  if (await exists(log)) await rename(log, `${log}.1`);
}

export async function logTail(log: string): Promise<string> {
  const text = (await exists(log)) ? await readFile(log, 'utf8') : '';
  return text.slice(-1500).trim() || 'it printed nothing';
}
