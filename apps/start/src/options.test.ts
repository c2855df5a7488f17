import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOptions, type StartOptions, UsageError } from './options.ts';

const read = (line: string, environment = {}) =>
  readOptions(line.split(' ').filter(Boolean), environment) as StartOptions;

const good: [line: string, environment: Record<string, string>, expected: Partial<StartOptions>][] = [
  [
    '',
    {},
    { dataFolder: './data', port: 7400, rate: 100, payments: undefined, cycleSeconds: 60, exit: false, fresh: false },
  ],
  ['--rate 250', {}, { rate: 250 }],
  ['--payments 20000 --exit --json', {}, { payments: 20000, exit: true, json: true, rate: undefined, cycleSeconds: 0 }],
  ['--payments 500 --rate 50', {}, { payments: 500, rate: 50, cycleSeconds: 60 }],
  [
    '--fresh',
    { CLEARWAY_DATA: '/tmp/x', CLEARWAY_PORT: '0', CLEARWAY_CYCLE_SECONDS: '5' },
    { fresh: true, dataFolder: '/tmp/x', port: 0, cycleSeconds: 5 },
  ],
];
for (const [line, environment, expected] of good) {
  test(`'${line}' with ${JSON.stringify(environment)} is understood`, () => {
    for (const [key, value] of Object.entries(expected))
      assert.equal(read(line, environment)[key as keyof StartOptions], value);
  });
}

const bad: [line: string, environment: Record<string, string>, message: RegExp][] = [
  ['--rate 0', {}, /--rate is a whole number from 1/],
  ['--rate 1e3', {}, /not '1e3'/],
  ['--payments -5', {}, /--payments/],
  ['--exit', {}, /--exit needs --payments/],
  ['--payments 5 --json', {}, /--json is for the summary/],
  ['--fast', {}, /--fast/],
  [
    '--rate x --json',
    { CLEARWAY_PORT: '70000', CLEARWAY_LOG: 'loud' },
    /--rate.*\n.*CLEARWAY_PORT.*\n.*--json.*\n.*CLEARWAY_LOG/,
  ],
];
for (const [line, environment, message] of bad) {
  test(`'${line}' with ${JSON.stringify(environment)} is refused with everything that is wrong`, () => {
    assert.throws(
      () => read(line, environment),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  });
}

test('--help wins over everything else', () => {
  assert.equal(readOptions(['--help', '--rate', 'x'], {}), 'help');
});
