/**
 * Cryptography on node:crypto, all of it at once: a signature takes 20 to 70 µs, and the way to the thread pool and
 * back another 30, most of them on this thread. Only many checks together go to a thread of their own.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPair,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
  sign as signWithKey,
  verify as verifyWithKey,
} from 'node:crypto';
import type { Crypto, KeyPair, SignatureCheck, Suite } from './index.ts';
import { startVerifier, type Verifier } from './verifier.ts';

const signatureBytes = 64;
const nonceBytes = 12;
const tagBytes = 16;
const rawKeyBytes = 32;
const boxVersion = 1;
const boxHeadBytes = 1 + rawKeyBytes + nonceBytes;
const boxLabel = 'clearway sealed box 1';

/** Parsing a PEM costs more than a signature, and to ask a key of what kind it is a tenth; a scheme has a few thousand. */
const cachedKeys = 8192;

function cached(parse: (pem: string) => KeyObject): (pem: string) => KeyObject {
  const keys = new Map<string, KeyObject>();
  return (pem) => {
    const known = keys.get(pem);
    if (known) return known;
    const key = parse(pem);
    if (keys.size === cachedKeys) keys.delete(keys.keys().next().value as string);
    keys.set(pem, key);
    return key;
  };
}

const privateKeyOf = cached((pem) => createPrivateKey(pem));
/** `createPublicKey` would take a private key too, and derive. */
const publicKeyOf = cached((pem) => {
  if (pem.includes('PRIVATE')) throw new Error('expected a public key (SPKI, PEM) and got a private one');
  return createPublicKey(pem);
});

function signingKey(suite: Suite, key: KeyObject): KeyObject {
  const fits =
    suite === 'ed25519'
      ? key.asymmetricKeyType === 'ed25519'
      : key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
  if (!fits) throw new Error(`a ${key.asymmetricKeyType} key cannot be used with the suite ${suite}`);
  return key;
}

function sealingKey(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType !== 'x25519') throw new Error(`sealing needs an X25519 key, not ${key.asymmetricKeyType}`);
  return key;
}

/** A key that fits the suite. */
function keysOf(parse: (pem: string) => KeyObject): (suite: Suite, pem: string) => KeyObject {
  const bySuite = {
    ed25519: cached((pem) => signingKey('ed25519', parse(pem))),
    'ecdsa-p256-sha256': cached((pem) => signingKey('ecdsa-p256-sha256', parse(pem))),
  } satisfies Record<Suite, unknown>;
  return (suite, pem) => bySuite[suite](pem);
}

const signingKeyOf = keysOf(privateKeyOf);
const verifyingKeyOf = keysOf(publicKeyOf);

const hashOf = (suite: Suite) => (suite === 'ed25519' ? null : 'sha256');

function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

function sha256(...parts: Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return plain(hash.digest());
}

const spki = { type: 'spki', format: 'pem' } as const;
const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
const asText = { publicKeyEncoding: spki, privateKeyEncoding: pkcs8 } as const;

type Generated = (error: Error | null, publicKey: string, privateKey: string) => void;

function generated(start: (done: Generated) => void): Promise<KeyPair> {
  return new Promise((resolve, reject) => {
    start((error, publicKey, privateKey) => (error ? reject(error) : resolve({ publicKey, privateKey })));
  });
}

function generateSigningKey(suite: Suite): Promise<KeyPair> {
  return generated((done) =>
    suite === 'ed25519'
      ? generateKeyPair('ed25519', asText, done)
      : generateKeyPair('ec', { namedCurve: 'prime256v1', ...asText }, done),
  );
}

function generateSealingKey(): Promise<KeyPair> {
  return generated((done) => generateKeyPair('x25519', asText, done));
}

async function sign(suite: Suite, privateKey: string, bytes: Uint8Array): Promise<Uint8Array> {
  const key = signingKeyOf(suite, privateKey);
  return plain(signWithKey(hashOf(suite), bytes, { key, dsaEncoding: 'ieee-p1363' }));
}

