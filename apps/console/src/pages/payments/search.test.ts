import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timeOf, without, withTime, withWord, wordsOf } from './search.ts';

test('a search is its words, and quotes hold a word together', () => {
  assert.deepEqual(wordsOf(' bank:00201  endToEndId:"a b"  amount:>10 '), [
    'bank:00201',
    'endToEndId:"a b"',
    'amount:>10',
  ]);
  assert.deepEqual(wordsOf(''), []);
  assert.deepEqual(wordsOf('endToEndId:"never closed'), ['endToEndId:"never closed']);
});

test('a click replaces what was asked of the same field and keeps the rest', () => {
  assert.equal(withWord('bank:00201 state:failed', 'bank', '00203'), 'state:failed bank:00203');
  assert.equal(withWord('', 'endToEndId', 'a "b" c'), 'endToEndId:"a b c"');
  assert.equal(without('a b c', 'b'), 'a c');
});

test('a stretch of time is asked for once, and read back for the picture', () => {
  const [from, to] = ['2026-11-22T10:00:00.000Z', '2026-11-22T10:01:00.000Z'];
  const search = withTime('time:>=2020-01-01T00:00:00.000Z bank:00201', from, to);
  assert.equal(search, `bank:00201 time:>=${from} time:<${to}`);
  assert.deepEqual(timeOf(search), { from, to });
  assert.deepEqual(timeOf('bank:00201'), {});
});
