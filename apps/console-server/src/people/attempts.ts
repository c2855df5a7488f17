/** How often somebody may try: by name and by address, with what is left coming back over time. */
import type { Clock } from '@clearway/ports';
import { Refusal } from '../refusal.ts';

export interface Attempts {
  /** One more try of this kind. @throws Refusal `tooManyAttempts` with the seconds to wait */
  take(kind: Kind, who: string): void;
  /** It went well: earlier tries of this name count no more. */
  forget(kind: Kind, who: string): void;
}

type Kind = 'name' | 'address';

/** Tries at once, and ms until one comes back. */
const allowed: Record<Kind, { readonly burst: number; readonly everyMs: number }> = {
  name: { burst: 5, everyMs: 60_000 },
  address: { burst: 30, everyMs: 10_000 },
};
/** Whoever tries endless names must not fill the memory: the longest unused is forgotten. */
const mostKept = 10_000;

export function createAttempts(clock: Pick<Clock, 'elapsed'>): Attempts {
  /** When all tries would be back, in time elapsed. */
  const fullAt = new Map<string, number>();
  return {
    take(kind, who) {
      const { burst, everyMs } = allowed[kind];
      const key = `${kind} ${who}`;
      const now = clock.elapsed();
      const next = Math.max(fullAt.get(key) ?? 0, now) + everyMs;
      const tooMuch = next - now - burst * everyMs;
      if (tooMuch > 0)
        throw new Refusal('tooManyAttempts', `Wait ${Math.ceil(tooMuch / 1000)} s.`, Math.ceil(tooMuch / 1000));
      fullAt.delete(key);
      fullAt.set(key, next);
      if (fullAt.size > mostKept) fullAt.delete(fullAt.keys().next().value as string);
    },
    forget(kind, who) {
      fullAt.delete(`${kind} ${who}`);
    },
  };
}
