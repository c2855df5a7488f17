import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeMessage, encodeMessage } from './link.ts';

const values = fc.letrec((tie) => ({
  value: fc.oneof(
    // JSON has no -0, and writes it as 0.
    fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown),
    fc.bigInt(),
    fc.uint8Array(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

test('whatever one side sends, amounts and bytes too, the other reads as it was', () => {
  fc.assert(
    fc.property(values, (value) => {
      // Nothing that is sent has names that begin with the marks.
      const sent = JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}n` : part));
      fc.pre(!sent.includes('"$b') && !sent.includes('__proto__'));
      assert.deepEqual(decodeMessage(encodeMessage({ value }).subarray(4)), { value });
    }),
  );
});
