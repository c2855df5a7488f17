/** `npm start` as a person types it: real processes, real PostgreSQL, nothing prepared. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { processIdentity } from './process-identity.ts';
import type { Summary } from './scenario.ts';
import { until } from './until.ts';

const folder = mkdtempSync(join(tmpdir(), 'clearway-start-'));
after(() => rmSync(folder, { recursive: true }));
const main = fileURLToPath(new URL('./main.js', import.meta.url));
const patienceMs = 120_000;

interface Started {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}

function start(data: string, ...args: string[]): Started {
  const environment = { ...process.env, CLEARWAY_DATA: join(folder, data), CLEARWAY_PORT: '0' };
  const child = spawn(process.execPath, [main, ...args], { env: environment });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return { child, output: () => output, ended: new Promise((resolve) => child.once('close', resolve)) };
}

/** Process numbers of everything that runs on the folder. */
function processesOf(data: string): Map<string, number> {
  const run = join(folder, data, 'run.json');
  if (!existsSync(run)) return new Map();
  const { processes } = JSON.parse(readFileSync(run, 'utf8')) as { processes: Record<string, { pid: number }> };
  return new Map(Object.entries(processes).map(([name, { pid }]) => [name, pid]));
}

const isGone = (pid: number) => processIdentity(pid) === undefined;

test('a bounded run is exact to the last cent, and so is the next one on the same data', async () => {
  for (const cycle of [1, 2]) {
    const { ended, output } = start('bounded', '--payments', '150', '--exit', '--json');
    assert.equal(await ended, 0, output());
    const summary: Summary = JSON.parse(output().trimEnd().split('\n').at(-1)!);
    assert.deepEqual(summary.wrong, []);
    assert.equal(summary.payments, 150);
    assert.equal(summary.succeeded + summary.failed + summary.refused, 150);
    assert.equal(summary.cycle.cycle, cycle);
    assert.deepEqual([summary.reconciliation.institutions, summary.reconciliation.differences], [9, 0]);
  }
});

test('it stops cleanly when it is asked to, and comes back after everything was killed at once', async () => {
  const first = start('stopped');
  assert.ok(await until(() => /[1-9]\d* succeeded/.test(first.output()), patienceMs), first.output());
  const running = processesOf('stopped');
  assert.equal(running.size, 15, [...running.keys()].join());
  first.child.kill('SIGTERM');
  assert.equal(await first.ended, 0, first.output());
  assert.ok([...running.values()].every(isGone), 'no process is left');
  assert.equal(processesOf('stopped').size, 0);

  const second = start('stopped');
  assert.ok(await until(() => second.output().includes('metrics'), patienceMs), second.output());
  const refused = start('stopped');
  assert.equal(await refused.ended, 1);
  assert.match(refused.output(), /already runs on .* \(process \d+\)/);
  const killed = processesOf('stopped');
  second.child.kill('SIGKILL');
  await second.ended;

  const third = start('stopped', '--payments', '20', '--exit');
  assert.equal(await third.ended, 0, third.output());
  assert.match(third.output(), /Exact: every payment is definite, settled, reconciled and verified\.\n$/);
  assert.ok([...killed.values()].every(isGone), 'nothing of the killed start is left');
});
