/**
 * How far appends may run ahead of the oldest one that is not durable.
 *
 * The bound is what makes a claim quick: behind the last row less the window there can be no gap.
 */
import { assert } from '@clearway/core';

export const appendWindow = 64;

export interface AppendWindow {
  /** Resolves when the batch may be sent. Batches come in order; one that was refused may come again. */
  enter(sequence: number): Promise<void>;
  /** The batch is durable. */
  leave(sequence: number): void;
  /** Makes everyone who waits look again; `enter` rejects from now on with what `reason` returns. */
  shut(reason: () => Error): void;
}

/** `last`: the durable batch that the epoch begins after. */
export function openWindow(last: number): AppendWindow {
  /** Handed over and not known to be durable; ascending, since a Set keeps the order of arrival. */
  const open = new Set<number>();
  let waiting: (() => void)[] = [];
  let highest = last;
  let closed: (() => Error) | undefined;

  const oldest = () => open.values().next().value ?? highest;

  function wake(): void {
    const woken = waiting;
    waiting = [];
    for (const proceed of woken) proceed();
  }

  return {
    async enter(sequence) {
      assert(sequence === highest + 1 || open.has(sequence), `batch ${sequence} does not follow ${highest}`);
      highest = Math.max(highest, sequence);
      open.add(sequence);
      while (!closed && sequence - oldest() >= appendWindow) {
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
      if (closed) throw closed();
    },
    leave(sequence) {
      open.delete(sequence);
      wake();
    },
    shut(reason) {
      closed = reason;
      wake();
    },
  };
}
