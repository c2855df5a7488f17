/**
 * A program that another one starts: it reports to it, is told by it, and never outlives it.
 *
 * Over IPC where there is a channel (`child_process.fork`), else as JSON lines on stdin and stdout. The end of the
 * channel and SIGTERM stop the program; SIGINT only where nobody supervises it, since Ctrl-C in a terminal reaches
 * the supervisor too, and that one decides.
 */
import { fstatSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { SettingsError } from './settings.ts';

export interface Program {
  /** What the supervisor says, parsed. */
  onControl(control: unknown): void;
  /** Ends the program's work; the process exits when it resolves. */
  stop(): Promise<void>;
}

export interface Supervisor<Report> {
  report(report: Report): void;
  /** As if the supervisor had ended the channel. */
  stop(): void;
}

export function supervise<Report>(program: Program): Supervisor<Report> {
  let stopping = false;

  function stop(): void {
    if (stopping) return;
    stopping = true;
    program.stop().then(() => process.exit(0), fail);
  }

  process.on('SIGTERM', stop);
  if (process.send) {
    process.on('SIGINT', () => {});
    process.on('message', (control) => program.onControl(control));
    if (process.connected) process.on('disconnect', stop);
    else stop();
    return { stop, report: (report) => void (process.connected && process.send!(report)) };
  }

  if (isChannel(process.stdin.fd)) {
    process.on('SIGINT', () => {});
    const lines = createInterface({ input: process.stdin });
    lines.on('line', (line) => program.onControl(JSON.parse(line)));
    lines.on('close', stop);
  } else {
    process.on('SIGINT', stop);
  }
  process.stdout.on('error', stop);
  return { stop, report: (report) => void process.stdout.write(`${JSON.stringify(report)}\n`) };
}

/** Ends the process with the error on stderr: in words where the settings are wrong, with its stack where we are. */
export function fail(error: unknown): never {
  const ofSettings = error instanceof SettingsError;
  process.stderr.write(`${error instanceof Error ? (ofSettings ? error.message : error.stack) : String(error)}\n`);
  process.exit(1);
}

/** A pipe or socket has another program at its end; a terminal, a file or nothing has not. */
function isChannel(descriptor: number): boolean {
  const kind = fstatSync(descriptor);
  return kind.isFIFO() || kind.isSocket();
}
