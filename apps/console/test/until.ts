import { setTimeout as rest } from 'node:timers/promises';

const everyMs = 200;
const patienceMs = 120_000;

/** Asks until there is an answer. @throws Error naming what was waited for, when it does not come */
export async function until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + patienceMs;
  for (;;) {
    const found = await ask();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`it did not come to this: ${what}`);
    await rest(everyMs);
  }
}
