/** The program `clearway`: the real surroundings, and the exit code. */
import { realChance, realClock, realCrypto } from '@clearway/ports/real';
import { openOperator, openStore } from './cell-access.ts';
import { exitCodes } from './given.ts';
import type { Terminal } from './output/terminal.ts';
import { runProgram } from './program.ts';

const stop = new AbortController();
process.on('SIGINT', () => {
  // Asked twice: whatever cleaning up still waits for, the person does not.
  if (stop.signal.aborted) process.exit(exitCodes.interrupted);
  stop.abort(new Error('Interrupted.'));
});
process.on('SIGTERM', () => stop.abort(new Error('Ended.')));
// Whoever read from us has gone, as `head` does: there is nobody left to answer.
process.stdout.on('error', () => process.exit(exitCodes.done));

const ports = { clock: realClock, chance: realChance, crypto: realCrypto };
const exitCode = await runProgram(process.argv.slice(2), {
  output: terminal(process.stdout),
  errors: terminal(process.stderr),
  clock: realClock,
  crypto: realCrypto,
  signal: stop.signal,
  openStore: () => openStore(process.env, ports),
  openOperator: () => openOperator(process.env),
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
