/** Errors of operators: each is refused, or does no harm. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { realChance, realCrypto } from '@clearway/ports/real';
import { connectOperator } from '@clearway/server';
import { passwords, startWorld } from '@clearway/start';
import { migrate } from '@clearway/store';
import { rest, until } from '../../until.ts';
import type { Drill } from '../drill.ts';
import { restartsOf, serves } from '../running.ts';
import { superuser } from '../superuser.ts';

const roles = ['cell', 'gateway', 'reader', 'console'] as const;

const errors: Drill = {
  name: 'operator',
  about:
    'a second start on the same data, a start on a foreign folder, the migration again and again, cut-offs repeated',
  faults: [40],
  async strike(stage) {
    const { world, folder } = stage;
    const options = { port: 0, logLevel: 'info', cycleSeconds: 0 };
    const foreign = join(folder, 'foreign');
    mkdirSync(foreign);
    writeFileSync(join(foreign, 'letter.txt'), 'not yours');
    const secrets = passwords(join(world.dataFolder, 'secrets', 'database-passwords.json'), roles);
    do {
      for (const fresh of [false, true]) {
        const again = startWorld({ ...options, dataFolder: world.dataFolder, fresh });
        await assert.rejects(again, /already runs/);
        stage.struck('second start refused');
        await assert.rejects(startWorld({ ...options, dataFolder: foreign, fresh }), /not Clearway's/);
        stage.struck('foreign folder refused');
      }
      assert.equal(readFileSync(join(foreign, 'letter.txt'), 'utf8'), 'not yours');
      await migrate(superuser(world), secrets, { crypto: realCrypto, chance: realChance });
      stage.struck('migrated again');
      const operator = await connectOperator(world.environment.CLEARWAY_SOCKET);
      const { cycle } = await operator.statistics();
      const cut = await Promise.all([1, 2, 3].map(() => operator.closeCycle(cycle)));
      assert.deepEqual(cut, [cycle, cycle, cycle], 'one cut-off, however often it is asked for');
      operator.close();
      stage.struck('cut-off asked for again', 2);
      await rest(200);
    } while (stage.lasts());
  },
};

const cellMain = fileURLToPath(new URL('../../../../apps/server/dist/cell-main.js', import.meta.url));

const secondCell: Drill = {
  name: 'second-cell',
  about:
    'a second process is started for the cell that is running: one of them serves, and the other is told that it is over',
  faults: [40, 15],
  async strike(stage) {
    const { world } = stage;
    let started = 0;
    do {
      const socket = join(stage.folder, `second-${started++}.sock`);
      const restarts = restartsOf(stage, 'cell');
      const child = fork(cellMain, {
        env: { ...process.env, ...world.environment, CLEARWAY_SOCKET: socket, CLEARWAY_STREAM_PORT: '0' },
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      });
      let said = '';
      child.stderr!.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-4000);
      });
      const ended = once(child, 'exit');
      stage.struck('second cell started');
      const isOver = () => child.exitCode !== null || child.signalCode !== null;
      try {
        // Either it is refused, or it takes over, and the first one hears that its epoch is over and claims it back.
        await until(`one of the two gives way: ${said}`, () => isOver() || restartsOf(stage, 'cell') > restarts);
        stage.struck(isOver() ? 'the second was refused' : 'the first gave way');
        await serves(stage, 'cell');
        await stage.recovers();
        await until('the second has ended', isOver);
      } finally {
        if (!isOver()) child.kill('SIGKILL');
        await ended;
      }
    } while (stage.lasts());
  },
};

type Scheme = Record<string, unknown>;

/** Each makes a file of a scheme that is good but for being new. */
const damages: [string, (scheme: Scheme) => string][] = [
  ['cut off in the middle', (scheme) => JSON.stringify(scheme).slice(0, 200)],
  ['of an older version', (scheme) => JSON.stringify({ ...scheme, version: 0, currencies: [] })],
  ['of another environment', (scheme) => JSON.stringify({ ...scheme, environment: 'production' })],
  ['without currencies', (scheme) => JSON.stringify({ ...scheme, currencies: [] })],
  ['without an end of an offer', (scheme) => JSON.stringify({ ...scheme, offerTimeoutMs: -1 })],
];

const configuration: Drill = {
  name: 'configuration',
  about:
    'the configuration is damaged, old or senseless when the cell starts: it does not start with it, or goes on with what was adopted',
  faults: [30],
  async strike(stage) {
    const file = join(stage.world.dataFolder, 'configuration', 'scheme.json');
    const whole: Scheme & { readonly version: number } = JSON.parse(readFileSync(file, 'utf8'));
    let { version } = whole;
    const put = (content: string) => {
      writeFileSync(`${file}.new`, content);
      renameSync(`${file}.new`, file);
    };
    const cell = () => stage.world.processes().find(({ name }) => name === 'cell')!;
    for (const [what, damage] of damages) {
      put(damage({ ...whole, version: ++version }));
      await serves(stage, 'cell');
      const { restarts, pid } = cell();
      process.kill(pid!, 'SIGKILL');
      // It starts with what it has, or it does not start: then the supervisor tries again.
      const isUp = () => cell().ready && cell().restarts > restarts;
      await until('the cell has started, or was refused', () => isUp() || cell().restarts > restarts + 2);
      stage.struck(`scheme ${what}: ${isUp() ? 'not adopted' : 'no start'}`);
      // A document that was refused has taken its version.
      put(JSON.stringify({ ...whole, version: ++version }));
      await serves(stage, 'cell');
      await stage.recovers();
    }
  },
};

export const operators: readonly Drill[] = [errors, secondCell, configuration];
