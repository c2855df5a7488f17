/** The channel to the program that started this one: IPC where there is one, else JSON lines on stdin and stdout. */
import { fstatSync } from 'node:fs';
import type { CentralBankReport } from './report.ts';
import { SettingsError } from './settings.ts';

export function report(message: CentralBankReport): void {
  if (process.connected) process.send!(message);
  else process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** Never outlives the program that started it. Any control message means the end. */
export function endWithSupervisor(stop: () => void): void {
  process.once('SIGTERM', stop);
  if (process.send) {
    // Ctrl-C reaches the whole terminal; the supervisor decides.
    process.on('SIGINT', () => {});
    process.once('message', stop);
    if (process.connected) process.once('disconnect', stop);
    else stop();
    return;
  }
  const stdin = fstatSync(process.stdin.fd);
  if (stdin.isFIFO() || stdin.isSocket()) {
    process.on('SIGINT', () => {});
    process.stdin.once('data', stop).once('end', stop);
  } else {
    process.once('SIGINT', stop);
  }
  process.stdout.once('error', stop);
}

/** Ends the process with the error on stderr: in words where the settings are wrong, with its stack where we are. */
export function fail(error: unknown): never {
  const ofSettings = error instanceof SettingsError;
  process.stderr.write(`${error instanceof Error ? (ofSettings ? error.message : error.stack) : String(error)}\n`);
  process.exit(1);
}
