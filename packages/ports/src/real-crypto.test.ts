import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Suite, suites } from './index.ts';
import { realCrypto as crypto } from './real-crypto.ts';

const context = Buffer.from('payment 1');
const bytes = fc.uint8Array({ maxLength: 300 });

function flipped(box: Uint8Array, bit: number): Uint8Array {
  const changed = Uint8Array.from(box);
  changed[bit >> 3]! ^= 1 << (bit & 7);
  return changed;
}

for (const suite of Object.keys(suites) as Suite[]) {
  describe(`signatures with ${suite}`, () => {
    test('hold for what was signed, and for nothing else', async () => {
      const { publicKey, privateKey } = await crypto.generateSigningKey(suite);
      const other = await crypto.generateSigningKey(suite);
      await fc.assert(
        fc.asyncProperty(bytes, fc.nat(511), async (message, bit) => {
          const signature = await crypto.sign(suite, privateKey, message);
          assert.equal(signature.length, 64);
          assert.equal(await crypto.verify(suite, publicKey, message, signature), true);
          assert.equal(await crypto.verify(suite, publicKey, message, flipped(signature, bit)), false);
          assert.equal(await crypto.verify(suite, publicKey, Buffer.concat([message, Buffer.of(0)]), signature), false);
          assert.equal(await crypto.verify(suite, other.publicKey, message, signature), false);
        }),
        { numRuns: 20 },
      );
    });

    test('of a wrong length, or out of range, do not hold and throw nothing', async () => {
      const { publicKey } = await crypto.generateSigningKey(suite);
      for (const length of [0, 1, 63, 64, 65, 72, 1000]) {
        for (const byte of [0, 0xff]) {
          assert.equal(await crypto.verify(suite, publicKey, context, new Uint8Array(length).fill(byte)), false);
        }
      }
    });
  });
}

for (const count of [0, 1, 7, 8, 100]) {
  test(`${count} signatures are checked together, each by itself`, async () => {
    const pairs = await Promise.all(
      (Object.keys(suites) as Suite[]).map(async (suite) => ({ suite, ...(await crypto.generateSigningKey(suite)) })),
    );
    const wrongs = [
      (signature: Uint8Array) => signature,
      (signature: Uint8Array) => flipped(signature, 100),
      (signature: Uint8Array) => signature.subarray(1),
      () => new Uint8Array(0),
    ];
    const checks = await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const { suite, publicKey, privateKey } = pairs[index % pairs.length]!;
        const message = Buffer.from(`message ${index}`);
        const signature = wrongs[(index >> 1) % wrongs.length]!(await crypto.sign(suite, privateKey, message));
        return { suite, publicKey, bytes: message, signature };
      }),
    );
    const holds = await crypto.verifyAll(checks);
    assert.deepEqual(
      holds,
      checks.map((_, index) => (index >> 1) % wrongs.length === 0),
    );
  });
}

describe('unusable keys throw', () => {
  const rsa = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });

  test('a key of another suite', async () => {
    const ed25519 = await crypto.generateSigningKey('ed25519');
    const p256 = await crypto.generateSigningKey('ecdsa-p256-sha256');
    await assert.rejects(
      crypto.sign('ecdsa-p256-sha256', ed25519.privateKey, context),
      /cannot be used with the suite/,
    );
    await assert.rejects(crypto.verify('ed25519', p256.publicKey, context, new Uint8Array(64)), /cannot be used/);
    const check = {
      suite: 'ed25519',
      publicKey: p256.publicKey,
      bytes: context,
      signature: new Uint8Array(64),
    } as const;
    await assert.rejects(crypto.verifyAll(new Array(10).fill(check)), /cannot be used/);
    await assert.rejects(crypto.verify('ed25519', rsa.publicKey, context, new Uint8Array(64)), /cannot be used/);
  });

  test('text that is no key, and a private key in the place of a public one', async () => {
    const { privateKey } = await crypto.generateSigningKey('ed25519');
    await assert.rejects(crypto.verify('ed25519', 'no key', context, new Uint8Array(64)));
    await assert.rejects(crypto.verify('ed25519', privateKey, context, new Uint8Array(64)), /expected a public key/);
    assert.throws(() => crypto.seal(rsa.publicKey, context, context), /X25519/);
  });
});

describe('a sealed box', () => {
  test('opens to what was sealed, under the same key and context', async () => {
    const { publicKey, privateKey } = await crypto.generateSealingKey();
    fc.assert(
      fc.property(bytes, bytes, (plain, about) => {
        const box = crypto.seal(publicKey, plain, about);
        assert.equal(box.length, 1 + 32 + 12 + plain.length + 16);
        assert.equal(box[0], 1);
        assert.deepEqual(crypto.open(privateKey, box, about), plain);
      }),
    );
  });

  test('is never the same twice', async () => {
    const { publicKey } = await crypto.generateSealingKey();
    assert.notDeepEqual(crypto.seal(publicKey, context, context), crypto.seal(publicKey, context, context));
  });

  test('does not open when any one bit of it is flipped', async () => {
    const { publicKey, privateKey } = await crypto.generateSealingKey();
    const box = crypto.seal(publicKey, Buffer.from('6217000012345678'), context);
    for (let bit = 0; bit < box.length * 8; bit++) {
      assert.throws(() => crypto.open(privateKey, flipped(box, bit), context), `bit ${bit}`);
    }
  });

  test('does not open under another key, in another context, or cut short', async () => {
    const { publicKey, privateKey } = await crypto.generateSealingKey();
    const other = await crypto.generateSealingKey();
    const box = crypto.seal(publicKey, context, context);
    assert.throws(() => crypto.open(other.privateKey, box, context));
    assert.throws(() => crypto.open(privateKey, box, Buffer.from('payment 2')));
    for (let length = 0; length < box.length; length++) {
      assert.throws(() => crypto.open(privateKey, box.subarray(0, length), context));
    }
  });
});

test('encrypted bytes decrypt under the same key and context, and not when a bit is flipped', () => {
  const key = crypto.sha256(Buffer.from('a key for this test'));
  fc.assert(
    fc.property(bytes, bytes, fc.nat(), (plain, about, at) => {
      const box = crypto.encrypt(key, plain, about);
      assert.equal(box.length, 12 + plain.length + 16);
      assert.deepEqual(crypto.decrypt(key, box, about), plain);
      assert.throws(() => crypto.decrypt(key, flipped(box, at % (box.length * 8)), about));
      assert.throws(() => crypto.decrypt(crypto.sha256(key), box, about));
    }),
  );
});

test('a hash is over its parts as one', () => {
  const expected = Buffer.from('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', 'hex');
  assert.deepEqual(Buffer.from(crypto.sha256(Buffer.from('abc'))), expected);
  assert.deepEqual(Buffer.from(crypto.sha256(Buffer.from('a'), Buffer.from(''), Buffer.from('bc'))), expected);
});
