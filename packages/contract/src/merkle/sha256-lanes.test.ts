import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { longestMessage, type Sha256Lanes, sha256Lanes } from './sha256-lanes.ts';

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');

/** Digests of the messages, hashed at once: messages lie without gaps behind the digests. */
function hashed(lanes: Sha256Lanes, messages: readonly Uint8Array[]): string[] {
  const digests = messages.length * 32;
  const bytes = lanes.reserve(messages.reduce((total, message) => total + message.length, digests));
  let address = digests;
  for (const [index, message] of messages.entries()) {
    bytes.set(message, address);
    lanes.add(address, message.length, index * 32);
    address += message.length;
  }
  lanes.finish();
  return messages.map((_, index) => Buffer.from(bytes.subarray(index * 32, index * 32 + 32)).toString('hex'));
}

test('this machine hashes in lanes', () => {
  assert.equal(sha256Lanes().by, 'lanes');
});

for (const by of ['lanes', 'crypto'] as const) {
  describe(`SHA-256 by ${by}`, () => {
    const lanes = sha256Lanes(by);

    /** From the examples that NIST gives with FIPS 180-4. */
    const examples = [
      { message: '', digest: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' },
      { message: 'abc', digest: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' },
      {
        message: 'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
        digest: '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
      },
    ];
    for (const { message, digest } of examples) {
      test(`of '${message}'`, () => {
        assert.deepEqual(hashed(lanes, [Buffer.from(message)]), [digest]);
      });
    }

    test('of every length up to 300, all at once and each alone', () => {
      const messages = Array.from({ length: 301 }, (_, length) => new Uint8Array(length).fill(length));
      assert.deepEqual(hashed(lanes, messages), messages.map(sha256));
      for (const message of messages) assert.deepEqual(hashed(lanes, [message]), [sha256(message)]);
    });

    test('of random messages', () => {
      fc.assert(
        fc.property(fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 30 }), (messages) => {
          assert.deepEqual(hashed(lanes, messages), messages.map(sha256));
        }),
        { numRuns: 200 },
      );
    });

    test('of the longest message, and not of a longer one', () => {
      const message = new Uint8Array(longestMessage).fill(0xab);
      assert.deepEqual(hashed(lanes, [message]), [sha256(message)]);
      lanes.reserve(longestMessage + 1);
      assert.throws(() => lanes.add(0, longestMessage + 1, 0), RangeError);
    });

    test('refuses what does not lie in its memory', () => {
      const { length } = lanes.reserve(1);
      for (const [address, size, digest] of [
        [-1, 10, 0],
        [length, 10, 0],
        [0, 10, length],
        [0, Number.NaN, 0],
      ] as const) {
        assert.throws(() => lanes.add(address, size, digest), RangeError, `${size} bytes at ${address} to ${digest}`);
      }
    });

    test('keeps what is in the memory when it grows', () => {
      const growing = sha256Lanes(by);
      growing.reserve(3).set(Buffer.from('abc'));
      growing.add(0, 3, 32);
      const bytes = growing.reserve(1_000_000);
      growing.finish();
      assert.equal(Buffer.from(bytes.subarray(32, 64)).toString('hex'), sha256('abc'));
    });
  });
}

test('the lanes and node:crypto agree on a hundred thousand random messages', () => {
  const lanes = sha256Lanes();
  const random = new Uint8Array(100_300);
  for (let at = 0, state = 1; at < random.length; at++) {
    state = Math.imul(state, 1_664_525) + 1_013_904_223;
    random[at] = state >>> 24;
  }
  const count = 100_000;
  const bytes = lanes.reserve(random.length + count * 32);
  bytes.set(random);
  for (let index = 0; index < count; index++) lanes.add(index, index % 293, random.length + index * 32);
  lanes.finish();
  for (let index = 0; index < count; index++) {
    const digest = Buffer.from(bytes.buffer, bytes.byteOffset + random.length + index * 32, 32);
    const expected = createHash('sha256')
      .update(random.subarray(index, index + (index % 293)))
      .digest();
    if (!digest.equals(expected)) assert.fail(`message ${index} of ${index % 293} bytes`);
  }
});
