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

type Tree = string | readonly Tree[] | { readonly members: readonly (readonly [string, Tree])[] };

const words = fc.string({ unit: fc.constantFrom(...'ab"\\{}[]:é\n'), maxLength: 4 });
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    words,
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.record({
      members: fc.array(fc.tuple(fc.oneof(words, fc.constant('__proto__')), tie('tree')), { maxLength: 3 }),
    }),
  ),
}));

/** `escaped`: every character of a key by its number. */
function write(value: Tree, escaped: boolean): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (!('members' in value)) return `[${value.map((item) => write(item, escaped)).join()}]`;
  const name = (key: string) =>
    escaped
      ? `"${[...key].map((one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"`
      : JSON.stringify(key);
  return `{${value.members.map(([key, item]) => `${name(key)} : ${write(item, escaped)}`).join(', ')}}`;
}

function depthOf(value: Tree): number {
  if (typeof value === 'string') return 0;
  const inner = 'members' in value ? value.members.map(([, item]) => item) : value;
  return 1 + Math.max(0, ...inner.map(depthOf));
}

function isAmbiguous(value: Tree): boolean {
  if (typeof value === 'string') return false;
  if (!('members' in value)) return value.some(isAmbiguous);
  const keys = value.members.map(([key]) => key);
  return (
    keys.includes('__proto__') ||
    new Set(keys).size < keys.length ||
    value.members.some(([, item]) => isAmbiguous(item))
  );
}

test('exactly what is nested too deeply, names a key twice or __proto__ is refused, however its keys are written', () => {
  const seen = { taken: 0, refused: 0 };
  fc.assert(
    fc.property(tree, fc.boolean(), (value, escaped) => {
      const text = write(value, escaped);
      const parsed = parseJson(Buffer.from(text), { ...limits, maxBytes: 100_000 });
      const fits = depthOf(value) <= limits.maxDepth && !isAmbiguous(value);
      assert.equal(parsed.ok, fits);
      if (parsed.ok) assert.deepEqual(parsed.value, JSON.parse(text));
      seen[fits ? 'taken' : 'refused'] += 1;
    }),
    { numRuns: 1000 },
  );
  assert.ok(seen.taken > 0 && seen.refused > 0);
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
