/** The embedded PostgreSQL, kept running: after a crash it is started again under the same address. */
import { rmSync, symlinkSync } from 'node:fs';
import { type RunningPostgres, startPostgres } from '@clearway/embedded';

export interface DatabaseOptions {
  readonly directory: string;
  /** A path that always leads to the folder of the server's socket, whichever that is. */
  readonly address: string;
  onReady(pid: number): void;
  onCrash(how: string): void;
}

export interface Database {
  /** As superuser, by the address that stays. */
  readonly connection: RunningPostgres['connection'];
  readonly pid: number | undefined;
  readonly restarts: number;
  stop(mode: 'fast' | 'immediate'): Promise<void>;
}

const backOffMs = { first: 100, largest: 5_000 };

/** @throws LauncherError when it does not start at all */
export async function keepDatabase(options: DatabaseOptions): Promise<Database> {
  let stopping = false;
  let restarts = 0;
  let starting: Promise<RunningPostgres | undefined> | undefined;
  let running: RunningPostgres | undefined;

  const start = async () => {
    const started = await startPostgres({
      directory: options.directory,
      onExit: ({ code, signal }) => {
        running = undefined;
        if (stopping) return;
        options.onCrash(signal ?? `exit code ${code}`);
        starting = startAgain();
      },
    });
    rmSync(options.address, { force: true });
    symlinkSync(started.connection.host, options.address);
    running = started;
    options.onReady(started.pid);
    return started;
  };

  const startAgain = async () => {
    for (let waitMs = backOffMs.first; !stopping; waitMs = Math.min(waitMs * 2, backOffMs.largest)) {
      restarts++;
      try {
        return await start();
      } catch (error) {
        options.onCrash((error as Error).message);
        await new Promise((next) => setTimeout(next, waitMs));
      }
    }
    return undefined;
  };

  const { connection } = await start();
  return {
    connection: { ...connection, host: options.address },
    get pid() {
      return running?.pid;
    },
    get restarts() {
      return restarts;
    },
    async stop(mode) {
      stopping = true;
      await starting;
      await running?.stop(mode);
    },
  };
}
