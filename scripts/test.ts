/**
 * `npm test`: every check of the repository. Types, format and lint, tidiness, the generated pages, and
 * all tests under Node's own runner, each file compiled by the build that led here (scripts/run.mjs).
 *
 *   npm test                    everything
 *   npm test -- store bank      only the tests whose path contains one of the words
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { readWorkspace } from './tidy/workspace.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** A test that hangs must end the run, with its name. */
const testTimeoutMs = 15 * 60_000;
/** Test files at the same time: they wait for disk and processes as much as they compute. */
const concurrency = 2;

function node(...args: string[]): boolean {
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status === 0;
}

function check(name: string, passes: () => boolean): boolean {
  const passed = passes();
  console.log(`${passed ? '✔' : '✖'} ${name}`);
  return passed;
}

function testFiles(words: readonly string[]): string[] {
  const sources = readWorkspace(root).projects.flatMap((project) => project.sources);
  const tests = sources.filter(
    ({ path }) => path.endsWith('.test.ts') && (words.length === 0 || words.some((word) => path.includes(word))),
  );
  return tests.map(({ output }) => output).sort();
}

const words = process.argv.slice(2);
const files = testFiles(words);
if (files.length === 0) {
  console.error(`No test's path contains ${words.join(' or ')}.`);
  process.exit(2);
}

const checks =
  words.length > 0
    ? []
    : [
        check('types (tsc)', () => node('node_modules/typescript/bin/tsc', '-b')),
        check('format and lint (biome)', () =>
          node('node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings'),
        ),
        check('tidiness (scripts/tidy.ts)', () => node('scripts/dist/tidy.js')),
        check('generated pages (scripts/docs.ts)', () => node('scripts/dist/docs.js', '--check')),
      ];
const tests = node(
  '--test',
  '--test-reporter=spec',
  `--test-concurrency=${concurrency}`,
  `--test-timeout=${testTimeoutMs}`,
  ...files,
);
process.exitCode = tests && checks.every(Boolean) ? 0 : 1;
