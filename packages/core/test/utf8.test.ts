import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeUtf8, encodeUtf8 } from '@clearway/core';
import fc from 'fast-check';
import { law } from './law.ts';

const platform = { encoder: new TextEncoder(), decoder: new TextDecoder('utf-8', { ignoreBOM: true }) };
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function isUtf8(bytes: Uint8Array): boolean {
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

test('text becomes the bytes that the platform makes of it, and comes back', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }));
  law(
    fc.property(text, (value) => {
      assert.deepEqual(encodeUtf8(value), platform.encoder.encode(value));
      assert.equal(decodeUtf8(encodeUtf8(value)), value);
    }),
  );
});

test('every code point agrees with the platform', () => {
  for (let point = 0; point <= 0x10ffff; point += point < 0x3000 || (point > 0xd000 && point < 0x10100) ? 1 : 251) {
    const text = String.fromCodePoint(point);
    const bytes = platform.encoder.encode(text);
    assert.deepEqual(encodeUtf8(text), bytes, `U+${point.toString(16)}`);
    assert.equal(decodeUtf8(bytes), platform.decoder.decode(bytes), `U+${point.toString(16)}`);
  }
});

test('bytes are taken for UTF-8 exactly when the platform takes them for it', () => {
  const byte = fc.oneof(
    fc.nat(0xff),
    fc.constantFrom(0x41, 0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xe0, 0xa0, 0x9f, 0xed, 0xf0, 0x8f, 0x90, 0xf4, 0xf5, 0xff),
  );
  law(
    fc.property(fc.array(byte, { maxLength: 8 }), (values) => {
      const bytes = Uint8Array.from(values);
      const valid = isUtf8(bytes);
      const text = decodeUtf8(bytes);
      if (valid) assert.equal(text, platform.decoder.decode(bytes));
      else assert.ok(text.includes('\ufffd'));
    }),
    { numRuns: 3000 },
  );
});

test('what is not UTF-8 never swallows a good character beside it', () => {
  const cases: [string, number[]][] = [
    ['cut off', [0xe2, 0x82]],
    ['stray continuation', [0x80]],
    ['longer than needed', [0xc0, 0xaf]],
    ['longer than needed, three bytes', [0xe0, 0x80, 0xaf]],
    ['longer than needed, four bytes', [0xf0, 0x80, 0x80, 0xaf]],
    ['surrogate', [0xed, 0xa0, 0x80]],
    ['beyond U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
    ['five bytes of old', [0xf8, 0x88, 0x80, 0x80, 0x80]],
    ['no first byte', [0xff]],
  ];
  for (const [name, bad] of cases) {
    const text = decodeUtf8(Uint8Array.from([0x22, ...bad, 0x22]));
    assert.match(text, /^"\ufffd+"$/, name);
  }
});
