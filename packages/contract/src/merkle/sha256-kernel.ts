/**
 * SHA-256 (FIPS 180-4, section 6.2) of four messages at once as WebAssembly: word `t` of all four lies in one vector,
 * message `i` in lane `i`, so each instruction works for four. All four must have as many blocks.
 */
import {
  add,
  addLanes,
  and,
  assemble,
  bytes16,
  type Code,
  constant,
  equal,
  equalBytes,
  get,
  i32,
  less,
  lessBytes,
  load,
  or,
  pickBits,
  repeat,
  replaceLane,
  select,
  set,
  shiftLanesLeft,
  shiftLanesRight,
  shuffle,
  splat,
  splatByte,
  store,
  swizzle,
  v128,
  when,
  xor,
} from './wasm-assembler.ts';

/** What the kernel keeps for itself at the start of the memory. */
const memory = { words: 0, chaining: 256, constants: 512, free: 512 + 64 * 16 } as const;

/** First address for messages and digests. */
export const firstFreeByte = memory.free;

const roundConstants = fractionsOfPrimes(64, Math.cbrt);
const initialHash = fractionsOfPrimes(8, Math.sqrt);

/** The constants as vectors, to be put at `constantsAt`. */
export const constantVectors = Uint32Array.from(roundConstants.flatMap((word) => [word, word, word, word]));
export const constantsAt = memory.constants;

/** Parameters of `run`: addresses, lengths and places for the digests of four messages; the number of blocks of each. */
const address = (lane: number) => lane;
const length = (lane: number) => 4 + lane;
const digest = (lane: number) => 8 + lane;
const blocks = 12;
/** Locals. */
const constantsPointer = 13;
const bits = 14;
const hash = (word: number) => 15 + word;
const [t1, t2] = [23, 24];
const scratch = (index: number) => 25 + index;
const lanes = [0, 1, 2, 3];
const quarters = [0, 1, 2, 3];

/** The first 32 bits of the fractional parts of the roots of the first primes (FIPS 180-4, sections 4.2.2 and 5.3.3). */
function fractionsOfPrimes(count: number, root: (prime: number) => number): number[] {
  const primes: number[] = [];
  for (let number = 2; primes.length < count; number++) {
    if (primes.every((prime) => number % prime !== 0)) primes.push(number);
  }
  return primes.map((prime) => Math.floor((root(prime) % 1) * 2 ** 32));
}

const rotate = (local: number, by: number): Code =>
  or(shiftLanesLeft(get(local), constant(32 - by)), shiftLanesRight(get(local), constant(by)));
const rotations = (local: number, first: number, second: number, third: Code): Code =>
  xor(xor(rotate(local, first), rotate(local, second)), third);
const word = (index: number): Code => load(constant(memory.words), (index % 16) * 16);
const storeWord = (index: number, value: Code): Code => store(constant(memory.words), value, (index % 16) * 16);

/** Rounds 16n to 16n + 15; from the second time on, each extends the message schedule by its word first. */
function sixteenRounds(scheduled: boolean): Code {
  return Array.from({ length: 16 }, (_, round) => {
    const name = (index: number) => hash((index + 16 - round) % 8);
    const [a, b, c, d, e, f, g, h] = [0, 1, 2, 3, 4, 5, 6, 7].map(name) as [
      number,
      number,
      number,
      number,
      ...number[],
    ];
    return [
      ...(scheduled ? schedule(round) : []),
      ...set(t1, addLanes(addLanes(get(h!), word(round)), load(get(constantsPointer), round * 16))),
      ...set(t1, addLanes(get(t1), rotations(e!, 6, 11, rotate(e!, 25)))),
      ...set(t1, addLanes(get(t1), pickBits(get(f!), get(g!), get(e!)))),
      ...set(d, addLanes(get(d), get(t1))),
      ...set(t2, pickBits(get(c), get(b), xor(get(a), get(b)))),
      ...set(h!, addLanes(addLanes(get(t1), get(t2)), rotations(a, 2, 13, rotate(a, 22)))),
    ];
  }).flat();
}

function schedule(round: number): Code {
  const [early, late] = [t1, t2];
  return [
    ...set(early, word(round + 1)),
    ...set(late, word(round + 14)),
    ...set(early, rotations(early, 7, 18, shiftLanesRight(get(early), constant(3)))),
    ...set(late, rotations(late, 17, 19, shiftLanesRight(get(late), constant(10)))),
    ...storeWord(round, addLanes(addLanes(word(round), get(early)), addLanes(word(round + 9), get(late)))),
  ];
}

