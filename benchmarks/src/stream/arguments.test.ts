import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ArgumentsError, readStreamArguments } from './arguments.ts';
import { defaultSettings } from './settings.ts';

test('nothing said is the plain run of the scheme at its full size', () => {
  const { settings, part, seconds, rate } = readStreamArguments(['--rail', 'stream']);
  assert.deepEqual(settings, defaultSettings);
  assert.deepEqual({ part, seconds, rate }, { part: 'run', seconds: 60, rate: undefined });
});

test('fewer institutions have fewer that pay, and several numbers of them are a part of its own', () => {
  assert.equal(readStreamArguments(['--institutions', '300']).settings.paying, 20);
  const { part, institutions } = readStreamArguments(['--institutions', '30,300']);
  assert.deepEqual({ part, institutions }, { part: 'institutions', institutions: [30, 300] });
});

test('a number of cells is a part of its own, which runs with one of them first', () => {
  const { part, cells, settings } = readStreamArguments(['--cells', '3']);
  assert.deepEqual({ part, cells, inOne: settings.cells }, { part: 'cells', cells: 3, inOne: 1 });
});

const wrong: [args: string[], told: RegExp][] = [
  [['--rate', 'fast'], /--rate is "fast"/],
  [['--seconds', '2'], /--seconds is "2": give a number from 3 to 600/],
  [['--links', '2.5'], /--links is "2.5": give a whole number/],
  [['--suite', 'rsa'], /--suite is "rsa": give one of ed25519/],
  [['--curve', '--recovery'], /one of curve, recovery at a time/],
  [['--cells', '1'], /--cells is "1": give a number from 2 to 16/],
  [['--speed', '1'], /--speed/],
];
for (const [args, told] of wrong) {
  test(`${args.join(' ')} is refused with what would be right`, () => {
    assert.throws(
      () => readStreamArguments(args),
      (error) => error instanceof ArgumentsError && told.test(error.message),
    );
  });
}
