/** Keeps one program running: a crash of any of them is not the end of the world. */
import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, openSync, readFileSync, statSync, truncateSync } from 'node:fs';

export interface Program {
  readonly name: string;
  /** The compiled main file. */
  readonly script: string;
  readonly arguments: readonly string[];
  /** Asked at each start. */
  environment(): Readonly<Record<string, string>>;
  readonly logFile: string;
}

export interface Watcher {
  /** Whatever the program tells, over the channel or as a JSON line on stdout. */
  onMessage(message: unknown): void;
  /** Every time that it is started and ready. */
  onReady(pid: number): void;
  /** It ended without being asked to, and is started again. */
  onCrash(how: string): void;
}

export interface Supervised {
  readonly name: string;
  readonly pid: number | undefined;
  readonly ready: boolean;
  /** How often it was started again. */
  readonly restarts: number;
  send(message: object): void;
  /** Asks it to end by closing its channel, and kills it when it does not within `patienceMs`. */
  stop(patienceMs: number): Promise<void>;
  /** As a crash would. */
  kill(): void;
}

/** The first start failed: a crash later is tried again, but what never ran is not going to. */
export class StartError extends Error {
  override name = 'StartError';
}

const backOffMs = { first: 200, largest: 5_000 };
/** A program that was ready for so long has got over what made it crash. */
const steadyMs = 10_000;
const logBytes = 16 * 1024 * 1024;

/** Starts the program. Resolves when it is ready for the first time. @throws StartError */
export function supervise(program: Program, watcher: Watcher): Promise<Supervised> {
  return new Promise((resolve, reject) => {
    let child: ChildProcess;
    let ready = false;
    let wasReady = false;
    let readyAt = 0;
    let restarts = 0;
    let waitMs = backOffMs.first;
    let again: NodeJS.Timeout | undefined;
    let stopping = false;

    const supervised: Supervised = {
      name: program.name,
      get pid() {
        return child.exitCode === null && child.signalCode === null ? child.pid : undefined;
      },
      get ready() {
        return ready;
      },
      get restarts() {
        return restarts;
      },
      send(message) {
        if (child.connected) child.send(message);
      },
      async stop(patienceMs) {
        stopping = true;
        clearTimeout(again);
        if (supervised.pid === undefined) return;
        const ended = new Promise((done) => child.once('exit', done));
        if (child.connected) child.disconnect();
        const impatience = setTimeout(() => child.kill('SIGKILL'), patienceMs);
        await ended;
        clearTimeout(impatience);
      },
      kill() {
        stopping = true;
        clearTimeout(again);
        child.kill('SIGKILL');
      },
    };

    const hear = (message: unknown) => {
      const { type, event } = Object(message);
      if (type === 'ready' || event === 'ready') {
        ready = wasReady = true;
        readyAt = performance.now();
        watcher.onReady(child.pid!);
        resolve(supervised);
      }
      watcher.onMessage(message);
    };

    const start = () => {
      child = launch(program);
      child.on('message', hear);
      readLines(child, hear);
      child.on('error', (error) => reject(new StartError(`${program.name} could not be started: ${error.message}`)));
      child.on('exit', (code, signal) => {
        ready = false;
        if (stopping) return;
        const how = signal ?? `exit code ${code}`;
        if (!wasReady)
          return reject(new StartError(`${program.name} did not start (${how}).\n${tailOf(program.logFile)}`));
        if (performance.now() - readyAt > steadyMs) waitMs = backOffMs.first;
        watcher.onCrash(how);
        restarts++;
        again = setTimeout(start, waitMs);
        waitMs = Math.min(waitMs * 2, backOffMs.largest);
      });
    };
    start();
  });
}

function launch(program: Program): ChildProcess {
  boundLog(program.logFile);
  const log = openSync(program.logFile, 'a', 0o600);
  const child = fork(program.script, program.arguments, {
    env: { ...process.env, ...program.environment() },
    execArgv: [],
    // A process group of its own: Ctrl-C in the terminal is for the start alone, which then ends all in their order.
    detached: true,
    stdio: ['ignore', 'pipe', log, 'ipc'],
  });
  closeSync(log);
  return child;
}

function readLines(child: ChildProcess, hear: (message: unknown) => void): void {
  let rest = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('{')) hear(JSON.parse(line));
  });
}

/** Keeps a log and one before it. The program goes on writing at the end of the same file. */
export function boundLog(file: string): void {
  if (!existsSync(file) || statSync(file).size < logBytes) return;
  try {
    copyFileSync(file, `${file}.1`);
    truncateSync(file);
  } catch (error) {
    // A full disk: the log is bounded when there is room again.
    process.stderr.write(`${file} could not be bounded: ${(error as Error).message}\n`);
  }
}

function tailOf(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-12).join('\n') : '';
}
