import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DataFolderError, takeDataFolder } from './data-folder.ts';
import { processIdentity } from './process-identity.ts';

const parent = mkdtempSync(join(tmpdir(), 'clearway-folder-'));
after(() => rmSync(parent, { recursive: true }));
let count = 0;
const newPath = () => join(parent, String(++count));

test('a new folder is made for its owner alone, and what was kept in it is there at the next start', async () => {
  const path = newPath();
  const first = await takeDataFolder(path, false);
  assert.equal(statSync(path).mode & 0o066, 0, 'nobody else may list it');
  writeFileSync(join(path, 'kept'), 'x');
  first.release();
  (await takeDataFolder(path, false)).release();
  assert.ok(existsSync(join(path, 'kept')));
});

test('a second start on the same folder is refused, and told by whom and what to do', async () => {
  const path = newPath();
  const first = await takeDataFolder(path, false);
  await assert.rejects(takeDataFolder(path, true), (error: Error) => {
    assert.ok(error instanceof DataFolderError);
    assert.match(error.message, new RegExp(`process ${process.pid}\\).*CLEARWAY_DATA`));
    return true;
  });
  first.release();
});

test('a folder that holds something else is neither used nor emptied', async () => {
  const path = newPath();
  mkdirSync(path);
  writeFileSync(join(path, 'thesis.txt'), 'years of work');
  await assert.rejects(takeDataFolder(path, true), DataFolderError);
  assert.ok(existsSync(join(path, 'thesis.txt')));
});

test('beginning anew empties our own folder', async () => {
  const path = newPath();
  (await takeDataFolder(path, false)).release();
  mkdirSync(join(path, 'postgres'));
  writeFileSync(join(path, 'postgres', 'old'), 'x');
  (await takeDataFolder(path, true)).release();
  assert.ok(!existsSync(join(path, 'postgres')));
});

test('a start that was killed does not keep the folder, and its children are waited for', async () => {
  const path = newPath();
  (await takeDataFolder(path, false)).release();
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 300)']);
  await new Promise((resolve) => child.once('spawn', resolve));
  const left = { pid: child.pid!, identity: processIdentity(child.pid!) };
  writeFileSync(
    join(path, 'run.json'),
    JSON.stringify({ processes: { start: { pid: child.pid, identity: 'another time' }, cell: left } }),
  );
  const folder = await takeDataFolder(path, false);
  assert.equal(processIdentity(child.pid!), undefined);
  folder.release();
});
