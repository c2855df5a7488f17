/**
 * Virtual time. Timers fire in order of (time, when they were set); between two of them every promise that can go on
 * has gone on. Nothing waits for real time, so a day takes as long as its events do.
 */
import type { Cancel } from '@clearway/ports';

const turnsBetweenLoops = 5000;

interface Timer {
  readonly dueAt: number;
  readonly order: number;
  run: (() => void) | undefined;
}

export interface Time {
  /** ms since the beginning, with fractions. */
  readonly elapsed: number;
  /** What an undisturbed clock shows, ms since 1970. */
  readonly now: number;
  /** Timers fired so far. */
  readonly fired: number;
  after(delayMs: number, run: () => void): Cancel;
  rest(ms: number): Promise<void>;
  /** Lets everything happen that is due within `ms`. */
  pass(ms: number): Promise<void>;
  /** Lets time pass until it holds, `ms` at most; whether it holds then. */
  passUntil(holds: () => boolean, ms: number): Promise<boolean>;
  /**
   * Lets time pass until the act is done.
   * @throws what the act throws, and Error when it is not done within `ms`
   */
  complete<T>(what: string, act: Promise<T>, ms: number): Promise<T>;
}

export function createTime(startsAt: number): Time {
  const heap: Timer[] = [];
  let elapsed = 0;
  let order = 0;
  let fired = 0;
  let turns = 0;

  const before = (a: Timer, b: Timer) => a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.order < b.order);

  function push(timer: Timer): void {
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(timer, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = timer;
  }

  function pop(): Timer {
    const first = heap[0];
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child++;
      if (!before(heap[child], last)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
    return first;
  }

  /**
   * Comes when no promise can go on any more: Node looks at nextTick when its queue of promises is empty. Now and then
   * the event loop gets a turn, so that what is printed is seen.
   */
  const settled = () =>
    new Promise<void>((resolve) => {
      if (++turns % turnsBetweenLoops === 0) setImmediate(resolve);
      else queueMicrotask(() => process.nextTick(resolve));
    });

  async function passUntil(holds: () => boolean, ms: number): Promise<boolean> {
    const until = elapsed + ms;
    await settled();
    while (!holds()) {
      if (heap.length === 0 || heap[0].dueAt > until) {
        elapsed = until;
        return holds();
      }
      const { dueAt, run } = pop();
      if (run === undefined) continue;
      elapsed = Math.max(elapsed, dueAt);
      fired++;
      run();
      await settled();
    }
    return true;
  }

  const after = (delayMs: number, run: () => void): Cancel => {
    const timer: Timer = { dueAt: elapsed + Math.max(0, delayMs), order: order++, run };
    push(timer);
    return () => {
      timer.run = undefined;
    };
  };

  return {
    get elapsed() {
      return elapsed;
    },
    get now() {
      return startsAt + Math.floor(elapsed);
    },
    get fired() {
      return fired;
    },
    after,
    rest: (ms) => new Promise((resolve) => void after(ms, resolve)),
    async pass(ms) {
      await passUntil(() => false, ms);
    },
    passUntil,
    async complete(what, act, ms) {
      let isDone = false;
      const end = () => {
        isDone = true;
      };
      act.then(end, end);
      if (!(await passUntil(() => isDone, ms))) throw new Error(`${what} does not end within ${ms / 1000} s`);
      return act;
    },
  };
}
