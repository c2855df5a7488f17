/** Random words, and what is kept of them. */
import { createHash, createHmac } from 'node:crypto';
import type { Chance } from '@clearway/ports';

/** 256 bits that fit into a link, a cookie and a header. */
export const newToken = (chance: Chance): string => Buffer.from(chance.bytes(32)).toString('base64url');

/** Eight letters and digits without those that look alike, to be said on the telephone: 40 bits, few tries. */
export function newCode(chance: Chance): string {
  const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';
  return [...chance.bytes(8)].map((byte) => letters[byte & 31]).join('');
}

/** What the database holds of a random word: nobody who reads it can log in with it. */
export const hashOf = (word: string): string => createHash('sha256').update(word).digest('hex');

/** Follows from the cookie, which no script can read; another site knows neither. */
export const csrfOf = (token: string): string => createHmac('sha256', token).update('csrf').digest('base64url');
