/** The real ports: only the programs' `main.ts`, tests and apps/start import this door. */
import { randomBytes } from 'node:crypto';
import type { Cancel, Chance, Clock } from './index.ts';

export { realCrypto } from './real-crypto.ts';
export { realDisk } from './real-disk.ts';
export { type LinkListenOptions, listenLinks, realLinks } from './real-link.ts';
export { type Listener, type ListenOptions, listen } from './real-listener.ts';
export { type NetworkOptions, realNetwork } from './real-network.ts';

/** `setTimeout` fires at once for anything longer. */
const longestTimerMs = 2 ** 31 - 1;

function after(delayMs: number, run: () => void): Cancel {
  let timer: NodeJS.Timeout;
  const wait = (leftMs: number) => {
    timer =
      leftMs > longestTimerMs
        ? setTimeout(() => wait(leftMs - longestTimerMs), longestTimerMs)
        : setTimeout(run, leftMs);
  };
  wait(Math.max(0, delayMs));
  return () => clearTimeout(timer);
}

export const realClock: Clock = { now: () => Date.now(), elapsed: () => performance.now(), after };

export const realChance: Chance = { bytes: (count) => new Uint8Array(randomBytes(count)) };
