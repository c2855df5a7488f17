import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDate, nextDate, previousDate } from '@clearway/core';

function numberOf(date: Date): number {
  return date.getUTCFullYear() * 10000 + (date.getUTCMonth() + 1) * 100 + date.getUTCDate();
}

test('days follow each other as the platform says, from 2000 to 2401', () => {
  const day = new Date(Date.UTC(2000, 0, 1));
  while (day.getUTCFullYear() < 2401) {
    const today = numberOf(day);
    assert.ok(isDate(today), `${today} exists`);
    day.setUTCDate(day.getUTCDate() + 1);
    const tomorrow = numberOf(day);
    assert.equal(nextDate(today), tomorrow);
    assert.equal(previousDate(tomorrow), today);
  }
});

test('of all eight-digit numbers of some years, only those of days are dates', () => {
  for (const year of [2000, 2026, 2028, 2100, 9999]) {
    for (let monthAndDay = 0; monthAndDay < 10000; monthAndDay++) {
      const month = Math.floor(monthAndDay / 100);
      const day = new Date(Date.UTC(year, month - 1, monthAndDay % 100));
      const exists = month >= 1 && month <= 12 && numberOf(day) === year * 10000 + monthAndDay;
      assert.equal(isDate(year * 10000 + monthAndDay), exists, `${year * 10000 + monthAndDay}`);
    }
  }
});

test('what is no date at all is none', () => {
  for (const value of [0, -20261122, 1999_12_31, 100_000_101, 20261122.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.equal(isDate(value), false, `${value}`);
  }
});
