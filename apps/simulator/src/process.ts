/**
 * A simulated process: its own clock, and a life that can end or be held at any moment. Whatever comes to it from
 * outside (a timer, an answer of disk or network) passes here: a dead process never sees it, a held one sees it late.
 */
import type { Cancel, Clock } from '@clearway/ports';
import type { Time } from './time.ts';

/** Told of each place where a process touches the outside, and of its timers: it may be ended there. */
export type Watch = (process: Process, point: string) => void;

export interface Process {
  readonly name: string;
  readonly clock: Clock;
  readonly isAlive: boolean;
  readonly isHeld: boolean;
  /** Runs it now, when the process goes on, or never. */
  enter(run: () => void): void;
  /** Does something outside the process and brings the result in; a dead process does nothing any more. */
  outside<T>(what: string, act: () => Promise<T>): Promise<T>;
  /** Touches the outside at once; whether it is alive afterwards. */
  touch(what: string): boolean;
  /** Every memory is lost; what is on its way is never seen. */
  die(): void;
  onDeath(run: () => void): Cancel;
  /** As SIGSTOP and SIGCONT do. */
  hold(): void;
  goOn(): void;
  /** Its clock is this far from the true time from now on, ms. */
  skewMs: number;
  /** From now on its clock goes faster by this share of time, or slower; 0 is right. */
  drift(rate: number): void;
}

export function createProcess(name: string, time: Time, watch: Watch = () => {}): Process {
  const held: (() => void)[] = [];
  const mourners = new Set<() => void>();
  const startedAt = time.elapsed;
  let isAlive = true;
  let isHeld = false;
  let driftRate = 0;
  let driftsSince = 0;

  const enter = (run: () => void) => {
    if (!isAlive) return;
    if (isHeld) held.push(run);
    else run();
  };

  const process: Process = {
    name,
    skewMs: 0,
    clock: {
      now: () => Math.floor(time.now + process.skewMs + driftRate * (time.elapsed - driftsSince)),
      elapsed: () => time.elapsed - startedAt,
      after(delayMs, run) {
        let isCancelled = false;
        const cancel = time.after(delayMs, () =>
          enter(() => {
            if (isCancelled) return;
            watch(process, 'timer');
            if (isAlive) run();
          }),
        );
        return () => {
          isCancelled = true;
          cancel();
        };
      },
    },
    get isAlive() {
      return isAlive;
    },
    get isHeld() {
      return isHeld;
    },
    enter,
    outside<T>(what: string, act: () => Promise<T>) {
      return new Promise<T>((resolve, reject) => {
        if (isAlive) watch(process, `before ${what}`);
        if (!isAlive) return;
        const come = (result: () => void) => {
          if (isAlive) watch(process, `after ${what}`);
          enter(result);
        };
        act().then(
          (value) => come(() => resolve(value)),
          (error) => come(() => reject(error)),
        );
      });
    },
    touch(what) {
      if (isAlive) watch(process, what);
      return isAlive;
    },
    die() {
      if (!isAlive) return;
      isAlive = false;
      held.length = 0;
      for (const run of mourners) run();
      mourners.clear();
    },
    onDeath(run) {
      if (isAlive) mourners.add(run);
      else run();
      return () => mourners.delete(run);
    },
    drift(rate) {
      process.skewMs += driftRate * (time.elapsed - driftsSince);
      driftRate = rate;
      driftsSince = time.elapsed;
    },
    hold() {
      isHeld = true;
    },
    goOn() {
      isHeld = false;
      for (const run of held.splice(0)) time.after(0, () => enter(run));
    },
  };
  return process;
}
