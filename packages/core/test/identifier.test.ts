import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Identifier,
  identifierBytes,
  identifierFromBytes,
  identifierText,
  identifierToBytes,
  parseIdentifier,
} from '@clearway/core';
import fc from 'fast-check';
import { law } from './law.ts';

const identifiers: fc.Arbitrary<Identifier> = fc.record(
  {
    date: fc.integer({ min: 0, max: 99_999_999 }),
    version: fc.nat(9),
    participant: fc.nat(99_999),
    sequence: fc.oneof(
      fc.maxSafeNat().map((n) => n % 100_000_000_000),
      fc.constantFrom(0, 2 ** 32 - 1, 2 ** 32, 99_999_999_999),
    ),
    centre: fc.nat(99),
    cell: fc.nat(9999),
  },
  { noNullPrototype: true },
);

test('an identifier comes back from its digits and from its bytes', () => {
  law(
    fc.property(identifiers, (id) => {
      const text = identifierText(id);
      assert.match(text, /^[0-9]{31}$/);
      assert.deepEqual(parseIdentifier(text), id);
      const bytes = identifierToBytes(id);
      assert.equal(bytes.length, identifierBytes);
      assert.deepEqual(identifierFromBytes(bytes), id);
    }),
    { numRuns: 1000 },
  );
});

test('identifiers read from the middle of a larger buffer are the same', () => {
  const id = parseIdentifier('2026112210010112345678901010001')!;
  const buffer = new Uint8Array(64).fill(0xff);
  buffer.set(identifierToBytes(id), 13);
  assert.deepEqual(identifierFromBytes(buffer.subarray(13, 29)), id);
});

test('bytes sort as digits do', () => {
  law(
    fc.property(identifiers, identifiers, (a, b) => {
      const byText = Math.sign(
        identifierText(a) < identifierText(b) ? -1 : identifierText(a) > identifierText(b) ? 1 : 0,
      );
      const byBytes = Math.sign(Buffer.compare(identifierToBytes(a), identifierToBytes(b)));
      assert.equal(byBytes, byText);
    }),
    { numRuns: 1000 },
  );
});

test('the digits lie where the format says', () => {
  assert.deepEqual(parseIdentifier('2026112210010100000000042010023'), {
    date: 20261122,
    version: 1,
    participant: 101,
    sequence: 42,
    centre: 1,
    cell: 23,
  });
});

test('anything but 31 digits is no identifier', () => {
  const good = '2026112210010100000000042010023';
  for (const bad of [
    '',
    good.slice(1),
    `${good}0`,
    ` ${good.slice(1)}`,
    `${good}\n`,
    good.replace('1', 'x'),
    '１'.repeat(31),
  ]) {
    assert.equal(parseIdentifier(bad), undefined, JSON.stringify(bad));
  }
});
