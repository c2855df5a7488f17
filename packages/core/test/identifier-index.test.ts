import assert from 'node:assert/strict';
import { test } from 'node:test';
import { identifierToBytes } from '@clearway/core';
import fc from 'fast-check';
import { IdentifierIndex, type Key, readKey } from '../dist/table/identifier-index.js';
import { Rows } from '../dist/table/rows.js';
import { law } from './law.ts';

const keyField = 4;

function table(dated: boolean) {
  const rows = new Rows(16);
  const index = new IdentifierIndex(rows, keyField, dated);
  /** Makes records that are not in the index, until there are so many. */
  const fill = (count: number) => {
    while (rows.count < count) rows.add();
  };
  const add = ({ date, high, low }: Key) => {
    const row = rows.add();
    const words = dated ? [date, high, low] : [high, low];
    words.forEach((word, i) => {
      rows.setU32(row, keyField + i * 4, word);
    });
    index.add(row);
    return row;
  };
  return { index, add, fill };
}

const textOf = ({ date, high, low }: Key) => `${date}/${high}/${low}`;

test('finds what a Map finds, and nothing else', () => {
  const word = fc.oneof(fc.nat(5), fc.constantFrom(0xffffffff, 0x80000000, 0x7fffffff), fc.nat(0xffffffff));
  const keys = fc.array(fc.record({ date: fc.constantFrom(20261121, 20261122), high: word, low: word }));
  law(
    fc.property(fc.boolean(), keys, keys, (dated, present, asked) => {
      const { index, add } = table(dated);
      const normal = (key: Key) => (dated ? key : { ...key, date: 0 });
      const map = new Map<string, number>();
      for (const key of present) {
        if (!map.has(textOf(normal(key)))) map.set(textOf(normal(key)), add(key));
      }
      for (const key of [...present, ...asked]) assert.equal(index.find(key), map.get(textOf(normal(key))) ?? -1);
    }),
    { numRuns: 50 },
  );
});

test('finds each of 200,000 neighbouring sequences through all its growth, and none besides', () => {
  const { index, add } = table(false);
  const key = (sequence: number): Key => ({ date: 20261122, high: 101, low: sequence });
  const emptyBytes = index.bytes;
  for (let sequence = 0; sequence < 200_000; sequence++) {
    assert.equal(index.find(key(sequence)), -1);
    assert.equal(add(key(sequence)), sequence);
  }
  for (let sequence = 0; sequence < 200_000; sequence++) assert.equal(index.find(key(sequence)), sequence);
  for (let sequence = 200_000; sequence < 210_000; sequence++) assert.equal(index.find(key(sequence)), -1);
  assert.ok(index.bytes > emptyBytes);
  assert.ok(index.bytes <= 200_000 * 4 * 4, `${index.bytes} bytes for 200,000 rows`);
});

/** Keys of one partition: 600, then the records become so many, then another thousand, and so many again. */
const crowds = [
  { what: 'few records', between: [0, 0] },
  {
    what: 'so many records that tags tell a search’s beginning no more when the partition grows',
    between: [2 ** 22, 0],
  },
  { what: 'so many that they do not when rows take another bit', between: [0, 2 ** 21] },
  { what: 'both, and rows take more bits after that', between: [2 ** 22, 2 ** 24] },
];
for (const { what, between } of crowds) {
  test(`a crowd in one partition is found apart: ${what}`, () => {
    const { index, add, fill } = table(false);
    const { hash } = index as unknown as { hash(date: number, high: number, low: number): number };
    const crowd: Key[] = [];
    for (let low = 0; crowd.length < 3_000; low++)
      if (hash.call(index, 0, 101, low) >>> 20 === 7) crowd.push({ date: 0, high: 101, low });
    const [present, absent] = [crowd.slice(0, 2_000), crowd.slice(2_000)];
    const rowOf = new Map<Key, number>();
    present.forEach((key, i) => {
      if (i === 600) fill(between[0]);
      if (i === 1_600) fill(between[1]);
      assert.equal(index.find(key), -1);
      rowOf.set(key, add(key));
    });
    for (const key of present) assert.equal(index.find(key), rowOf.get(key));
    for (const key of absent) assert.equal(index.find(key), -1);
  });
}

test('sequences that differ in their upper bits alone, or by large powers of two, are found apart', () => {
  for (const step of [2 ** 10, 2 ** 20, 2 ** 32, 2 ** 33, 2 ** 36]) {
    const { index, add } = table(true);
    const keys = Array.from({ length: 20 }, (_, i) => {
      const bytes = identifierToBytes({
        date: 20261122,
        version: 1,
        participant: 99_999,
        sequence: (i * step) % 100_000_000_000,
        centre: 1,
        cell: 1,
      });
      const key: Key = { date: 0, high: 0, low: 0 };
      readKey(new DataView(bytes.buffer), 0, key);
      return key;
    });
    const distinct = [...new Map(keys.map((key) => [textOf(key), key])).values()];
    const rows = distinct.map(add);
    distinct.forEach((key, i) => {
      assert.equal(index.find(key), rows[i], `step ${step}, ${textOf(key)}`);
    });
  }
});
