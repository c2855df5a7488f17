import { clockToleranceSeconds, signatureLifeSeconds } from '@clearway/contract';
import type { Clock } from '@clearway/ports';

/** No signature accepted now is accepted after this time. */
const longestLifeMs = (signatureLifeSeconds + clockToleranceSeconds) * 1000;

/**
 * Remembers nonces as long as the signatures that carry them could be accepted, in two generations: no timer, no
 * sweep. Returns whether it is the first use.
 */
export function createNonces(clock: Clock): (code: string, nonce: string) => boolean {
  let current = new Set<string>();
  let previous = new Set<string>();
  let turnedAt = clock.elapsed();

  return (code, nonce) => {
    if (clock.elapsed() - turnedAt >= longestLifeMs) {
      previous = current;
      current = new Set();
      turnedAt = clock.elapsed();
    }
    const key = `${code} ${nonce}`;
    if (current.has(key) || previous.has(key)) return false;
    current.add(key);
    return true;
  };
}
