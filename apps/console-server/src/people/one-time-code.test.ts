import assert from 'node:assert/strict';
import { test } from 'node:test';
import { authenticatorUri, base32, codeOf, stepAt, stepOfCode } from './one-time-code.ts';

/** RFC 6238, appendix B, for SHA-1. */
const secret = Buffer.from('12345678901234567890');
const vectors: readonly (readonly [seconds: number, code: string])[] = [
  [59, '94287082'],
  [1111111109, '07081804'],
  [1111111111, '14050471'],
  [1234567890, '89005924'],
  [2000000000, '69279037'],
  [20000000000, '65353130'],
];
for (const [seconds, code] of vectors) {
  test(`the code at ${seconds} s is that of RFC 6238`, () => {
    assert.equal(codeOf(secret, stepAt(seconds * 1000), 8), code);
  });
}

const now = 1_000_000 * 30_000 + 12_345;
const cases: readonly {
  readonly what: string;
  readonly step: number;
  readonly last: number;
  readonly taken: boolean;
}[] = [
  { what: 'the code of now', step: 1_000_000, last: 0, taken: true },
  { what: 'the one before, for clocks that are behind', step: 999_999, last: 0, taken: true },
  { what: 'the next, for clocks that are ahead', step: 1_000_001, last: 0, taken: true },
  { what: 'one that is a minute old', step: 999_998, last: 0, taken: false },
  { what: 'one that was taken before', step: 1_000_000, last: 1_000_000, taken: false },
  { what: 'one older than the last that was taken', step: 999_999, last: 1_000_000, taken: false },
];
for (const { what, step, last, taken } of cases) {
  test(`${what} is ${taken ? 'taken' : 'not taken'}`, () => {
    assert.equal(stepOfCode(secret, codeOf(secret, step), now, last), taken ? step : undefined);
  });
}

const encodings: readonly (readonly [string, string])[] = [
  ['', ''],
  ['f', 'MY'],
  ['fo', 'MZXQ'],
  ['foo', 'MZXW6'],
  ['foob', 'MZXW6YQ'],
  ['fooba', 'MZXW6YTB'],
  ['foobar', 'MZXW6YTBOI'],
];
for (const [text, encoded] of encodings) {
  test(`base32 of "${text}" is that of RFC 4648, without padding`, () => {
    assert.equal(base32(Buffer.from(text)), encoded);
  });
}

test('the address for authenticators escapes what a login may hold', () => {
  const uri = new URL(authenticatorUri('Clearway', 'a b&c', secret));
  assert.equal(uri.protocol, 'otpauth:');
  assert.equal(uri.searchParams.get('secret'), base32(secret));
  assert.equal(decodeURIComponent(uri.pathname), '/Clearway:a b&c');
});
