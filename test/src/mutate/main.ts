/**
 * `npm run mutate -- [--every N] [--only WORD] [--json]`: makes every small mistake in the code of money, clearing and
 * journal, one at a time, and tells which of them no test notices.
 */
import { parseArgs } from 'node:util';
import { mustPass, runMutants, type Subject } from './run.ts';

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const usage = `npm run mutate -- [options]

  --every N    only each N-th mutant (default 1: all)
  --only WORD  only modules whose path contains the word
  --json       one line of JSON at the end instead of text
  --help       this

Exit code: 0 when it ran through, 2 when the arguments are wrong.
`;

const core = 'packages/core/dist';
const tests = ['mistakes', 'clearing', 'limits', 'answers', 'tables', 'laws', 'shares'].map(
  (name) => `packages/core/dist-test/${name}.test.js`,
);
const subjects: readonly Subject[] = [
  { module: 'packages/contract/dist/money.js', tests: ['packages/contract/dist/money.test.js'] },
  ...['clearing/clear', 'clearing/cycle', 'journal/post', 'risk/headroom', 'settlement/settle'].map((name) => ({
    module: `${core}/${name}.js`,
    tests,
  })),
];

function readArguments() {
  try {
    return parseArgs({ options: { every: text, only: text, json: flag, help: flag }, strict: true }).values;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}`);
    process.exit(2);
  }
}

const { every = '1', only = '', json = false, help = false } = readArguments();
if (help) process.stdout.write(usage);
else if (!/^[1-9][0-9]{0,3}$/.test(every)) {
  process.stderr.write(`--every ${every}: expected a whole number\n\n${usage}`);
  process.exitCode = 2;
} else {
  const startedAt = performance.now();
  const chosen = subjects.filter(({ module }) => module.includes(only));
  await mustPass(chosen);
  const outcomes = await runMutants(chosen, Number(every), (_, left) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${left} mutants left`);
  });
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[2K');
  const survivors = outcomes
    .filter(({ killedBy }) => killedBy === undefined)
    .map(({ module, mutant: { line, was, instead } }) => ({ at: `${module}:${line}`, was, instead }));
  const killed = outcomes.length - survivors.length;
  const summary = {
    score: outcomes.length === 0 ? 0 : Math.round((killed / outcomes.length) * 1000) / 10,
    mutants: outcomes.length,
    killed,
    survived: survivors.length,
    files: chosen.length,
    seconds: Math.round((performance.now() - startedAt) / 1000),
  };
  if (json) process.stdout.write(`${JSON.stringify({ ...summary, survivors })}\n`);
  else {
    for (const { at, was, instead } of survivors)
      process.stdout.write(`${at}: nobody notices ${JSON.stringify(instead)} in place of ${JSON.stringify(was)}\n`);
    process.stdout.write(`${killed} of ${summary.mutants} mutants were noticed: ${summary.score} %\n`);
  }
}
