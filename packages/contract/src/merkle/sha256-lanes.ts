/**
 * SHA-256 of many small messages: one call of node:crypto costs some two microseconds whatever it hashes, here a message
 * costs its blocks (docs/decisions/0018-merkle-checkpoints.md).
 */
import { createHash } from 'node:crypto';
import { constantsAt, constantVectors, firstFreeByte, kernel } from './sha256-kernel.ts';

/** As much of the WebAssembly interface as is used: TypeScript has its types for browsers only. */
interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}
declare const WebAssembly: {
  readonly Memory: new (limits: { initial: number }) => Memory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: { readonly run: HashFour } };
  validate(bytes: Uint8Array): boolean;
};

type HashFour = (
  ...parameters: [
    ...addresses: [number, number, number, number],
    ...lengths: [number, number, number, number],
    ...digests: [number, number, number, number],
    blocks: number,
  ]
) => void;

/** A message may have so many bytes. */
export const longestMessage = 65_527;

const pageBytes = 65_536;
/** The kernel reads whole blocks, hence behind the end of a message; what it reads there it drops. */
const readBehind = 128;
const mostBlocks = (longestMessage + 9) / 64;
/** Address, length and place of the digest of each of at most three messages that wait. */
const waitingSize = 9;

export interface Sha256Lanes {
  /** How it hashes: `crypto` where WebAssembly has no vectors. */
  readonly by: 'lanes' | 'crypto';
  /**
   * The memory that messages are read from and digests written to, at least `size` bytes. What was in it stays; an array
   * got earlier may be detached.
   */
  reserve(size: number): Uint8Array;
  /**
   * Hashes `length` bytes at `address` of the memory, the 32 bytes of the digest to `digest`: at once or later, as late
   * as `finish`; until then the message must not change.
   * @throws {RangeError} if the message is longer than `longestMessage`, or does not lie in the memory with its digest
   */
  add(address: number, length: number, digest: number): void;
  /** Hashes what still waits. */
  finish(): void;
}

const module = WebAssembly.validate(kernel) ? new WebAssembly.Module(kernel) : undefined;

/** Not to be shared by what interleaves: whoever adds messages finishes them before another adds. */
export function sha256Lanes(hashesBy: 'lanes' | 'crypto' = module ? 'lanes' : 'crypto'): Sha256Lanes {
  const memory = new WebAssembly.Memory({ initial: 1 });
  new Uint32Array(memory.buffer, constantsAt, constantVectors.length).set(constantVectors);
  let bytes = usableBytes(memory);
  const hashFour = hashesBy === 'lanes' ? fourLanes(memory) : fourByCrypto(memory);
  /** Messages wait for others with as many blocks until they are four. */
  const waiting = new Uint32Array((mostBlocks + 1) * waitingSize);
  const waitingCounts = new Uint8Array(mostBlocks + 1);
  let longestWaiting = 0;

  function add(address: number, length: number, digest: number): void {
    if (!(length <= longestMessage))
      throw new RangeError(`A message of ${length} bytes is longer than ${longestMessage}`);
    if (!(address >= 0 && address + length <= bytes.length && digest >= 0 && digest + 32 <= bytes.length)) {
      throw new RangeError(`${length} bytes at ${address} or their digest at ${digest} lie outside the memory`);
    }
    const blocks = (length + 72) >>> 6;
    const count = waitingCounts[blocks]!;
    const at = blocks * waitingSize;
    if (count < 3) {
      waiting[at + count] = address + firstFreeByte;
      waiting[at + 3 + count] = length;
      waiting[at + 6 + count] = digest + firstFreeByte;
      waitingCounts[blocks] = count + 1;
      if (blocks > longestWaiting) longestWaiting = blocks;
      return;
    }
    waitingCounts[blocks] = 0;
    hashFour(
      waiting[at]!,
      waiting[at + 1]!,
      waiting[at + 2]!,
      address + firstFreeByte,
      waiting[at + 3]!,
      waiting[at + 4]!,
      waiting[at + 5]!,
      length,
      waiting[at + 6]!,
      waiting[at + 7]!,
      waiting[at + 8]!,
      digest + firstFreeByte,
      blocks,
    );
  }

  /** Lanes without a message hash the last one once more, to the same place. */
  function finish(): void {
    for (let blocks = 1; blocks <= longestWaiting; blocks++) {
      const count = waitingCounts[blocks]!;
      if (count === 0) continue;
      const lastWaiting = blocks * waitingSize + count - 1;
      for (let lane = count; lane < 3; lane++) {
        for (let field = 0; field < 9; field += 3)
          waiting[blocks * waitingSize + field + lane] = waiting[lastWaiting + field]!;
      }
      waitingCounts[blocks] = 3;
      const { 0: address, 3: length, 6: digest } = waiting.subarray(lastWaiting);
      add(address! - firstFreeByte, length!, digest! - firstFreeByte);
    }
    longestWaiting = 0;
  }

  function reserve(size: number): Uint8Array {
    const missing = size - bytes.length;
    if (missing > 0) {
      memory.grow(Math.ceil(Math.max(missing, bytes.length) / pageBytes));
      bytes = usableBytes(memory);
    }
    return bytes;
  }

  return { by: hashesBy, reserve, add, finish };
}

function usableBytes({ buffer }: Memory): Uint8Array {
  return new Uint8Array(buffer, firstFreeByte, buffer.byteLength - firstFreeByte - readBehind);
}

function fourLanes(memory: Memory): HashFour {
  if (!module) throw new Error('This machine has no WebAssembly with vectors: hash by crypto');
  return new WebAssembly.Instance(module, { host: { memory } }).exports.run;
}

function fourByCrypto(memory: Memory): HashFour {
  function hash(address: number, length: number, digest: number): void {
    const message = new Uint8Array(memory.buffer, address, length);
    new Uint8Array(memory.buffer, digest, 32).set(createHash('sha256').update(message).digest());
  }
  return (a0, a1, a2, a3, l0, l1, l2, l3, d0, d1, d2, d3) => {
    hash(a0, l0, d0);
    if (d1 !== d0) hash(a1, l1, d1);
    if (d2 !== d1) hash(a2, l2, d2);
    if (d3 !== d2) hash(a3, l3, d3);
  };
}
