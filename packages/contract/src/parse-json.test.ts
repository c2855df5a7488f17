import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseJson } from './parse-json.ts';

const limits = { maxBytes: 1000, maxDepth: 3 };
const parse = (text: string) => parseJson(Buffer.from(text), limits);

test('what JSON can say is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const parsed = parseJson(Buffer.from(text), { maxBytes: 1_000_000, maxDepth: 100 });
      if (text.includes('__proto__')) return;
      assert.deepEqual(parsed, { ok: true, value: JSON.parse(text) });
    }),
  );
});

describe('refused as malformed is', () => {
  const cases: [what: string, body: string | Uint8Array][] = [
    ['nothing', ''],
    ['what is not JSON', '{a:1}'],
    ['JSON with something behind it', '{} {}'],
    ['a number in another notation', '{"a":0x1}'],
    ['a string that does not end', '{"a":"b}'],
    ['a byte order mark', '\ufeff{}'],
    ['bytes that are not UTF-8', Uint8Array.of(0x22, 0xff, 0x22)],
    ['an overlong form', Uint8Array.of(0x22, 0xc0, 0x80, 0x22)],
    ['half a surrogate pair in UTF-8', Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22)],
    ['UTF-16', new Uint8Array(Buffer.from('{}', 'utf16le'))],
    ['a key that stands twice', '{"a":1,"b":{"a":1},"a":2}'],
    ['a key that stands twice, once escaped', '{"a":1,"\\u0061":2}'],
    ['__proto__ as a key', '{"a":{"__proto__":{"b":1}}}'],
    ['__proto__, escaped', '{"\\u005f_proto__":1}'],
    ['nesting too deep in lists', '[[[[]]]]'],
    ['nesting too deep in objects', '{"a":{"a":{"a":{}}}}'],
  ];
  for (const [what, body] of cases) {
    test(what, () => {
      const parsed = parseJson(Buffer.from(body), limits);
      assert.equal(parsed.ok, false);
      assert.equal(!parsed.ok && parsed.reason, 'bodyMalformed');
    });
  }
});

test('braces, colons and quotes within strings are not structure', () => {
  const value = { a: '{"a":[[[[', 'b":"b': '\\', 'c\\': ':' };
  assert.deepEqual(parse(JSON.stringify(value)), { ok: true, value });
});

test('the same key in different objects is fine, and so is nesting at the limit', () => {
  const value = [{ a: 1 }, { a: [2] }];
  assert.deepEqual(parse(JSON.stringify(value)), { ok: true, value });
});

test('a body above the limit is not even looked at', () => {
  const parsed = parseJson(new Uint8Array(1001), limits);
  assert.equal(!parsed.ok && parsed.reason, 'bodyTooLarge');
});

test('a body that is nested as deeply as it can be costs no more than its size', () => {
  const parsed = parseJson(Buffer.from('['.repeat(500_000) + ']'.repeat(500_000)), {
    maxBytes: 1_000_000,
    maxDepth: 8,
  });
  assert.equal(parsed.ok, false);
});
