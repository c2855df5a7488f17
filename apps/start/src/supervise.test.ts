import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Program, StartError, type Supervised, supervise } from './supervise.ts';
import { until } from './until.ts';

const folder = mkdtempSync(join(tmpdir(), 'clearway-supervise-'));
after(() => rmSync(folder, { recursive: true }));

/** A program of a few lines; `tells` is what it does once its channel is there. */
function program(name: string, tells: string): Program {
  const script = join(folder, `${name}.mjs`);
  writeFileSync(script, tells);
  return { name, script, arguments: [], environment: () => ({}), logFile: join(folder, `${name}.log`) };
}

const lives = "process.on('disconnect', () => process.exit(0)); process.on('message', (m) => process.send(m));";

async function start(what: Program) {
  const heard: unknown[] = [];
  const crashes: string[] = [];
  const supervised: Supervised = await supervise(what, {
    onMessage: (message) => heard.push(message),
    onReady: () => {},
    onCrash: (how) => crashes.push(how),
  });
  return { supervised, heard, crashes };
}

test('ready is heard over the channel or as a line on stdout, and what is sent arrives', async () => {
  const { supervised, heard } = await start(
    program('talks', `${lives} process.send({ type: 'ready' }); console.log('{"event":"line"}');`),
  );
  supervised.send({ echo: 1 });
  assert.ok(await until(() => heard.length === 3, 10_000));
  assert.deepEqual(
    new Set(heard.map((message) => JSON.stringify(message))),
    new Set(['{"type":"ready"}', '{"event":"line"}', '{"echo":1}']),
  );
  await supervised.stop(5_000);
  assert.equal(supervised.pid, undefined);
});

test('a program that is killed comes back, and is not ready in between', async () => {
  const { supervised, crashes } = await start(program('killed', `${lives} console.log('{"event":"ready"}');`));
  const first = supervised.pid!;
  process.kill(first, 'SIGKILL');
  assert.ok(await until(() => crashes.length === 1, 10_000));
  assert.equal(supervised.ready, false);
  assert.ok(await until(() => supervised.ready && supervised.pid !== first, 10_000));
  assert.deepEqual([crashes, supervised.restarts], [['SIGKILL'], 1]);
  await supervised.stop(5_000);
});

test('a program that never comes up is given up with the end of its log', async () => {
  await assert.rejects(start(program('broken', "console.error('no such key'); process.exit(3);")), (error: Error) => {
    assert.ok(error instanceof StartError);
    assert.match(error.message, /broken did not start \(exit code 3\)[\s\S]*no such key/);
    return true;
  });
});

test('a program that does not end when it is asked to is killed', async () => {
  const { supervised } = await start(
    program('stubborn', "process.send({ type: 'ready' }); setInterval(() => {}, 1000);"),
  );
  await supervised.stop(50);
  assert.equal(supervised.pid, undefined);
});

test('what a program writes to stderr is in its log, for the owner alone', async () => {
  const what = program('logs', `${lives} console.error('seen'); process.send({ type: 'ready' });`);
  const { supervised } = await start(what);
  await supervised.stop(5_000);
  assert.equal(readFileSync(what.logFile, 'utf8'), 'seen\n');
});
