/** How much the wallet sends: an open loop at a rate, so many payments, no more than so many at the same time. */
import type { Clock } from '@clearway/ports';
import { createArrivals } from './arrivals.ts';
import type { Generator } from './generator.ts';
import type { Next } from './order.ts';
import type { Tally } from './tally.ts';

export interface TrafficParts {
  readonly clock: Clock;
  readonly generator: Generator;
  readonly tally: Tally;
  readonly mostInFlight: number;
  /** Draws what comes next; undefined when nobody can pay. */
  next(): Next | undefined;
  /** False when it was not sent. */
  send(next: Next): Promise<boolean>;
}

export interface Traffic {
  /** Payments a second. */
  setRate(rate: number): void;
  /** So many more, then none; from an unlimited traffic, just so many. */
  pay(payments: number): void;
  /** No new payments. */
  stop(): void;
  /** Nothing is to be sent, and nothing is being sent. */
  isAtRest(): boolean;
  /** For good. */
  end(): void;
}

export function createTraffic({ clock, generator, tally, mostInFlight, next, send }: TrafficParts): Traffic {
  let left = Number.POSITIVE_INFINITY;
  /** Arrived, and not begun for want of a place. */
  let waiting = 0;
  let active = 0;

  function begin(): void {
    while (waiting > 0 && left > 0 && active < mostInFlight) {
      waiting -= 1;
      const drawn = next();
      if (drawn) void run(drawn);
    }
    if (left === 0) waiting = 0;
  }

  async function run(drawn: Next): Promise<void> {
    const counted = drawn.kind === 'enquiry' ? 0 : 1;
    active += 1;
    left -= counted;
    const sent = await send(drawn);
    active -= 1;
    if (!sent) left += counted;
    begin();
  }

  const arrivals = createArrivals(clock, generator, () => {
    if (left === 0) return;
    waiting += 1;
    if (active >= mostInFlight) tally.counts.delayed += 1;
    begin();
  });

  return {
    setRate: arrivals.setRate,
    pay(payments) {
      left = (Number.isFinite(left) ? left : 0) + payments;
    },
    stop() {
      left = 0;
      waiting = 0;
    },
    isAtRest: () => left === 0 && active === 0,
    end() {
      left = 0;
      arrivals.stop();
    },
  };
}
