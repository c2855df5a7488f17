/**
 * Cryptography of the simulation: real SHA-256, and signatures and boxes that nobody makes without the private key in
 * this process, but that are the same in every run and need no thread pool. Lengths are those of the real ones.
 */
import { hash } from 'node:crypto';
import type { Crypto, KeyPair, SignatureCheck } from '@clearway/ports';
import type { Draw } from './chance.ts';

const nonceBytes = 12;
const tagBytes = 16;
const boxHeadBytes = 1 + 32 + nonceBytes;

const joined = (parts: readonly Uint8Array[]) => (parts.length === 1 ? parts[0] : Buffer.concat(parts));

export function createCrypto(draw: Draw): Crypto {
  /** Secret by the text of either half of a key pair. */
  const secrets = new Map<string, Uint8Array>();

  const sha256 = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(hash('sha256', joined(parts), 'buffer'));

  const generate = async (): Promise<KeyPair> => {
    const secret = draw.bytes(32);
    const pem = (kind: string, bytes: Uint8Array) =>
      `-----BEGIN ${kind} KEY-----\n${Buffer.from(bytes).toString('base64')}\n-----END ${kind} KEY-----\n`;
    const pair = { privateKey: pem('PRIVATE', secret), publicKey: pem('PUBLIC', sha256(secret)) };
    secrets.set(pair.privateKey, secret);
    secrets.set(pair.publicKey, secret);
    return pair;
  };

  const secretOf = (key: string): Uint8Array => {
    const secret = secrets.get(key);
    if (secret === undefined) throw new Error('this key was not made here');
    return secret;
  };

  const signatureOf = (suite: string, key: string, bytes: Uint8Array): Uint8Array =>
    new Uint8Array(hash('sha512', joined([secretOf(key), Buffer.from(suite), bytes]), 'buffer'));

  const holds = ({ suite, publicKey, bytes, signature }: SignatureCheck) =>
    Buffer.compare(signatureOf(suite, publicKey, bytes), signature) === 0;

  /** Writes the bytes of `from` into `to`, hidden or shown by the same stream. */
  const mix = (secret: Uint8Array, nonce: Uint8Array, from: Uint8Array, to: Uint8Array, at: number) => {
    const stream = sha256(secret, nonce);
    for (let i = 0; i < from.length; i++) to[at + i] = from[i] ^ stream[i & 31];
  };

  const tagOf = (secret: Uint8Array, nonce: Uint8Array, context: Uint8Array, plain: Uint8Array) =>
    hash('sha256', joined([secret, nonce, context, plain]), 'buffer').subarray(0, tagBytes);

  const box = (secret: Uint8Array, nonce: Uint8Array, plain: Uint8Array, context: Uint8Array, before = 0) => {
    const boxed = new Uint8Array(before + nonceBytes + plain.length + tagBytes);
    boxed.set(nonce, before);
    mix(secret, nonce, plain, boxed, before + nonceBytes);
    boxed.set(tagOf(secret, nonce, context, plain), boxed.length - tagBytes);
    return boxed;
  };

  const unbox = (secret: Uint8Array, boxed: Uint8Array, context: Uint8Array): Uint8Array => {
    const nonce = boxed.subarray(0, nonceBytes);
    const hidden = boxed.subarray(nonceBytes, Math.max(nonceBytes, boxed.length - tagBytes));
    const plain = new Uint8Array(hidden.length);
    mix(secret, nonce, hidden, plain, 0);
    const tag = tagOf(secret, nonce, context, plain);
    if (boxed.length < nonceBytes + tagBytes || Buffer.compare(tag, boxed.subarray(boxed.length - tagBytes)) !== 0)
      throw new Error('the box was changed, or key or context is another');
    return plain;
  };

  return {
    sha256,
    generateSigningKey: generate,
    generateSealingKey: generate,
    sign: async (suite, privateKey, bytes) => signatureOf(suite, privateKey, bytes),
    verify: async (suite, publicKey, bytes, signature) => holds({ suite, publicKey, bytes, signature }),
    verifyAll: async (checks) => checks.map(holds),
    seal(publicKey, plain, context) {
      const boxed = box(secretOf(publicKey), draw.bytes(nonceBytes), plain, context, boxHeadBytes - nonceBytes);
      boxed[0] = 1;
      return boxed;
    },
    open: (privateKey, boxed, context) =>
      unbox(secretOf(privateKey), boxed.subarray(boxHeadBytes - nonceBytes), context),
    encrypt(key, plain, context, room = (bytes) => new Uint8Array(bytes)) {
      const boxed = box(
        key,
        draw.bytes(nonceBytes),
        plain instanceof Uint8Array ? plain : Buffer.concat(plain),
        context,
      );
      const given = room(boxed.length);
      given.set(boxed);
      return given;
    },
    decrypt: unbox,
  };
}
