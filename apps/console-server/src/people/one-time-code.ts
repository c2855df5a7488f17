/** Time-based one-time codes: RFC 6238 over RFC 4226 with SHA-1, six digits, steps of 30 s, as authenticators have them. */
import { createHmac } from 'node:crypto';

const stepMs = 30_000;
const digits = 6;
/** Steps that clocks may differ by, on either side. */
const tolerance = 1;
export const secretBytes = 20;

export const stepAt = (ms: number): number => Math.floor(ms / stepMs);

export function codeOf(secret: Uint8Array, step: number, length = digits): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const offset = mac[mac.length - 1] & 15;
  const number = (mac.readUInt32BE(offset) & 0x7fff_ffff) % 10 ** length;
  return String(number).padStart(length, '0');
}

/** The step whose code this is, if it is near enough and later than `lastStep`: no code is good twice. */
export function stepOfCode(secret: Uint8Array, code: string, nowMs: number, lastStep: number): number | undefined {
  const now = stepAt(nowMs);
  for (let step = now - tolerance; step <= now + tolerance; step++) {
    if (step > lastStep && codeOf(secret, step) === code) return step;
  }
  return undefined;
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648 without padding. */
export function base32(bytes: Uint8Array): string {
  let text = '';
  let value = 0;
  let bits = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet[(value >>> bits) & 31];
      value &= (1 << bits) - 1;
    }
  }
  return bits === 0 ? text : text + alphabet[(value << (5 - bits)) & 31];
}

/** What authenticators read as a picture. */
export function authenticatorUri(issuer: string, login: string, secret: Uint8Array): string {
  const parameters = new URLSearchParams({
    secret: base32(secret),
    issuer,
    algorithm: 'SHA1',
    digits: '6',
    period: '30',
  });
  return `otpauth://totp/${encodeURIComponent(issuer)}:${encodeURIComponent(login)}?${parameters}`;
}
