/** The last so many values at even distances; a step in which nothing was heard stays empty. */

export interface Ring<T> {
  /** `step`: number of the step since 1970; steps that were left out are empty. */
  put(step: number, value: T): void;
  /** Oldest first, one for each of the last `capacity` steps up to the newest. */
  values(): readonly (T | undefined)[];
  /** Of the oldest of {@link values}. */
  readonly first: number;
  readonly last: number;
}

export function createRing<T>(capacity: number): Ring<T> {
  const slots: (T | undefined)[] = new Array(capacity).fill(undefined);
  let last = -1;
  return {
    put(step, value) {
      if (last < 0 || step - last >= capacity) slots.fill(undefined);
      else for (let skipped = last + 1; skipped < step; skipped++) slots[skipped % capacity] = undefined;
      if (step < last) return; // the clock was set back: what has been drawn stays
      slots[step % capacity] = value;
      last = step;
    },
    values() {
      if (last < 0) return [];
      return Array.from({ length: capacity }, (_, index) => slots[(last + 1 + index) % capacity]);
    },
    get first() {
      return last - capacity + 1;
    },
    get last() {
      return last;
    },
  };
}
