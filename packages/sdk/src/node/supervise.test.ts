import assert from 'node:assert/strict';
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

let folder: string;
let program: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clearway-supervise-'));
  program = join(folder, 'program.mjs');
  const module = new URL('./supervise.js', import.meta.url).href;
  await writeFile(
    program,
    `import { supervise } from ${JSON.stringify(module)};
     const { report } = supervise({ onControl: (control) => report({ heard: control }), stop: async () => {} });
     setInterval(() => {}, 1000);
     report({ ready: true });`,
  );
});
after(() => rm(folder, { recursive: true }));

const exitOf = async (child: ChildProcess) => (await once(child, 'exit')) as [number | null, string | null];

async function forked() {
  const child = fork(program);
  assert.deepEqual((await once(child, 'message'))[0], { ready: true });
  return child;
}

test('over IPC it reports, is told, and ends when the channel ends', async () => {
  const child = await forked();
  child.send({ rate: 5 });
  assert.deepEqual((await once(child, 'message'))[0], { heard: { rate: 5 } });
  const exit = exitOf(child);
  child.disconnect();
  assert.deepEqual(await exit, [0, null]);
});

test('SIGINT is left to the supervisor, SIGTERM ends cleanly', async () => {
  const child = await forked();
  child.kill('SIGINT');
  child.send('still there?');
  assert.deepEqual((await once(child, 'message'))[0], { heard: 'still there?' });
  const exit = exitOf(child);
  child.kill('SIGTERM');
  assert.deepEqual(await exit, [0, null]);
});

test('without IPC the same goes as JSON lines, and the end of stdin ends it', async () => {
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const line = async () => String((await once(child.stdout, 'data'))[0]);
  assert.equal(await line(), '{"ready":true}\n');
  child.stdin.write('{"rate":5}\n');
  assert.equal(await line(), '{"heard":{"rate":5}}\n');
  const exit = exitOf(child);
  child.stdin.end();
  assert.deepEqual(await exit, [0, null]);
});
