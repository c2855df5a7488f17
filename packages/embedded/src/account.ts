/**
 * Who runs PostgreSQL. It refuses to run as root, so when we are root it needs another account: one of the system's
 * unprivileged users, or a user namespace in which we only look like one (and stay bound by our file permissions).
 */
import { spawn } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';

export interface Account {
  /** For messages. */
  readonly name: string;
  /** Owner of its files as seen from here. */
  readonly uid: number;
  readonly gid: number;
  /** How to start a program under this account. */
  command(program: string, parameters: readonly string[]): Command;
}

export interface Command {
  readonly program: string;
  readonly parameters: readonly string[];
  readonly options: { readonly uid?: number; readonly gid?: number };
}

interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** The accounts to try, best first. An ordinary user has one: itself. */
export async function accounts(directory: string): Promise<Account[]> {
  const uid = process.geteuid!();
  if (uid !== 0) return [ordinary(uid, process.getegid!())];
  const users = await unprivilegedUsers();
  const owner = (await stat(directory)).uid;
  const chosen =
    users.find((user) => user.uid === owner) ??
    users.find((user) => user.name === 'postgres' || user.name === '_postgres') ??
    users.find((user) => user.name === 'nobody');
  const found: Account[] = [];
  if (chosen) found.push(unprivileged(chosen));
  if (process.platform === 'linux' && users.length > 0) found.push(namespace(chosen ?? users[0]));
  return found;
}

function ordinary(uid: number, gid: number): Account {
  return {
    name: `user ${uid}`,
    uid,
    gid,
    command: (program, parameters) => ({ program, parameters, options: {} }),
  };
}

function unprivileged(user: User): Account {
  return {
    name: `user ${user.name}`,
    uid: user.uid,
    gid: user.gid,
    command: (program, parameters) => ({ program, parameters, options: { uid: user.uid, gid: user.gid } }),
  };
}

/** Inside the namespace we are `user`; outside we own the files as root but have none of root's powers. */
function namespace(user: User): Account {
  const enter = ['--user', `--map-user=${user.uid}`, `--map-group=${user.gid}`, '--'];
  return {
    name: 'a user namespace',
    uid: 0,
    gid: 0,
    command: (program, parameters) => ({
      program: 'unshare',
      parameters: [...enter, program, ...parameters],
      options: {},
    }),
  };
}

/** PostgreSQL looks its user up, so only users with an entry will do. */
async function unprivilegedUsers(): Promise<User[]> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n');
  return lines
    .map((line) => line.split(':'))
    .map(([name, , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter((user) => user.uid > 0 && user.gid > 0);
}

/** A clean environment: no PG* variable, locale or NODE_OPTIONS of ours can change what the server does. */
export const environment = { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

export interface Finished {
  readonly code: number | null;
  /** The last of what it printed, both streams. */
  readonly output: string;
}

/** Runs a program to its end; a program that cannot be started at all is code null. */
export function run(account: Account, program: string, parameters: readonly string[]): Promise<Finished> {
  return new Promise((resolve) => {
    const command = account.command(program, parameters);
    const child = spawn(command.program, command.parameters, {
      ...command.options,
      cwd: '/',
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => resolve({ code: null, output: error.message }));
    child.on('close', (code) => resolve({ code, output: output.trim() }));
  });
}
