/** The program as a shell would start it, with what it prints as text. */
import { realClock, realCrypto } from '@clearway/ports/real';
import { UnavailableError } from '@clearway/store';
import type { Surroundings } from '../given.ts';
import { runProgram } from '../program.ts';
import { noDesk } from './no-desk.ts';

/** No cell answers and no file is there, unless they are given. */
export async function runLine(line: string, given: Pick<Surroundings, 'openStore'> & Partial<Surroundings>) {
  const text = { output: '', errors: '' };
  const terminal = (name: 'output' | 'errors') => ({
    write(more: string) {
      text[name] += more;
    },
    isTerminal: false,
    colours: false,
    columns: 120,
  });
  const exitCode = await runProgram(line.split(' '), {
    output: terminal('output'),
    errors: terminal('errors'),
    clock: realClock,
    crypto: realCrypto,
    signal: new AbortController().signal,
    openOperator: async () => {
      throw new UnavailableError('no cell answers');
    },
    desk: noDesk,
    readFile: async (path) => {
      throw new Error(`there is no ${path}`);
    },
    ...given,
  });
  return { exitCode, ...text };
}
