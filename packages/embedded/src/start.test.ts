import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, cp, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, afterEach, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { accounts, run } from './account.ts';
import { findBinaries } from './binaries.ts';
import { LauncherError, type RunningPostgres, type StartOptions, startPostgres } from './index.ts';
import { processIdentity } from './process-identity.ts';

const isRoot = process.geteuid!() === 0;
const forRoot = isRoot ? {} : { skip: 'only root has to change its user' };

/** Each test has a folder that only its owner may enter, as a home folder is. */
let parent: string;
const running = new Set<RunningPostgres>();

before(async () => {
  parent = await mkdtemp(join(tmpdir(), 'clearway-embedded-'));
});
afterEach(async () => {
  for (const postgres of running) await postgres.stop('immediate');
  running.clear();
});
after(() => rm(parent, { recursive: true, force: true }));

let count = 0;
const newDirectory = () => join(parent, `data ${++count}`);

async function start(options: StartOptions): Promise<RunningPostgres> {
  const postgres = await startPostgres(options);
  running.add(postgres);
  return postgres;
}

async function query(postgres: RunningPostgres, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(postgres.connection);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

const owner = async (path: string) => (await stat(path)).uid;

describe('the server', () => {
  test('is durable, checks its pages, listens to nobody but the socket and has no default password', async () => {
    const directory = newDirectory();
    const postgres = await start({ directory });
    const expected = {
      fsync: 'on',
      full_page_writes: 'on',
      synchronous_commit: 'on',
      data_checksums: 'on',
      listen_addresses: '',
      ssl: 'off',
      password_encryption: 'scram-sha-256',
      server_encoding: 'UTF8',
    };
    const rows = await query(
      postgres,
      `SELECT name, setting FROM pg_settings WHERE name IN ('${Object.keys(expected).join("','")}')`,
    );
    assert.deepEqual(Object.fromEntries(rows.map(({ name, setting }) => [name, setting])), expected);
    const methods = await query(postgres, `SELECT DISTINCT type, auth_method FROM pg_hba_file_rules ORDER BY 1`);
    assert.deepEqual(
      methods.map(({ type, auth_method }) => `${type} ${auth_method}`),
      ['host reject', 'local scram-sha-256'],
    );
    const { password } = postgres.connection;
    assert.ok(password.length >= 32);
    await assert.rejects(new pg.Client({ ...postgres.connection, password: 'postgres' }).connect(), { code: '28P01' });
    assert.equal((await stat(join(directory, 'secrets'))).mode & 0o777, 0o600);
    assert.equal((await stat(postgres.connection.host)).mode & 0o777, 0o700);
    assert.equal((await stat(join(directory, 'cluster'))).mode & 0o777, 0o700);
    assert.deepEqual(
      (await readdir(directory)).filter((name) => name.startsWith('initdb') || name.endsWith('.new')),
      [],
    );
  });

  test('keeps its data and its password over a stop, and takes the settings it is given', async () => {
    const directory = newDirectory();
    const first = await start({ directory, superuser: 'clearway_owner' });
    await query(first, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop('fast');
    await first.stop('fast');
    const second = await start({ directory, settings: { work_mem: '7MB' } });
    assert.deepEqual(second.connection, first.connection);
    assert.deepEqual(await query(second, 'SELECT answer FROM kept'), [{ answer: 42 }]);
    assert.deepEqual(await query(second, 'SHOW work_mem'), [{ work_mem: '7MB' }]);
  });

  test('killed in the middle of work it is reported, and started again it has lost nothing it acknowledged', async () => {
    const directory = newDirectory();
    const exits: unknown[] = [];
    const postgres = await start({ directory, onExit: (how) => exits.push(how) });
    await query(postgres, 'CREATE TABLE kept (id integer)');
    const acknowledged: number[] = [];
    const write = async (writer: number) => {
      const client = new pg.Client(postgres.connection);
      client.on('error', () => {});
      await client.connect();
      for (let id = writer; ; id += 4) {
        await client.query('INSERT INTO kept VALUES ($1)', [id]);
        acknowledged.push(id);
        if (acknowledged.length === 500) process.kill(postgres.pid, 'SIGKILL');
      }
    };
    await Promise.allSettled([0, 1, 2, 3].map(write));
    // The connections may notice before the launcher does; until it has, the directory is in use.
    while (exits.length === 0) await new Promise((next) => setImmediate(next));
    const again = await start({ directory });
    const kept = new Set((await query(again, 'SELECT id FROM kept')).map(({ id }) => id));
    assert.deepEqual(
      acknowledged.filter((id) => !kept.has(id)),
      [],
    );
    assert.deepEqual(exits, [{ code: null, signal: 'SIGKILL' }]);
    running.delete(postgres);
  });

  test('has a socket with a short name where the folder has a long one', async () => {
    const directory = join(parent, 'x'.repeat(100));
    const postgres = await start({ directory });
    const { host } = postgres.connection;
    assert.ok(host.length < 80 && !host.startsWith(directory));
    await query(postgres, 'SELECT');
    await postgres.stop('fast');
    await assert.rejects(stat(host), { code: 'ENOENT' });
  });
});

describe('what is in the way of a start', () => {
  test('a setting that is wrong is told with what the server says of it', async () => {
    const directory = newDirectory();
    await assert.rejects(start({ directory, settings: { shared_buffers: 'many' } }), (error: Error) => {
      assert.ok(error instanceof LauncherError);
      assert.match(error.message, /shared_buffers/);
      assert.match(error.message, /postgres\.log/);
      return true;
    });
    await start({ directory });
  });

  test('a directory in use is refused, and the process named', async () => {
    const directory = newDirectory();
    await start({ directory });
    await assert.rejects(start({ directory }), new RegExp(`in use by process ${process.pid}`));
  });

  test('data of another major version is not touched', async () => {
    const directory = newDirectory();
    await (await start({ directory })).stop('fast');
    await writeFile(join(directory, 'cluster', 'PG_VERSION'), '17\n');
    await assert.rejects(start({ directory }), /made by PostgreSQL 17, but these binaries are 18/);
  });

  test('without its secrets the data is not touched', async () => {
    const directory = newDirectory();
    await (await start({ directory })).stop('fast');
    await rm(join(directory, 'secrets'));
    await assert.rejects(start({ directory }), /secrets is missing/);
  });

  test('an initdb that was interrupted is begun anew', async () => {
    const directory = newDirectory();
    await mkdir(join(directory, 'cluster.new', 'base'), { recursive: true });
    await start({ directory });
  });

  test('a postmaster.pid left by a crash does no harm, whoever has that process number now', async () => {
    const directory = newDirectory();
    await (await start({ directory })).stop('fast');
    await writeFile(join(directory, 'cluster', 'postmaster.pid'), `${process.pid}\n${directory}/cluster\n`);
    await start({ directory });
  });
});

const module = fileURLToPath(new URL('./index.js', import.meta.url));

/** A process of its own that starts PostgreSQL, tells about it in one line of JSON and waits. */
function launcher(
  options: StartOptions,
  how: { uid?: number; gid?: number; env?: NodeJS.ProcessEnv } = {},
): ChildProcess {
  const program = `
    import { startPostgres } from ${JSON.stringify(module)};
    const { connection, pid } = await startPostgres(${JSON.stringify(options)});
    console.log(JSON.stringify({ connection, pid }));`;
  return spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: '/',
    ...how,
  });
}

