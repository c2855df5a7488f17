import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatDate, formatTime, parseDate, parseTime } from './time.ts';

test('a time is read back as it was written', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) }), (ms) => {
      assert.equal(parseTime(formatTime(ms)), ms);
    }),
  );
});

test('any other form of a time, and a time that does not exist, is not taken', () => {
  for (const text of [
    '',
    '2026-11-22',
    '2026-11-22T10:00:05Z',
    '2026-11-22T10:00:05.00Z',
    '2026-11-22T10:00:05.0000Z',
    '2026-11-22T10:00:05.000+00:00',
    '2026-11-22t10:00:05.000z',
    '2026-11-22 10:00:05.000Z',
    '2026-02-30T10:00:05.000Z',
    '2025-02-29T10:00:05.000Z',
    '2026-11-22T24:00:00.000Z',
    '2026-11-22T23:59:60.000Z',
    '+02026-11-22T10:00:05.000Z',
    '1969-12-31T23:59:59.999Z',
  ]) {
    assert.equal(parseTime(text), undefined, text);
  }
});

test('a date is read back as it was written, if it exists', () => {
  assert.equal(parseDate('2026-11-22'), 20261122);
  assert.equal(formatDate(20261122), '2026-11-22');
  assert.equal(parseDate('2028-02-29'), 20280229);
  for (const text of ['', '20261122', '2026-02-29', '2026-13-01', '2026-00-10', '2026-1-1', '2026-11-22Z']) {
    assert.equal(parseDate(text), undefined, text);
  }
});
