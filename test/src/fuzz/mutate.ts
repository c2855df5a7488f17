/** Changes to bytes as bad lines, bad software and bad people make them. */
import type { Random } from './random.ts';

const interesting = [0, 1, 2, 7, 8, 15, 16, 17, 79, 80, 127, 128, 255, 256, 4095, 4096, 8191, 8192, 32_767, 65_535];
const interestingLarge = [0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 1 << 20, (1 << 20) + 8, 0x0010_0008];

type Mutation = (random: Random, bytes: Buffer) => Buffer;

const mutations: readonly Mutation[] = [
  (random, bytes) => {
    const changed = Buffer.from(bytes);
    changed[random.below(changed.length)] ^= 1 << random.below(8);
    return changed;
  },
  (random, bytes) => {
    const changed = Buffer.from(bytes);
    changed[random.below(changed.length)] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)]);
    return changed;
  },
  (random, bytes) => bytes.subarray(0, random.below(bytes.length)),
  (random, bytes) => bytes.subarray(random.below(bytes.length)),
  /** A part twice. */
  (random, bytes) => {
    const [from, to] = range(random, bytes);
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from, to), bytes.subarray(to)]);
  },
  /** A part missing. */
  (random, bytes) => {
    const [from, to] = range(random, bytes);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  /** Two parts changed places. */
  (random, bytes) => {
    const [from, to] = range(random, bytes);
    const middle = from + random.below(to - from + 1);
    const parts = [
      bytes.subarray(0, from),
      bytes.subarray(middle, to),
      bytes.subarray(from, middle),
      bytes.subarray(to),
    ];
    return Buffer.concat(parts);
  },
  (random, bytes) => {
    const at = random.below(bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), random.bytes(random.from(1, 24)), bytes.subarray(at)]);
  },
  (random, bytes) => {
    if (bytes.length < 2) return bytes;
    const changed = Buffer.from(bytes);
    changed.writeUInt16BE(random.pick(interesting), random.below(bytes.length - 1));
    return changed;
  },
  (random, bytes) => {
    if (bytes.length < 4) return bytes;
    const changed = Buffer.from(bytes);
    changed.writeUInt32BE(random.pick(interestingLarge) >>> 0, random.below((bytes.length - 3) >> 2) * 4);
    return changed;
  },
];

function range(random: Random, bytes: Buffer): [number, number] {
  const from = random.below(bytes.length);
  return [from, Math.min(bytes.length, from + 1 + random.below(64))];
}

/** One to four changes. */
export function mutate(random: Random, bytes: Buffer): Buffer {
  let changed = bytes;
  for (let left = random.from(1, 4); left > 0 && changed.length > 0; left--) {
    changed = random.pick(mutations)(random, changed);
  }
  return changed;
}
