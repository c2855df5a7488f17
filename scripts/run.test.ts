import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'clearway-run-'));
after(() => rmSync(folder, { recursive: true }));
let root = '';
let count = 0;

/** A repository with one program, whose dependencies are installed: the real compiler, and nothing else. */
beforeEach(() => {
  root = join(folder, String(++count));
  const write = (path: string, content: string | object) => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
  };
  const { version } = JSON.parse(readFileSync(join(repository, 'node_modules/typescript/package.json'), 'utf8'));
  const packages = { 'node_modules/typescript': { version } };
  write('package.json', { type: 'module' });
  write('package-lock.json', { packages });
  write('node_modules/.package-lock.json', { packages });
  write('tsconfig.base.json', {});
  write('tsconfig.json', { files: [], references: [{ path: 'apps/cli' }] });
  write('apps/cli/tsconfig.json', {
    compilerOptions: { rootDir: 'src', outDir: 'dist', composite: true, target: 'es2022', module: 'es2022', types: [] },
    include: ['src'],
  });
  write('apps/cli/src/main.ts', program);
  symlinkSync(join(repository, 'node_modules/typescript'), join(root, 'node_modules/typescript'));
  mkdirSync(join(root, 'scripts'));
  cpSync(join(repository, 'scripts/run.mjs'), join(root, 'scripts/run.mjs'));
});

const program = `declare const process: { argv: string[]; exitCode: number };
declare const console: { log(text: string): void };
console.log(process.argv.slice(2).join(' '));
process.exitCode = process.argv.length;
export {};
`;

function run(...args: string[]): Promise<{ code: number | null; out: string; said: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, 'scripts/run.mjs'), ...args]);
    let out = '';
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    child.on('close', (code) => resolve({ code, out, said }));
  });
}

test('builds what is not built, passes arguments on, and ends with the program’s exit code', async () => {
  assert.deepEqual(await run('cli', 'one', '--two'), { code: 4, out: 'one --two\n', said: 'Building …\n' });
});

test('does not build again when nothing has changed, and does when a source or an output has', async () => {
  await run('cli');
  assert.equal((await run('cli')).said, '');
  utimesSync(join(root, 'apps/cli/src/main.ts'), new Date(), new Date(1_000_000_000_000));
  assert.equal((await run('cli')).said, 'Building …\n');
  rmSync(join(root, 'apps/cli/dist'), { recursive: true });
  rmSync(join(root, 'apps/cli/tsconfig.tsbuildinfo'), { force: true });
  assert.deepEqual(await run('cli'), { code: 2, out: '\n', said: 'Building …\n' });
});

test('a build that fails says why and starts nothing', async () => {
  writeFileSync(join(root, 'apps/cli/src/main.ts'), 'export const amount: number = "1";\n');
  const { code, out, said } = await run('cli');
  assert.equal(code, 1);
  assert.equal(out, '');
  assert.match(said, /main\.ts.*TS2322[\s\S]*The build failed/);
});

test('of two that are started together one builds and the other waits', async () => {
  const both = await Promise.all([run('cli', 'a'), run('cli', 'b')]);
  assert.deepEqual(both.map(({ out }) => out).sort(), ['a\n', 'b\n']);
  const said = both.map((one) => one.said).sort();
  assert.ok(said.includes('Building …\n'), said.join());
  assert.ok(!existsSync(join(root, 'dist/build.lock')));
});

test('a lock that was left behind by a process that is gone holds nobody up', async () => {
  mkdirSync(join(root, 'dist'));
  writeFileSync(join(root, 'dist/build.lock'), '4194305'); // above the largest process number
  assert.equal((await run('cli')).code, 2);
});

test('an unknown program is refused with the names of those that are known', async () => {
  const { code, said } = await run('fly');
  assert.equal(code, 2);
  assert.match(said, /start\|cli\|bench\|sim\|.*test/);
});
