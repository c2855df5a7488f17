import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../refusal.ts';
import { createAttempts } from './attempts.ts';

function at() {
  let now = 0;
  return {
    clock: { elapsed: () => now },
    pass(ms: number) {
      now += ms;
    },
  };
}

test('after five tries of one name the sixth waits, and a minute brings one back', () => {
  const { clock, pass } = at();
  const attempts = createAttempts(clock);
  for (let tried = 0; tried < 5; tried++) attempts.take('name', 'li');
  assert.throws(
    () => attempts.take('name', 'li'),
    (error: Refusal) => error.reason === 'tooManyAttempts' && error.retryAfter === 60,
  );
  attempts.take('name', 'wang');
  pass(60_000);
  attempts.take('name', 'li');
  assert.throws(() => attempts.take('name', 'li'), Refusal);
});

test('an address has more tries, and names do not share them', () => {
  const attempts = createAttempts(at().clock);
  for (let tried = 0; tried < 30; tried++) attempts.take('address', '10.0.0.1');
  assert.throws(() => attempts.take('address', '10.0.0.1'), Refusal);
  attempts.take('address', '10.0.0.2');
});

test('a login that went well forgets the tries before', () => {
  const attempts = createAttempts(at().clock);
  for (let tried = 0; tried < 5; tried++) attempts.take('name', 'li');
  attempts.forget('name', 'li');
  attempts.take('name', 'li');
});

test('whoever tries endless names does not fill the memory, and frees nobody who has just failed', () => {
  const attempts = createAttempts(at().clock);
  for (let tried = 0; tried < 20_000; tried++) attempts.take('name', `name ${tried}`);
  for (let tried = 0; tried < 4; tried++) attempts.take('name', 'name 19999');
  assert.throws(() => attempts.take('name', 'name 19999'), Refusal);
});
