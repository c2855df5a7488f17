/** Chance from a seed: the same draws in the same order, for ever. */
import type { Chance } from '@clearway/ports';

export interface Draw extends Chance {
  /** 0 to 1, 1 excluded. */
  fraction(): number;
  /** A whole number from 0 to `count` - 1. */
  below(count: number): number;
  /** From `low` to `high`, `high` excluded. */
  between(low: number, high: number): number;
  happens(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** A stream of its own: what is drawn from it changes nothing here. */
  stream(name: string): Draw;
}

/** sfc32, a small fast counting generator, begun from a hash of seed and name. */
export function drawFrom(name: string): Draw {
  let [a, b, c, counter] = begin(name);
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i++) next();

  const fraction = () => next() / 2 ** 32;
  const below = (count: number) => Math.floor(fraction() * count);
  return {
    fraction,
    below,
    between: (low, high) => low + fraction() * (high - low),
    happens: (probability) => fraction() < probability,
    pick: (from) => from[below(from.length)],
    bytes(count) {
      const bytes = new Uint8Array(count);
      for (let i = 0; i < count; i++) bytes[i] = next() >>> 24;
      return bytes;
    },
    stream: (of) => drawFrom(`${name}/${of}`),
  };
}

/** FNV-1a with four bases. */
function begin(name: string): [number, number, number, number] {
  const parts = [0x811c9dc5, 0x01000193, 0x9e3779b9, 1].map((base) => {
    let hash = base;
    for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
    return hash | 0;
  });
  return parts as [number, number, number, number];
}
