/** Passwords, kept as scrypt (RFC 7914) with their parameters beside them. */
import { type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import type { Chance } from '@clearway/ports';

/** 2^15 blocks of 8: 32 MiB and some 60 ms a try. */
const cost = { log2N: 15, r: 8, p: 1 };
const hashBytes = 32;
const leastLength = 12;
const leastDifferent = 5;

export function isWeak(password: string, login: string): boolean {
  const text = password.toLowerCase();
  return (
    [...password].length < leastLength || new Set(text).size < leastDifferent || (login !== '' && text.includes(login))
  );
}

export async function hashPassword(chance: Chance, password: string): Promise<string> {
  const salt = Buffer.from(chance.bytes(16));
  const { log2N, r, p } = cost;
  const hash = await derive(password, salt, cost);
  return ['scrypt', log2N, r, p, salt.toString('base64'), hash.toString('base64')].join('$');
}

export async function holdsPassword(password: string, stored: string): Promise<boolean> {
  const [, log2N, r, p, salt, hash] = stored.split('$');
  const expected = Buffer.from(hash, 'base64');
  const made = await derive(password, Buffer.from(salt, 'base64'), {
    log2N: Number(log2N),
    r: Number(r),
    p: Number(p),
  });
  return timingSafeEqual(made, expected);
}

function derive(password: string, salt: Buffer, { log2N, r, p }: typeof cost): Promise<Buffer> {
  const options: ScryptOptions = { N: 2 ** log2N, r, p, maxmem: 256 * r * 2 ** log2N };
  return new Promise((resolve, reject) =>
    // The same letters typed on another machine are the same password.
    scrypt(password.normalize('NFKC'), salt, hashBytes, options, (error, key) =>
      error ? reject(error) : resolve(key),
    ),
  );
}
