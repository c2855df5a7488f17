/**
 * Where PostgreSQL lives and who runs it there.
 *
 * The folder that we are given, or the binaries, may lie below folders that only their owner may enter, root's home
 * for instance. We never change those. In this order: an unprivileged user who can enter; a user namespace; a folder
 * of our own under /var/lib, with a file `location` that says where.
 */
import { createHash } from 'node:crypto';
import { lstat, mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type Account, accounts, run } from './account.ts';
import { type Binaries, copyBinaries, hydrate, program } from './binaries.ts';
import { LauncherError } from './launcher-error.ts';

export interface Home {
  /** Holds the cluster. */
  readonly folder: string;
  readonly account: Account;
  readonly binaries: Binaries;
}

export async function findHome(directory: string, binaries: Binaries): Promise<Home> {
  const pointer = join(directory, 'location');
  const elsewhere = await readText(pointer);
  const folder = elsewhere?.trim() ?? directory;
  const candidates = await accounts(directory);
  const refusals: string[] = [];
  for (const account of candidates) {
    const found = await tryHome(folder, account, binaries);
    if (typeof found !== 'string') return found;
    refusals.push(`${account.name}: ${found}`);
  }
  if (
    elsewhere === undefined &&
    process.geteuid!() === 0 &&
    !(await readText(join(directory, 'cluster', 'PG_VERSION')))
  ) {
    const own = await makeFolder(
      join('/var/lib', `clearway-${createHash('sha256').update(directory).digest('hex').slice(0, 12)}`),
    );
    for (const account of candidates) {
      const found = await tryHome(own, account, binaries);
      if (typeof found === 'string') {
        refusals.push(`${account.name} in ${own}: ${found}`);
      } else {
        await writeDurably(pointer, `${own}\n`, 0o644);
        return found;
      }
    }
  }
  throw new LauncherError(
    `No account can run PostgreSQL in ${folder}: ${refusals.join('; ') || 'no unprivileged user exists'}. ` +
      'Choose a data directory that an unprivileged user can enter, or start as an ordinary user.',
  );
}

/** A home, or why this account cannot have one here. */
async function tryHome(folder: string, account: Account, binaries: Binaries): Promise<Home | string> {
  const enter = await run(account, '/bin/sh', ['-c', 'cd "$0"', folder]);
  if (enter.code !== 0) return `cannot enter ${folder} (${enter.output})`;
  if ((await hydrate(binaries)) && (await runs(account, binaries))) return { folder, account, binaries };
  const copy = await copyBinaries(binaries, folder);
  if (await runs(account, copy)) return { folder, account, binaries: copy };
  const tried = await run(account, program(copy, 'postgres'), ['--version']);
  return `cannot run ${program(copy, 'postgres')} (${tried.output})`;
}

const runs = async (account: Account, binaries: Binaries) =>
  (await run(account, program(binaries, 'postgres'), ['--version'])).code === 0;

/** Makes a folder that others can pass through but not list; leaves one that exists as it is. */
export async function makeFolder(path: string): Promise<string> {
  const isRoot = process.geteuid!() === 0;
  if ((await mkdir(path, { recursive: true, mode: isRoot ? 0o711 : 0o700 })) === undefined) {
    const status = await lstat(path);
    if (!status.isDirectory()) throw new LauncherError(`${path} is not a folder.`);
  }
  return path;
}

/** Undefined for a file that does not exist. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** All of it or nothing, even when the power fails. */
export async function writeDurably(path: string, text: string, mode: number): Promise<void> {
  const file = await open(`${path}.new`, 'w', mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  await syncFolder(join(path, '..'));
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
