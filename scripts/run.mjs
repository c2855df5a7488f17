#!/usr/bin/env node
/**
 * The one way into every program: `node scripts/run.mjs start|test|bench|sim|fuzz|drill|cli|… [arguments]`.
 *
 * Plain JavaScript without dependencies, because it is what runs before anything is installed. It installs the locked
 * dependencies where they are missing, builds what has changed, and then *becomes* the program by importing it:
 * no second process stands between the terminal and the program, so signals and the exit code are the program's own.
 * All that it says goes to stderr; stdout belongs to the program.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = resolve(fileURLToPath(new URL('..', import.meta.url)));
const oldestNode = [20, 19];

const programs = {
  start: 'apps/start/dist/main.js',
  cli: 'apps/cli/dist/main.js',
  bench: 'benchmarks/dist/main.js',
  sim: 'apps/simulator/dist/main.js',
  fuzz: 'test/dist/fuzz/main.js',
  mutate: 'test/dist/mutate/main.js',
  drill: 'test/dist/drill/main.js',
  faults: 'test/dist/faults/main.js',
  screenshots: 'apps/console/dist-test/screenshots.js',
  'soak-wall': 'apps/console/dist-test/soak-wall.js',
  test: 'scripts/dist/test.js',
};

/** Ends with a message for people: what was wrong and what to do. */
function giveUp(message, code = 1) {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

/** One line that counts the seconds in a terminal, and is printed once elsewhere. */
function progress(text) {
  const began = Date.now();
  const terminal = process.stderr.isTTY === true;
  if (!terminal) process.stderr.write(`${text} …\n`);
  const draw = () => process.stderr.write(`\r\x1b[2K${text} … ${Math.round((Date.now() - began) / 1000)} s`);
  const timer = terminal ? setInterval(draw, 500) : undefined;
  return () => {
    clearInterval(timer);
    if (terminal) process.stderr.write('\r\x1b[2K');
  };
}

/** Runs a command without a word, and resolves to its exit code and all that it printed. */
function quietly(command, args) {
  return new Promise((done) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk) => {
      output += chunk;
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.on('error', (error) => done({ code: 1, output: String(error) }));
    child.on('close', (code) => done({ code: code ?? 1, output }));
  });
}

function readJson(path) {
  return JSON.parse(readFileSync(join(root, path), 'utf8'));
}

// ── Dependencies ─────────────────────────────────────────────────────────────────────────────────────────────────────

const fits = (list, own) => list === undefined || list.includes(own);

/** True when node_modules holds what the lockfile asks of this platform, by npm's own note of what it has installed. */
function installed() {
  const note = 'node_modules/.package-lock.json';
  if (!existsSync(join(root, note))) return false;
  let present;
  try {
    present = readJson(note).packages;
  } catch {
    return false; // an installation that was interrupted; npm ci begins anew
  }
  return Object.entries(readJson('package-lock.json').packages).every(([path, locked]) => {
    if (!path.startsWith('node_modules/')) return true;
    const found = present[path];
    if (found === undefined) {
      // Another platform's package, or one for another C library, is left out by npm, and what only it would need.
      const isForAnyPlatform = locked.os === undefined && locked.cpu === undefined;
      return (
        locked.optional === true &&
        (isForAnyPlatform ||
          locked.libc !== undefined ||
          !fits(locked.os, process.platform) ||
          !fits(locked.cpu, process.arch))
      );
    }
    return found.version === locked.version && found.integrity === locked.integrity && existsSync(join(root, path));
  });
}

/** How to call npm: as it was called to get here, else as it is on the path. */
function npm() {
  const script = process.env.npm_execpath;
  return script?.endsWith('npm-cli.js') && existsSync(script) ? [process.execPath, script] : ['npm'];
}

async function install() {
  if (installed()) return;
  const done = progress('Installing the locked dependencies');
  const args = [
    'ci',
    '--ignore-scripts',
    '--include=dev',
    '--include=optional',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
  ];
  const [command, ...before] = npm();
  const { code, output } = await quietly(command, [...before, ...args]);
  done();
  if (code !== 0) {
    giveUp(
      `${output.trim()}\n\nThe dependencies could not be installed (npm ci, exit code ${code}). The first installation needs the npm registry.`,
    );
  }
}

// ── Build ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const stampPath = join(root, 'dist/build.stamp');

function* sourcesIn(folder, skip) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!['node_modules', 'dist', 'dist-test'].includes(entry.name) && !skip.has(path)) yield* sourcesIn(path, skip);
    } else if (/\.tsx?$/.test(entry.name) && !entry.name.endsWith('.d.ts')) yield path;
  }
}

