/** The cluster: PostgreSQL's data, made once and then only guarded. */
import { randomBytes } from 'node:crypto';
import { chown, lchown, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './account.ts';
import { exists, majorVersion, program } from './binaries.ts';
import { type Home, readText, syncFolder, writeDurably } from './home.ts';
import { LauncherError } from './launcher-error.ts';

export interface Secrets {
  readonly superuser: string;
  readonly password: string;
}

export const clusterFolder = (home: Home) => join(home.folder, 'cluster');

/** The superuser and its password, from `<directory>/secrets`, made at the first start. */
export async function readSecrets(directory: string, superuser: string): Promise<Secrets> {
  const path = join(directory, 'secrets');
  const text = await readText(path);
  if (text !== undefined) return JSON.parse(text);
  const secrets = { superuser, password: randomBytes(24).toString('base64url') };
  await writeDurably(path, `${JSON.stringify(secrets)}\n`, 0o600);
  return secrets;
}

/** Makes the cluster, or checks that the one that is there can be used. */
export async function prepareCluster(home: Home, directory: string, superuser: string): Promise<Secrets> {
  const folder = clusterFolder(home);
  if (!(await exists(join(folder, 'PG_VERSION')))) {
    const secrets = await readSecrets(directory, superuser);
    await makeCluster(home, secrets);
    return secrets;
  }
  await guardVersion(home);
  if (!(await exists(join(directory, 'secrets')))) {
    throw new LauncherError(
      `${join(directory, 'secrets')} is missing: without it nobody can log in to the data in ${folder}. Put it back, or move the folder away to begin anew.`,
    );
  }
  await takeOver(home);
  return readSecrets(directory, superuser);
}

/** In a folder that counts only when it is whole: an interrupted initdb leaves nothing behind that could be used. */
async function makeCluster(home: Home, secrets: Secrets): Promise<void> {
  const unfinished = join(home.folder, 'cluster.new');
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  const privately = await mkdtemp(join(home.folder, 'initdb-'));
  try {
    const passwordFile = join(privately, 'password');
    await writeFile(passwordFile, `${secrets.password}\n`, { mode: 0o600 });
    for (const path of [unfinished, privately, passwordFile]) await chown(path, home.account.uid, home.account.gid);
    const { code, output } = await run(home.account, program(home.binaries, 'initdb'), [
      `--pgdata=${unfinished}`,
      `--username=${secrets.superuser}`,
      `--pwfile=${passwordFile}`,
      '--auth-local=scram-sha-256',
      '--auth-host=reject',
      '--data-checksums',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
    ]);
    if (code !== 0) throw new LauncherError(`initdb could not make the data folder ${unfinished}: ${output}`);
  } finally {
    await rm(privately, { recursive: true, force: true });
  }
  await rename(unfinished, clusterFolder(home));
  await syncFolder(home.folder);
}

/** A cluster belongs to one major version; another one's binaries would not start and could not convert it. */
async function guardVersion(home: Home): Promise<void> {
  const path = join(clusterFolder(home), 'PG_VERSION');
  const found = Number((await readText(path))?.trim());
  const expected = majorVersion(home.binaries);
  if (found !== expected) {
    throw new LauncherError(
      `The data in ${clusterFolder(home)} was made by PostgreSQL ${found}, but these binaries are ${expected}. ` +
        `Start it with a release of Clearway that has PostgreSQL ${found}, export, and import here.`,
    );
  }
}

/** The account may be another one than last time: give it the files. */
async function takeOver(home: Home): Promise<void> {
  const folder = clusterFolder(home);
  const { uid } = await stat(folder);
  if (uid === home.account.uid) return;
  if (process.geteuid!() !== 0) {
    throw new LauncherError(
      `The data in ${folder} belongs to user ${uid}, not to you. Start as that user or as root, or choose another data directory.`,
    );
  }
  await giveTo(folder, home.account.uid, home.account.gid);
}

async function giveTo(folder: string, uid: number, gid: number): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await giveTo(path, uid, gid);
    else await lchown(path, uid, gid);
  }
  await chown(folder, uid, gid);
}