const reversed = bytes16(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
const reverseWords = (value: Code): Code => swizzle(value, reversed);
const interleave = {
  lowWords: [0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23],
  highWords: [8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31],
  lowPairs: [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23],
  highPairs: [8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31],
} as const;

/** Turns four vectors, one for each message, into four for each word, or the other way round. */
function transpose([first, second, third, fourth]: number[], put: (index: number, value: Code) => Code): Code {
  const pairs = (words: Code, halves: Code) =>
    shuffle(shuffle(get(first!), get(second!), words), shuffle(get(third!), get(fourth!), words), halves);
  return [
    ...put(0, pairs(interleave.lowWords, interleave.lowPairs)),
    ...put(1, pairs(interleave.lowWords, interleave.highPairs)),
    ...put(2, pairs(interleave.highWords, interleave.lowPairs)),
    ...put(3, pairs(interleave.highWords, interleave.highPairs)),
  ];
}

/**
 * Sixteen bytes of a message, padded: its bytes as far as it goes, then 0x80, then zeros. `remaining` holds in each byte
 * how many bytes there are from the start of this block, at most 64; negative if the 0x80 was in the block before.
 */
function padded(lane: number, quarter: number, remaining: number): Code {
  const positions = bytes16(...Array.from({ length: 16 }, (_, index) => quarter * 16 + index));
  const end = and(equalBytes(positions, get(remaining)), bytes16(...new Array(16).fill(0x80)));
  return or(and(load(get(address(lane)), quarter * 16), lessBytes(positions, get(remaining))), end);
}

const loadBlock: Code = [
  ...lanes.flatMap((lane) => {
    const capped = select(get(length(lane)), constant(64), less(get(length(lane)), constant(64)));
    return set(scratch(4 + lane), splatByte(capped));
  }),
  ...quarters.flatMap((quarter) => [
    ...lanes.flatMap((lane) => set(scratch(lane), reverseWords(padded(lane, quarter, scratch(4 + lane))))),
    ...transpose(lanes.map(scratch), (index, value) => storeWord(quarter * 4 + index, value)),
  ]),
  ...when(equal(get(blocks), constant(1)), storeWord(15, or(word(15), get(bits)))),
];

const eight = [0, 1, 2, 3, 4, 5, 6, 7];

const compressBlock: Code = [
  ...eight.flatMap((index) => store(constant(memory.chaining), get(hash(index)), index * 16)),
  ...set(constantsPointer, constant(memory.constants)),
  ...sixteenRounds(false),
  ...repeat(
    [...set(constantsPointer, add(get(constantsPointer), constant(256))), ...sixteenRounds(true)],
    less(get(constantsPointer), constant(memory.constants + 3 * 256)),
  ),
  ...eight.flatMap((index) =>
    set(hash(index), addLanes(get(hash(index)), load(constant(memory.chaining), index * 16))),
  ),
];

const nextBlock: Code = [
  ...lanes.flatMap((lane) => [
    ...set(address(lane), add(get(address(lane)), constant(64))),
    ...set(length(lane), add(get(length(lane)), constant(-64))),
  ]),
  ...set(blocks, add(get(blocks), constant(-1))),
];

/** Length in bits, as the last word of the last block has it: messages are far shorter than 2^29 bytes. */
const lengthsInBits = shiftLanesLeft(
  lanes.slice(1).reduce((vector, lane) => replaceLane(vector, lane, get(length(lane))), splat(get(length(0)))),
  constant(3),
);

const writeDigests: Code = [0, 4].flatMap((half) => [
  ...eight.slice(half, half + 4).flatMap((index) => set(hash(index), reverseWords(get(hash(index))))),
  ...transpose(eight.slice(half, half + 4).map(hash), (lane, value) => store(get(digest(lane)), value, half * 4)),
]);

export const kernel: Uint8Array = assemble(
  13,
  [
    { count: 1, type: i32 },
    { count: 1 + 8 + 2 + 8, type: v128 },
  ],
  [
    ...set(bits, lengthsInBits),
    ...eight.flatMap((index) => set(hash(index), splat(constant(initialHash[index]! | 0)))),
    ...repeat([...loadBlock, ...compressBlock, ...nextBlock], less(constant(0), get(blocks))),
    ...writeDigests,
  ],
);
