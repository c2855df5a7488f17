import type { Clock } from '@clearway/ports';

/**
 * The last good copy of something that the platform hands out. It is used while it is young, renewed behind the back
 * of its users when it is old, and used on when renewing fails: payments do not wait for lists.
 */
export interface Latest<T> {
  /** Waits only for the first copy. Rejects only while there is none. */
  get(): Promise<T>;
  /** The copy at hand. */
  peek(): T | undefined;
  /** A new copy; the last good one when there is none to be had, or when one was asked for just before. */
  renew(): Promise<T>;
}

export interface LatestOptions<T> {
  readonly clock: Clock;
  /** Age from which a copy is renewed, ms. */
  readonly maxAgeMs: number;
  /** Shortest time between two attempts, ms. */
  readonly pauseMs: number;
  load(): Promise<T>;
}

export function createLatest<T>({ clock, maxAgeMs, pauseMs, load }: LatestOptions<T>): Latest<T> {
  let copy: T | undefined;
  let triedAt = Number.NEGATIVE_INFINITY;
  let loading: Promise<T> | undefined;

  async function loadOnce(): Promise<T> {
    try {
      copy = await load();
      return copy;
    } catch (error) {
      if (copy === undefined) throw error;
      return copy;
    } finally {
      loading = undefined;
    }
  }

  async function renew(): Promise<T> {
    if (loading) return loading;
    if (copy !== undefined && clock.elapsed() - triedAt < pauseMs) return copy;
    triedAt = clock.elapsed();
    loading = loadOnce();
    return loading;
  }

  return {
    async get() {
      if (copy === undefined) return renew();
      // Cannot reject: there is a copy to fall back to.
      if (clock.elapsed() - triedAt >= maxAgeMs) void renew();
      return copy;
    },
    peek: () => copy,
    renew,
  };
}
