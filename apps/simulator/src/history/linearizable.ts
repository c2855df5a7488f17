/**
 * Is there an order of operations, one after the other, that explains what each was told, in which none comes before it
 * was called or after it was answered? The search of Wing and Gong with the memory of Lowe: wherever the same operations
 * have led to the same state once, it does not look again.
 */

/** `calledAt` and `returnedAt` are places in one order of all that happened; an operation without an answer has none. */
export interface Operation<T> {
  readonly calledAt: number;
  /** Infinity: never answered. It may have had its effect at any time since, or none. */
  readonly returnedAt: number;
  readonly what: T;
}

/** What the object does by itself, one operation at a time. */
export interface Model<State, T> {
  readonly initial: State;
  /** The state after it, or undefined where it cannot have happened as it is told. */
  step(state: State, what: T): State | undefined;
  /** The same text for the same state. */
  key(state: State): string;
}

export type Verdict<T> =
  | { readonly is: 'linearizable' }
  /** `stuck`: what could not be placed after the longest order that was found. */
  | { readonly is: 'impossible'; readonly stuck: Operation<T> }
  /** More steps than the budget: nothing is known. */
  | { readonly is: 'undecided' };

/** A call or a return, in a list from which both are lifted while their operation is placed. */
interface Entry<T> {
  readonly operation: Operation<T>;
  readonly index: number;
  readonly isCall: boolean;
  readonly place: number;
  partner: Entry<T> | undefined;
  previous: Entry<T>;
  next: Entry<T> | undefined;
}

/** `budget`: steps of the model at most. */
export function linearize<State, T>(
  model: Model<State, T>,
  operations: readonly Operation<T>[],
  budget = 200_000,
): Verdict<T> {
  const head = listOf(operations);
  const placed = new Uint16Array(Math.ceil(operations.length / 16));
  const flip = ({ index }: Entry<T>) => {
    placed[index >> 4] ^= 1 << (index & 15);
  };
  const seen = new Set<string>();
  const path: { readonly entry: Entry<T>; readonly state: State }[] = [];
  let state = model.initial;
  let left = operations.filter(({ returnedAt }) => returnedAt !== Number.POSITIVE_INFINITY).length;
  let longest = -1;
  let stuck: Operation<T> | undefined;
  let entry = head.next;
  for (let steps = 0; left > 0; ) {
    if (entry!.isCall) {
      if (++steps > budget) return { is: 'undecided' };
      const next = model.step(state, entry!.operation.what);
      flip(entry!);
      const key = next === undefined ? '' : String.fromCharCode(...placed) + model.key(next);
      if (next === undefined || seen.has(key)) {
        flip(entry!);
        entry = entry!.next;
        continue;
      }
      seen.add(key);
      path.push({ entry: entry!, state });
      if (entry!.partner !== undefined) left--;
      state = next;
      lift(entry!);
      entry = head.next;
      continue;
    }
    // It returned before anything else could be placed: the last choice was wrong.
    if (path.length > longest) {
      longest = path.length;
      stuck = entry!.operation;
    }
    const last = path.pop();
    if (last === undefined) return { is: 'impossible', stuck: stuck! };
    state = last.state;
    flip(last.entry);
    unlift(last.entry);
    if (last.entry.partner !== undefined) left++;
    entry = last.entry.next;
  }
  return { is: 'linearizable' };
}

function listOf<T>(operations: readonly Operation<T>[]): Entry<T> {
  const entries: Entry<T>[] = [];
  const head = { next: undefined } as unknown as Entry<T>;
  operations.forEach((operation, index) => {
    const { calledAt, returnedAt } = operation;
    const entryAt = (place: number, isCall: boolean): Entry<T> => {
      const entry: Entry<T> = { operation, index, isCall, place, partner: undefined, previous: head, next: undefined };
      entries.push(entry);
      return entry;
    };
    const call = entryAt(calledAt, true);
    if (returnedAt !== Number.POSITIVE_INFINITY) call.partner = entryAt(returnedAt, false);
  });
  // At the same place calls come first: what touches may overlap.
  entries.sort((one, other) => one.place - other.place || Number(other.isCall) - Number(one.isCall));
  let last = head;
  for (const entry of entries) {
    entry.previous = last;
    last.next = entry;
    last = entry;
  }
  return head;
}

function lift<T>(entry: Entry<T>): void {
  for (const one of [entry, entry.partner]) {
    if (one === undefined) continue;
    one.previous.next = one.next;
    if (one.next !== undefined) one.next.previous = one.previous;
  }
}

function unlift<T>(entry: Entry<T>): void {
  for (const one of [entry.partner, entry]) {
    if (one === undefined) continue;
    one.previous.next = one;
    if (one.next !== undefined) one.next.previous = one;
  }
}
