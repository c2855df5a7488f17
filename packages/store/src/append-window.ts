/**
 * Which appends may be sent now: in sequence order, a few at a time, and not too far ahead of the oldest one that is
 * not durable. That last bound is what makes a claim quick: behind the newest row less the window there is no gap.
 */
import { assert } from '@clearway/core';
import { UnavailableError } from './port.ts';

export const appendWindow = 64;

export interface AppendWindow {
  /**
   * Resolves when the batch may be sent; then comes {@link AppendWindow.leave}. A refused batch may enter again.
   * @throws UnavailableError if the window was shut, or is full and only refused batches are in the way
   */
  enter(sequence: number): Promise<void>;
  leave(sequence: number, isDurable: boolean): void;
  /** Nothing more is sent: all that wait or enter later get this error. */
  shut(reason: Error): void;
}

/** `last`: the durable batch that the epoch begins after. `width`: how many may be on their way at once. */
export function openWindow(last: number, width: number): AppendWindow {
  /** Handed over and not known to be durable; ascending, since a Set keeps the order of arrival. */
  const open = new Set<number>();
  const queue: { readonly sequence: number; proceed(): void; fail(error: Error): void }[] = [];
  let highest = last;
  let flying = 0;
  let shutBy: Error | undefined;

  const oldest = () => open.values().next().value ?? highest;

  function dispatch(): void {
    while (queue.length > 0 && flying < width && queue[0].sequence - oldest() < appendWindow) {
      flying += 1;
      queue.shift()!.proceed();
    }
    if (flying === 0 && queue.length > 0) {
      failAll(new UnavailableError(`Batch ${oldest()} was refused and must be tried again before others.`));
    }
  }

  function failAll(error: Error): void {
    for (const { fail } of queue.splice(0)) fail(error);
  }

  return {
    enter(sequence) {
      return new Promise((proceed, fail) => {
        if (shutBy) return fail(shutBy);
        const isRetry = open.has(sequence);
        assert(isRetry || sequence === highest + 1, `batch ${sequence} does not follow ${highest}`);
        highest = Math.max(highest, sequence);
        open.add(sequence);
        if (isRetry) queue.unshift({ sequence, proceed, fail });
        else queue.push({ sequence, proceed, fail });
        dispatch();
      });
    },
    leave(sequence, isDurable) {
      flying -= 1;
      if (isDurable) open.delete(sequence);
      if (!shutBy) dispatch();
    },
    shut(reason) {
      shutBy = reason;
      failAll(reason);
    },
  };
}