/** Each project of the root tsconfig.json, with every source and the file that the compiler makes of it. */
function projects() {
  const folders = readJson('tsconfig.json').references.map(({ path }) => path);
  const own = new Set(folders.map((folder) => join(root, folder)));
  return folders.map((folder) => {
    const { rootDir, outDir } = readJson(join(folder, 'tsconfig.json')).compilerOptions;
    const from = resolve(root, folder, rootDir);
    const into = resolve(root, folder, outDir);
    const sources = existsSync(from) ? [...sourcesIn(from, own)] : [];
    return {
      folder,
      files: sources.map((source) => [source, join(into, relative(from, source)).replace(/\.tsx?$/, '.js')]),
    };
  });
}

/** The console in the browser is made by Vite from the sources of its project and from these. */
const consoleFolder = 'apps/console';
const consolePage = join(root, consoleFolder, 'dist/web/index.html');
const hasConsole = existsSync(join(root, consoleFolder, 'vite.config.ts'));

function consoleFiles() {
  const styles = join(root, consoleFolder, 'src/style');
  const named = ['index.html', 'vite.config.ts', 'package.json'].map((name) => join(root, consoleFolder, name));
  return [...named, ...readdirSync(styles).map((name) => join(styles, name))];
}

/** A hash of all that the build depends on, or undefined when something that it makes is missing. */
function fingerprint() {
  if (hasConsole && !existsSync(consolePage)) return undefined;
  const hash = createHash('sha256');
  const add = (path) => {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  };
  for (const path of ['package-lock.json', 'tsconfig.json', 'tsconfig.base.json']) add(join(root, path));
  if (hasConsole) for (const path of consoleFiles()) add(path);
  for (const { folder, files } of projects()) {
    add(join(root, folder, 'tsconfig.json'));
    for (const [source, made] of files) {
      if (!existsSync(made)) return undefined;
      add(source);
    }
  }
  return hash.digest('hex');
}

const upToDate = () => existsSync(stampPath) && readFileSync(stampPath, 'utf8') === fingerprint();

async function build() {
  if (upToDate()) return;
  const done = progress('Building');
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const bundler = join(root, 'node_modules/vite/bin/vite.js');
  const steps = [
    [compiler, '-b', '--pretty', String(process.stderr.isTTY === true)],
    ...(hasConsole ? [[bundler, 'build', join(root, consoleFolder), '--logLevel', 'warn']] : []),
  ];
  for (const step of steps) {
    const { code, output } = await quietly(process.execPath, step);
    if (code === 0) continue;
    done();
    giveUp(`${output.trim()}\n\nThe build failed.`);
  }
  done();
  writeFileSync(stampPath, fingerprint() ?? '');
}

// ── One at a time ────────────────────────────────────────────────────────────────────────────────────────────────────

const lockPath = join(root, 'dist/build.lock');

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Who builds now, 0 for nobody: a process that is gone, or one that died before it wrote its number, holds nothing. */
function holder() {
  try {
    const { mtimeMs } = statSync(lockPath);
    const pid = Number(readFileSync(lockPath, 'utf8'));
    if (pid === 0) return Date.now() - mtimeMs < 5000 ? -1 : 0;
    return alive(pid) ? pid : 0;
  } catch {
    return -1; // released in this moment
  }
}

/** Two programs started together must not install or build into each other's files: the second waits for the first. */
async function alone(work) {
  mkdirSync(join(root, 'dist'), { recursive: true });
  let waiting;
  for (;;) {
    try {
      writeFileSync(lockPath, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (holder() === 0) rmSync(lockPath, { force: true });
    else waiting ??= progress('Waiting for another build to finish');
    await new Promise((next) => setTimeout(next, 100));
  }
  waiting?.();
  const release = () => rmSync(lockPath, { force: true });
  process.on('exit', release);
  await work();
  process.off('exit', release);
  release();
}

// ── The way in ───────────────────────────────────────────────────────────────────────────────────────────────────────

const [name, ...args] = process.argv.slice(2);
const program = Object.hasOwn(programs, name ?? '') ? programs[name] : undefined;
if (program === undefined) giveUp(`Usage: node scripts/run.mjs ${Object.keys(programs).join('|')} [arguments]`, 2);

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1])) {
  giveUp(`Clearway needs Node ${oldestNode.join('.')} or newer; this is ${process.versions.node}.`);
}

try {
  if (!installed() || !upToDate()) {
    await alone(async () => {
      await install();
      await build();
    });
  }
} catch (error) {
  if (error.code !== 'EACCES' && error.code !== 'EROFS') throw error;
  giveUp(
    `${error.path ?? root} cannot be written by this user. Clone Clearway into a folder of your own, or run it once as its owner.`,
  );
}

const file = join(root, program);
if (!existsSync(file)) giveUp(`${program} was not made by the build.`);
process.argv = [process.execPath, file, ...args];
await import(pathToFileURL(file).href);
