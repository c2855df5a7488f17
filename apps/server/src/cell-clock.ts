/**
 * The time that a cell stamps its batches with: it never runs back, also across restarts, and it does not follow a
 * clock that jumps. A jump of more than a second is made up for by running: ten times as fast when the machine's clock
 * is ahead (late deadlines make unknowns, which hurts nobody), and hardly at all when it is behind.
 */
import type { Clock } from '@clearway/ports';

const largestStepMs = 1000;
const fastest = 10;
const slowest = 0.001;

export interface CellClock {
  /** ms, an integer, never less than the last one given. */
  at(): number;
  /** How far the machine's clock is ahead of the cell's, ms; large while a jump is being made up for. */
  skew(): number;
}

/** @param notBefore `at` of the last batch in the journal */
export function createCellClock(clock: Clock, notBefore: number, onJump: (skewMs: number) => void): CellClock {
  let at = Math.max(notBefore, clock.now());
  let elapsed = clock.elapsed();
  let jumping = false;

  const advance = () => {
    const passed = Math.max(0, clock.elapsed() - elapsed);
    elapsed += passed;
    const ahead = clock.now() - (at + passed);
    if (Math.abs(ahead) <= largestStepMs) {
      jumping = false;
      at = Math.max(at, clock.now());
      return;
    }
    if (!jumping) onJump(Math.round(ahead));
    jumping = true;
    at = ahead > 0 ? Math.min(at + passed * fastest, clock.now()) : at + passed * slowest;
  };

  return {
    at() {
      advance();
      return Math.floor(at);
    },
    skew: () => Math.round(clock.now() - at),
  };
}