async function told(child: ChildProcess): Promise<RunningPostgres> {
  for await (const line of createInterface(child.stdout!)) {
    const { connection, pid } = JSON.parse(line);
    const stop = async () => {
      process.kill(pid, 'SIGQUIT');
      while (await processIdentity(pid));
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    };
    const postgres = { connection, pid, stop };
    running.add(postgres);
    return postgres;
  }
  throw new Error('the launcher ended without a word');
}

test('a server whose launcher was killed is stopped by the next one, which starts its own on the same data', async () => {
  const directory = newDirectory();
  const child = launcher({ directory });
  const orphan = await told(child);
  await query(orphan, 'CREATE TABLE kept AS SELECT 42 AS answer');
  child.kill('SIGKILL');
  await once(child, 'exit');
  running.clear();
  assert.ok(await processIdentity(orphan.pid), 'the server has outlived its launcher');
  const postgres = await start({ directory });
  assert.notEqual(postgres.pid, orphan.pid);
  assert.equal(await processIdentity(orphan.pid), undefined);
  assert.deepEqual(await query(postgres, 'SELECT answer FROM kept'), [{ answer: 42 }]);
});

describe('started by root', forRoot, async () => {
  /** A folder that anyone may pass through. */
  async function openFolder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'clearway-open-'));
    await chmod(folder, 0o711);
    return folder;
  }

  /** The installed package without its symbolic links, as npm unpacks it when install scripts are blocked. */
  async function copyPackage(folder: string): Promise<string> {
    const binaries = join(folder, 'package');
    const { root } = await findBinaries();
    await cp(dirname(root), binaries, {
      recursive: true,
      filter: async (path) => !(await lstat(path)).isSymbolicLink(),
    });
    return binaries;
  }

  test('below folders closed to others it runs in a user namespace, with data and binaries in place', async () => {
    const binaries = await copyPackage(parent);
    const directory = newDirectory();
    const postgres = await start({ directory, binaries });
    await query(postgres, 'SELECT');
    assert.equal(await owner(join(directory, 'cluster')), 0);
    const program = await readFile(`/proc/${postgres.pid}/cmdline`, 'utf8');
    assert.ok(program.startsWith(binaries));
    assert.equal((await stat(parent)).mode & 0o777, 0o700, 'the folder above is as it was');
  });

  test('where others may pass it runs as an unprivileged user', async () => {
    const folder = await openFolder();
    const postgres = await start({ directory: join(folder, 'data') });
    await query(postgres, 'SELECT');
    assert.equal(await owner(join(folder, 'data', 'cluster')), (await accounts(folder))[0].uid);
    await postgres.stop('fast');
    await rm(folder, { recursive: true });
  });

  test('binaries that this user cannot reach are copied beside the data', async () => {
    const folder = await openFolder();
    const closed = join(folder, 'closed');
    await mkdir(closed, { mode: 0o700 });
    const directory = join(folder, 'data');
    const postgres = await start({ directory, binaries: await copyPackage(closed) });
    await query(postgres, 'SELECT');
    assert.notEqual(await owner(join(directory, 'cluster')), 0);
    const program = await readFile(`/proc/${postgres.pid}/cmdline`, 'utf8');
    assert.ok(program.startsWith(`${directory}/postgresql-18.`));
    await postgres.stop('fast');
    await rm(folder, { recursive: true });
  });

  test('the data goes along when the account changes', async () => {
    const folder = await openFolder();
    const directory = join(folder, 'data');
    const owners: boolean[] = [];
    for (const mode of [0o711, 0o700, 0o711]) {
      await chmod(folder, mode);
      const postgres = await start({ directory });
      await query(postgres, 'SELECT');
      owners.push((await owner(join(directory, 'cluster', 'base'))) === 0);
      await postgres.stop('fast');
    }
    assert.deepEqual(owners, [false, true, false]);
    await rm(folder, { recursive: true });
  });

  test('without user namespaces it keeps closed data in a folder of its own, and finds it again', async () => {
    const directory = newDirectory();
    // No program `unshare` on this path: as on a system that forbids namespaces.
    const env = { ...process.env, PATH: '/nowhere' };
    const first = await told(launcher({ directory }, { env }));
    const location = (await readFile(join(directory, 'location'), 'utf8')).trim();
    assert.match(location, /^\/var\/lib\/clearway-[0-9a-f]{12}$/);
    await query(first, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop('fast');
    running.delete(first);
    const second = await told(launcher({ directory }, { env }));
    assert.deepEqual(await query(second, 'SELECT answer FROM kept'), [{ answer: 42 }]);
    await second.stop('fast');
    running.delete(second);
    await rm(location, { recursive: true });
  });

  test('an ordinary user runs it as itself', await forReachable(), async () => {
    const folder = await openFolder();
    const directory = join(folder, 'data');
    const binaries = await copyPackage(folder);
    const { uid, gid } = (await accounts(folder))[0];
    for (const path of [folder, join(binaries, 'native', 'lib')]) await chown(path, uid, gid);
    const postgres = await told(launcher({ directory, binaries }, { uid, gid }));
    await query(postgres, 'SELECT');
    assert.equal(await owner(join(directory, 'secrets')), uid);
    assert.equal((await stat(directory)).mode & 0o777, 0o700);
    await postgres.stop('fast');
    running.delete(postgres);
    await rm(folder, { recursive: true });
  });
});

/** A clone below a closed folder cannot be run by another user. */
async function forReachable(): Promise<{ skip?: string }> {
  const [user] = await accounts(tmpdir());
  const { code } = await run(user, '/bin/sh', ['-c', 'test -r "$0" && test -x "$1"', module, process.execPath]);
  return code === 0 ? {} : { skip: 'the unprivileged user cannot read this clone or run this Node' };
}
