/**
 * A program that another one starts: it reports to it, is told by it, and never outlives it.
 *
 * Over IPC where there is a channel (`child_process.fork`), else as JSON lines on stdin and stdout. The end of the
 * channel and SIGTERM stop the program; SIGINT only where nobody supervises it, since Ctrl-C in a terminal reaches
 * the supervisor too, and that one decides.
 */
import { fstatSync } from 'node:fs';
import { createInterface } from 'node:readline';

export interface Supervised {
  /** What the supervisor says, parsed. */
  onControl(control: unknown): void;
  /** Ends the program's work; the process exits when it resolves. */
  stop(): Promise<void>;
}

/** Returns how to report. */
export function supervise<Report>(program: Supervised): (report: Report) => void {
  let stopping = false;

  function stop(): void {
    if (stopping) return;
    stopping = true;
    program.stop().then(
      () => process.exit(0),
      (error) => fail(error),
    );
  }

  process.on('SIGTERM', stop);
  if (process.send) {
    process.on('SIGINT', () => {});
    process.on('message', (control) => program.onControl(control));
    process.on('disconnect', stop);
    return (report) => {
      if (process.connected) process.send!(report);
    };
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
  return (report) => {
    process.stdout.write(`${JSON.stringify(report)}\n`);
  };
}

/** Ends the process with the error in words on stderr. */
export function fail(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
}

/** A pipe or socket has another program at its end; a terminal, a file or nothing has not. */
function isChannel(descriptor: number): boolean {
  const kind = fstatSync(descriptor);
  return kind.isFIFO() || kind.isSocket();
}
