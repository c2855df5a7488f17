import type { Clock } from '@clearway/ports';

/** Remembers each nonce until its signature has expired. Returns whether it is the first use. */
export function createNonces(clock: Clock): (code: string, nonce: string, expiresAt: number) => boolean {
  const expiries = new Map<string, number>();
  return (code, nonce, expiresAt) => {
    for (const [known, expiry] of expiries) if (expiry <= clock.now()) expiries.delete(known);
    const key = `${code} ${nonce}`;
    if (expiries.has(key)) return false;
    expiries.set(key, expiresAt);
    return true;
  };
}
