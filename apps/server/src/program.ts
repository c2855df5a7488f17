/** What both programs do alike: read settings, log, tell that they are ready, end cleanly. */
import { pino } from 'pino';
import { logLines } from './log-lines.ts';
import { describeSettings, readSettings, type Settings, SettingsError } from './settings.ts';

export type Log = (event: string, fields: Record<string, unknown>) => void;

export interface Program {
  readonly settings: Settings;
  readonly log: Log;
  /** Says on standard output that it serves, as one JSON line. */
  ready(fields: Record<string, unknown>): void;
}

/** Longest that a clean end may take, ms; then the process ends all the same. */
const patienceMs = 10_000;

/** Reads the settings, runs the program, and ends it at SIGTERM, SIGINT or when the parent is gone. */
export function runProgram(name: string, start: (program: Program) => Promise<() => Promise<void>>): void {
  const settings = settingsOrExit();
  // Standard output belongs to the "ready" line; people and collectors read standard error.
  const lines = logLines(2, (delayMs, run) => setTimeout(run, delayMs).unref());
  const logger = pino({ name, level: settings.log, base: { program: name, pid: process.pid } }, lines);
  process.on('exit', lines.flush);
  const log: Log = (event, fields) => logger.info({ event, ...fields });
  log('program.starts', { settings: describeSettings(settings) });

  let ending = false;
  let stop: (() => Promise<void>) | undefined;
  const end = (why: string, code: number) => {
    if (ending) return;
    ending = true;
    log('program.ends', { why });
    setTimeout(() => process.exit(code || 1), patienceMs).unref();
    Promise.resolve(stop?.()).then(
      () => process.exit(code),
      (error: Error) => {
        logger.error({ event: 'program.endFailed', detail: error.message });
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => end('SIGTERM', 0));
  process.on('SIGINT', () => end('SIGINT', 0));
  // A child whose parent has died must not live on unseen.
  if (process.send !== undefined) process.on('disconnect', () => end('parent gone', 0));
  const fail = (error: Error) => {
    logger.fatal({ event: 'program.failed', error: error.name, detail: error.message, stack: error.stack });
    process.exit(1);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', (error) => fail(error as Error));

  start({
    settings,
    log,
    ready: (fields) => process.stdout.write(`${JSON.stringify({ event: 'ready', program: name, ...fields })}\n`),
  }).then((stopper) => {
    stop = stopper;
  }, fail);
}

function settingsOrExit(): Settings {
  try {
    return readSettings(process.env);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
}
