/** Sorting by whole numbers without comparing: digit by digit from the lowest, each pass keeping the order of the last. */

const digitBits = 11;
const digits = 1 << digitBits;
const counts = new Uint32Array(digits);

/**
 * Orders `items` by `keys[item]`, ascending; equal keys keep their order, so that sorting by the lesser key first and
 * by the greater one next sorts by both. Digits that all keys share cost nothing.
 *
 * @param spare as long as `items`; it is written over
 * @returns the sorted items: `items` or `spare`
 */
export function sortByKey(
  items: Uint32Array<ArrayBuffer>,
  spare: Uint32Array<ArrayBuffer>,
  keys: Uint32Array,
): Uint32Array<ArrayBuffer> {
  let from = items;
  let to = spare;
  const count = items.length;
  if (count === 0) return items;
  let varying = 0;
  const first = keys[items[0]];
  for (let i = 1; i < count; i++) varying |= keys[items[i]] ^ first;
  for (let shift = 0; shift < 32; shift += digitBits) {
    if (((varying >>> shift) & (digits - 1)) === 0) continue;
    counts.fill(0);
    for (let i = 0; i < count; i++) counts[(keys[from[i]] >>> shift) & (digits - 1)]++;
    let place = 0;
    for (let digit = 0; digit < digits; digit++) {
      const size = counts[digit];
      counts[digit] = place;
      place += size;
    }
    for (let i = 0; i < count; i++) {
      const item = from[i];
      to[counts[(keys[item] >>> shift) & (digits - 1)]++] = item;
    }
    [from, to] = [to, from];
  }
  return from;
}

/** 0, 1, 2 … */
export function numbersUpTo(count: number): Uint32Array<ArrayBuffer> {
  const numbers = new Uint32Array(count);
  for (let i = 0; i < count; i++) numbers[i] = i;
  return numbers;
}
