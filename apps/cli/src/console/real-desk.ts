/** The console as the program reaches it: an address from run.json, a login in the person's own folder, a terminal. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { Network } from '@clearway/ports';
import type { DeskSurroundings, SavedLogin } from './desk.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const timeoutMs = 30_000;

export function realDesk(environment: Environment, network: Network): DeskSurroundings {
  const file = join(environment.XDG_CONFIG_HOME || join(homedir(), '.config'), 'clearway', 'login.json');
  /** Lines of a pipe that have been read and not asked for yet. */
  let piped: string[] | undefined;

  return {
    address() {
      const run = join(environment.CLEARWAY_DATA || './data', 'run.json');
      return existsSync(run) ? (JSON.parse(readFileSync(run, 'utf8')) as { console?: string }).console : undefined;
    },
    saved: () => (existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as SavedLogin) : undefined),
    save(login) {
      if (login === undefined) rmSync(file, { force: true });
      else {
        mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
        writeFileSync(file, `${JSON.stringify(login)}\n`, { mode: 0o600 });
      }
    },
    async prompt(question, how) {
      if (process.stdin.isTTY !== true) {
        piped ??= readFileSync(0, 'utf8').split('\n');
        return piped.shift() ?? '';
      }
      return ask(question, how);
    },
    async request({ method, url, headers, body }) {
      const answer = await network.request(
        { method, url, headers, body: new TextEncoder().encode(body ?? '') },
        { timeoutMs },
      );
      return {
        status: answer.status,
        contentType: answer.headers['content-type'] ?? '',
        text: Buffer.from(answer.body).toString('utf8'),
      };
    },
  };
}

/** Questions go to standard error: standard output is for answers. */
function ask(question: string, how: 'shown' | 'hidden'): Promise<string> {
  process.stderr.write(question);
  const output = new Writable({
    write(chunk, _, done) {
      if (how === 'shown') process.stderr.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  return new Promise((resolve) =>
    lines.question('', (answer) => {
      lines.close();
      if (how === 'hidden') process.stderr.write('\n');
      resolve(answer);
    }),
  );
}