async function verify(suite: Suite, publicKey: string, bytes: Uint8Array, signature: Uint8Array): Promise<boolean> {
  const key = verifyingKeyOf(suite, publicKey);
  if (signature.length !== signatureBytes) return false;
  return verifyWithKey(hashOf(suite), bytes, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

/** Fewer are not worth the way to another thread and back. */
const fewChecks = 4;
let verifier: Verifier | undefined;

/** Many go to a thread of their own: whoever asks has other things to do meanwhile. */
async function verifyAll(checks: readonly SignatureCheck[]): Promise<readonly boolean[]> {
  const oneByOne = () =>
    Promise.all(checks.map(({ suite, publicKey, bytes, signature }) => verify(suite, publicKey, bytes, signature)));
  if (checks.length < fewChecks) return oneByOne();
  verifier ??= startVerifier({
    checkKey: verifyingKeyOf,
    ended() {
      verifier = undefined;
    },
  });
  return (await verifier.verify(checks)) ?? oneByOne();
}

/** `head`, ciphertext of the parts, tag; the ciphertext is copied once. */
function encryptWith(
  key: Uint8Array,
  nonce: Uint8Array,
  parts: readonly Uint8Array[],
  context: Uint8Array,
  head: readonly Uint8Array[],
  room = (bytes: number): Uint8Array => new Uint8Array(bytes),
): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes }).setAAD(context);
  const cipherText = parts.map((part) => cipher.update(part));
  const pieces = [...head, ...cipherText, cipher.final(), cipher.getAuthTag()];
  const box = room(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    box.set(piece, at);
    at += piece.length;
  }
  return box;
}

function decryptWith(key: Uint8Array, nonce: Uint8Array, cipherText: Uint8Array, context: Uint8Array): Uint8Array {
  const end = cipherText.length - tagBytes;
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
    .setAAD(context)
    .setAuthTag(cipherText.subarray(end));
  return plain(Buffer.concat([decipher.update(cipherText.subarray(0, end)), decipher.final()]));
}

function rawPublicKey(key: KeyObject): Uint8Array {
  return plain(Buffer.from(key.export({ format: 'jwk' }).x as string, 'base64url'));
}

/**
 * The key depends on both public keys byte by byte: X25519 itself ignores the highest bit of a public key,
 * so without them in the salt two different boxes could open alike.
 */
function boxKey(shared: Uint8Array, ephemeral: Uint8Array, receiver: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', shared, Buffer.concat([ephemeral, receiver]), boxLabel, 32));
}

function seal(publicKey: string, bytes: Uint8Array, context: Uint8Array): Uint8Array {
  const receiver = sealingKey(publicKeyOf(publicKey));
  const ephemeral = generateKeyPairSync('x25519');
  const ephemeralRaw = rawPublicKey(ephemeral.publicKey);
  const shared = diffieHellman({ privateKey: ephemeral.privateKey, publicKey: receiver });
  const nonce = randomBytes(nonceBytes);
  const head = [Uint8Array.of(boxVersion), ephemeralRaw, nonce];
  return encryptWith(boxKey(shared, ephemeralRaw, rawPublicKey(receiver)), nonce, [bytes], context, head);
}

function open(privateKey: string, box: Uint8Array, context: Uint8Array): Uint8Array {
  const key = sealingKey(privateKeyOf(privateKey));
  if (box.length < boxHeadBytes + tagBytes) throw new Error(`a sealed box of ${box.length} bytes is too short`);
  if (box[0] !== boxVersion) throw new Error(`sealed box of version ${box[0]}; this code opens version ${boxVersion}`);
  const ephemeralRaw = box.subarray(1, 1 + rawKeyBytes);
  const ephemeral = createPublicKey({
    key: { kty: 'OKP', crv: 'X25519', x: Buffer.from(ephemeralRaw).toString('base64url') },
    format: 'jwk',
  });
  const shared = diffieHellman({ privateKey: key, publicKey: ephemeral });
  const receiverRaw = rawPublicKey(createPublicKey(key));
  const nonce = box.subarray(1 + rawKeyBytes, boxHeadBytes);
  return decryptWith(boxKey(shared, ephemeralRaw, receiverRaw), nonce, box.subarray(boxHeadBytes), context);
}

/** Nonces are random: at most 2^32 boxes under one key (NIST SP 800-38D, 8.3). */
const encrypt: Crypto['encrypt'] = (key, bytes, context, room) => {
  const nonce = randomBytes(nonceBytes);
  return encryptWith(key, nonce, bytes instanceof Uint8Array ? [bytes] : bytes, context, [nonce], room);
};

function decrypt(key: Uint8Array, box: Uint8Array, context: Uint8Array): Uint8Array {
  if (box.length < nonceBytes + tagBytes) throw new Error(`encrypted bytes of length ${box.length} are too short`);
  return decryptWith(key, box.subarray(0, nonceBytes), box.subarray(nonceBytes), context);
}

export const realCrypto: Crypto = {
  sha256,
  generateSigningKey,
  generateSealingKey,
  sign,
  verify,
  verifyAll,
  seal,
  open,
  encrypt,
  decrypt,
};
