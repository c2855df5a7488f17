/** The program `clearway`: the real surroundings, and the exit code. */
import { readFile } from 'node:fs/promises';
import { realChance, realClock, realCrypto, realDisk, realNetwork } from '@clearway/ports/real';
import { openOperator, openStore } from './cell-access.ts';
import { realDesk } from './console/real-desk.ts';
import { exitCodes } from './given.ts';
import type { Terminal } from './output/terminal.ts';
import { runProgram } from './program.ts';

/** How long cleaning up may take after Ctrl-C; pressed again, none. */
const patienceMs = 2_000;
/** npm hands a Ctrl-C of the terminal on to us, who have had it already: these two are one. */
const echoMs = 500;

const stop = new AbortController();
let stoppedAt = 0;
const interrupt = () => {
  if (!stop.signal.aborted) {
    stoppedAt = realClock.elapsed();
    stop.abort(new Error('Interrupted.'));
    setTimeout(() => process.exit(exitCodes.interrupted), patienceMs).unref();
  } else if (realClock.elapsed() - stoppedAt > echoMs) process.exit(exitCodes.interrupted);
};
process.on('SIGINT', interrupt);
process.on('SIGTERM', interrupt);
// Whoever read from us has gone, as `head` does: there is nobody left to answer.
process.stdout.on('error', () => process.exit(exitCodes.done));

const ports = { clock: realClock, chance: realChance, crypto: realCrypto, disk: realDisk };
const exitCode = await runProgram(process.argv.slice(2), {
  output: terminal(process.stdout),
  errors: terminal(process.stderr),
  clock: realClock,
  crypto: realCrypto,
  signal: stop.signal,
  openStore: () => openStore(process.env, ports),
  openOperator: () => openOperator(process.env, realClock),
  readFile: (path) => readFile(path),
  desk: realDesk(process.env, realNetwork({ keepAlive: false })),
});
// What was written to a pipe is still on its way, so the process ends by itself; unless something is waited for in vain.
process.exitCode = exitCode;
if (stop.signal.aborted) process.stdout.write('', () => process.exit(exitCode));

function terminal(stream: NodeJS.WriteStream): Terminal {
  const isTerminal = stream.isTTY === true && process.env.TERM !== 'dumb';
  return {
    write: (text) => void stream.write(text),
    isTerminal,
    colours: isTerminal && (process.env.NO_COLOR ?? '') === '',
    get columns() {
      return stream.columns ?? 80;
    },
  };
}
