import assert from 'node:assert/strict';
import { test } from 'node:test';
import { paymentMessage, paymentMessageBytes } from '@clearway/contract';
import { copyEndToEndId } from './copy-end-to-end-id.ts';
import { endToEndIdOf } from './request-reference.ts';

const json = (text: string) => Buffer.from(JSON.stringify({ paymentId: '1', endToEndId: text }));

function message(text: string): Buffer {
  const bytes = Buffer.alloc(paymentMessageBytes + 144);
  bytes.writeUInt16BE(bytes.length, paymentMessage.size);
  bytes[paymentMessage.referenceLength] = bytes.write(text, paymentMessage.endToEndId);
  return bytes;
}

for (const text of ['a', 'order "1"', '信'.repeat(35), '😀'.repeat(35)]) {
  for (const [rail, body] of [
    ['HTTP', json(text)],
    ['the stream', message(text)],
  ] as const) {
    test(`of ${[...text].length} characters in ${Buffer.byteLength(text)} bytes, by ${rail}`, () => {
      assert.equal(endToEndIdOf(body), text);
      const bodies = Buffer.concat([Buffer.from('before'), body, Buffer.from('{after')]);
      const into = new Uint8Array(new SharedArrayBuffer(200), 8);
      const length = copyEndToEndId(bodies, 6, body.length, into, 5);
      assert.equal(Buffer.from(into.slice(5, 5 + length)).toString(), text);
    });
  }
}
