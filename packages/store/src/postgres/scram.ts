/**
 * A password as PostgreSQL stores it (SCRAM-SHA-256, RFC 5803 with the salting of RFC 5802). Made here, so that no
 * statement, and so no server log, ever holds the password itself.
 */
import type { Chance, Crypto } from '@clearway/ports';

type Hash = Pick<Crypto, 'sha256'>;

const iterations = 4096;
const blockBytes = 64;

/** `password`: printable ASCII, for which the normalisation that RFC 5802 asks for changes nothing. */
export function scramVerifier({ crypto, chance }: { crypto: Hash; chance: Chance }, password: string): string {
  if (!/^[!-~]{12,}$/.test(password)) {
    throw new Error('a password has at least 12 characters, all printable ASCII without blanks');
  }
  const salt = chance.bytes(16);
  const salted = saltPassword(crypto, Buffer.from(password), salt);
  const storedKey = crypto.sha256(hmac(crypto, salted, Buffer.from('Client Key')));
  const serverKey = hmac(crypto, salted, Buffer.from('Server Key'));
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  return `SCRAM-SHA-256$${iterations}:${text(salt)}$${text(storedKey)}:${text(serverKey)}`;
}

/** PBKDF2 with one block of output (RFC 8018). */
function saltPassword(crypto: Hash, password: Uint8Array, salt: Uint8Array): Uint8Array {
  let last = hmac(crypto, password, Buffer.concat([salt, Buffer.from([0, 0, 0, 1])]));
  const sum = Uint8Array.from(last);
  for (let round = 1; round < iterations; round++) {
    last = hmac(crypto, password, last);
    for (let index = 0; index < sum.length; index++) sum[index] ^= last[index];
  }
  return sum;
}

/** RFC 2104. */
function hmac(crypto: Hash, key: Uint8Array, message: Uint8Array): Uint8Array {
  const block = new Uint8Array(blockBytes);
  block.set(key.length > blockBytes ? crypto.sha256(key) : key);
  const inner = crypto.sha256(
    block.map((byte) => byte ^ 0x36),
    message,
  );
  return crypto.sha256(
    block.map((byte) => byte ^ 0x5c),
    inner,
  );
}
