/** Chance that can be repeated: the same seed gives the same numbers. For behaviour only, never for secrets. */
export interface Generator {
  /** From 0 up to, not including, 1. */
  next(): number;
  /** True with this probability, 0 to 1. */
  happens(rate: number): boolean;
  /** A whole number, both ends included. */
  integer(least: number, most: number): number;
  /** Log-normal, as times and amounts of payments are. */
  logNormal(median: number, p99: number): number;
}

/** `seed` is joined with any text, so that each payment can have choices of its own, whatever comes before it. */
export function createGenerator(seed: number, text = ''): Generator {
  let state = (seed ^ fnv1a(text)) >>> 0;

  /** Mulberry32: 32 bits of state, good enough for behaviour. */
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  return {
    next,
    happens: (rate) => next() < rate,
    integer: (least, most) => least + Math.floor(next() * (most - least + 1)),
    logNormal: (median, p99) => median * Math.exp((normal(next) * Math.log(p99 / median)) / deviationsOfP99),
  };
}

/** The 99th percentile of a normal distribution lies so many standard deviations above its median. */
const deviationsOfP99 = 2.326;

/** Box–Muller. */
function normal(next: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
