/**
 * No signature is taken twice (RFC 9421, section 7.2.2).
 *
 * A signature is good for a short window after its `created`; within it every nonce of every institution is
 * remembered, by second, and forgotten when its second has left the window. The window's lower end, the *floor*, only
 * grows, whatever the clock does, and begins at this gateway's own start: a restart forgets the nonces, so it refuses
 * everything signed before it.
 */
export interface ReplayMemory {
  /**
   * `created`: seconds since 1970, as signed; the caller has waited until it is not in the future.
   * `full`: the institution has more requests in the window than are remembered; nothing was taken, try again later.
   */
  take(institution: string, created: number, nonce: string): 'new' | 'expired' | 'replayed' | 'full';
}

export interface ReplayOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly windowMs: number;
  /** Nonces remembered for each institution. */
  readonly capacity: number;
}

interface Remembered {
  count: number;
  readonly bySecond: Map<number, Set<string>>;
}

export function createReplayMemory({ now, windowMs, capacity }: ReplayOptions): ReplayMemory {
  let floor = Math.ceil(now() / 1000);
  const institutions = new Map<string, Remembered>();

  function prune(): void {
    const from = Math.ceil((now() - windowMs) / 1000);
    if (from <= floor) return;
    floor = from;
    for (const remembered of institutions.values()) {
      for (const [second, nonces] of remembered.bySecond) {
        if (second >= floor) continue;
        remembered.bySecond.delete(second);
        remembered.count -= nonces.size;
      }
    }
  }

  return {
    take(institution, created, nonce) {
      prune();
      if (created < floor) return 'expired';
      let remembered = institutions.get(institution);
      if (!remembered) {
        remembered = { count: 0, bySecond: new Map() };
        institutions.set(institution, remembered);
      }
      let nonces = remembered.bySecond.get(created);
      if (nonces?.has(nonce)) return 'replayed';
      if (remembered.count >= capacity) return 'full';
      if (!nonces) {
        nonces = new Set();
        remembered.bySecond.set(created, nonces);
      }
      nonces.add(nonce);
      remembered.count++;
      return 'new';
    },
  };
}
