/**
 * The folder that holds everything of one world: one start at a time works in it, and what a killed start left behind
 * is ended before the next one begins.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { processIdentity } from './process-identity.ts';

/** The folder cannot be used, and why; the message is for people. */
export class DataFolderError extends Error {
  override name = 'DataFolderError';
}

export interface DataFolder {
  readonly path: string;
  /** Notes a process of this world, so that a later start can end it if this one is killed. */
  note(name: string, pid: number): void;
  /** Notes where the running world can be reached. */
  tell(addresses: { readonly socket: string; readonly gateway: string; readonly console?: string }): void;
  release(): void;
}

interface Note {
  readonly pid: number;
  readonly identity: string;
}

interface Run {
  readonly socket?: string;
  readonly gateway?: string;
  readonly console?: string;
  readonly processes: Readonly<Record<string, Note>>;
}

/** Who works here, with which processes, and where it can be reached. It is there while the world runs. */
const lockName = 'run.json';
/** Says that the folder is ours, so that `--fresh` never empties another one. */
const markName = 'clearway.json';
const leftoverMs = 10_000;

/**
 * Takes the folder, made if it is missing. `fresh` empties it first.
 * @throws DataFolderError when another start works there, or when it holds something else
 */
export async function takeDataFolder(folder: string, fresh: boolean): Promise<DataFolder> {
  const path = resolve(folder);
  const mark = join(path, markName);
  const lock = join(path, lockName);
  makeFolder(path);
  if (!existsSync(mark) && readdirSync(path).length > 0) {
    throw new DataFolderError(
      `${path} holds something that is not Clearway's. Choose an empty folder with CLEARWAY_DATA.`,
    );
  }
  const { processes: notes } = readRun(lock);
  if (notes.start !== undefined && isAlive(notes.start)) {
    throw new DataFolderError(
      `Clearway already runs on ${path} (process ${notes.start.pid}). ` +
        `Stop it with Ctrl-C or \`kill ${notes.start.pid}\`, or choose another folder with CLEARWAY_DATA.`,
    );
  }
  // PostgreSQL does not hear that its parent is gone; its own launcher ends one that is left over.
  for (const [name, note] of Object.entries(notes)) if (name !== 'postgres') await end(name, note);
  if (fresh) empty(path);
  writeFileSync(mark, `${JSON.stringify({ format: 1 })}\n`);

  const processes: Record<string, Note> = {};
  let addresses: Pick<Run, 'socket' | 'gateway' | 'console'> = {};
  /** Written beside and put in its place, so that it is whole or as before; on a full disk it stays as before. */
  const write = () => {
    const run: Run = { ...addresses, processes };
    try {
      writeFileSync(`${lock}.new`, `${JSON.stringify(run, undefined, 2)}\n`, { mode: 0o600 });
      renameSync(`${lock}.new`, lock);
    } catch (error) {
      process.stderr.write(`${lock} could not be written and is out of date: ${(error as Error).message}\n`);
    }
  };
  const note = (name: string, pid: number) => {
    const identity = processIdentity(pid);
    if (identity === undefined) delete processes[name];
    else processes[name] = { pid, identity };
    write();
  };
  note('start', process.pid);
  return {
    path,
    note,
    tell(told) {
      addresses = told;
      write();
    },
    release: () => rmSync(lock, { force: true }),
  };
}

/** Only for its owner; as root, others may pass through it (PostgreSQL runs as an ordinary user) but see nothing. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  mkdirSync(path, { recursive: true });
  chmodSync(path, process.geteuid?.() === 0 ? 0o711 : 0o700);
}

function readRun(lock: string): Run {
  if (!existsSync(lock)) return { processes: {} };
  try {
    return JSON.parse(readFileSync(lock, 'utf8'));
  } catch {
    return { processes: {} }; // torn by a crash while it was written: then nothing is known of its processes
  }
}

function isAlive({ pid, identity }: Note): boolean {
  return processIdentity(pid) === identity;
}

/** A process whose parent is gone ends by itself, since its channel closed; one that does not is killed. */
async function end(name: string, note: Note): Promise<void> {
  const patience = performance.now() + leftoverMs;
  while (isAlive(note)) {
    if (performance.now() > patience) {
      process.stderr.write(`Ending ${name} (process ${note.pid}), left over from a start that was killed.\n`);
      process.kill(note.pid, 'SIGKILL');
    }
    await new Promise((next) => setTimeout(next, 50));
  }
}

function empty(path: string): void {
  const elsewhere = join(path, 'postgres/location');
  if (existsSync(elsewhere)) rmSync(readFileSync(elsewhere, 'utf8').trim(), { recursive: true, force: true });
  for (const name of readdirSync(path)) rmSync(join(path, name), { recursive: true, force: true });
}
