import type { Cancel, Clock } from '@clearway/ports';
import type { Generator } from './generator.ts';

/** An open loop: what comes does not wait for what came before, as customers do not. */
export interface Arrivals {
  /** Arrivals a second, at random times (Poisson); 0 for none. */
  setRate(rate: number): void;
  stop(): void;
}

const tickMs = 5;

export function createArrivals(clock: Clock, generator: Generator, arrive: () => void): Arrivals {
  let rate = 0;
  let nextAt = Number.POSITIVE_INFINITY;
  let cancel: Cancel = () => {};

  /** Time until the next arrival is exponential. */
  const drawNext = (from: number) => (rate > 0 ? from - (Math.log(1 - generator.next()) * 1000) / rate : Infinity);

  function tick(): void {
    cancel = clock.after(tickMs, tick);
    for (const now = clock.elapsed(); nextAt <= now; nextAt = drawNext(nextAt)) arrive();
  }
  tick();

  return {
    setRate(perSecond) {
      rate = perSecond;
      nextAt = drawNext(clock.elapsed());
    },
    stop: () => cancel(),
  };
}
