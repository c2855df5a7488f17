/**
 * Merkle trees of RFC 6962, section 2.1, over payment hashes: one signed root covers many messages, and a handful of
 * hashes shows that one of them was among these.
 *
 * The data of a leaf are the 32 bytes of the SHA-256 of a message's canonical bytes:
 * ```
 * leaf   SHA-256(0x00 ‖ hash of the message)
 * node   SHA-256(0x01 ‖ left ‖ right)
 * ```
 * The left half of a tree of n leaves has as many as the largest power of two below n. An empty tree signs nothing and
 * has no root.
 */
import { sha256 } from '../sha256.ts';
import type { Sha256Lanes } from './sha256-lanes.ts';

const hashSize = 32;
const leafSize = 1 + hashSize;
const nodeSize = 1 + 2 * hashSize;
const [leafPrefix, nodePrefix] = [0x00, 0x01];

/** What shows that a message is leaf number `index` of a tree of `size` leaves: the siblings from leaf to root. */
export interface InclusionProof {
  /** From 0. */
  readonly index: number;
  readonly size: number;
  /** 32 bytes each. */
  readonly path: readonly Uint8Array[];
}

/** @param hashes 32 bytes for each of `count` leaves. @throws {RangeError} if there are no or not so many leaves */
export function merkleRoot(lanes: Sha256Lanes, hashes: Uint8Array, count: number): Uint8Array {
  const { memory, levels } = growTree(lanes, hashes, count);
  const root = levels.at(-1)!;
  return memory.slice(placeOf(root, 0), placeOf(root, 0) + hashSize);
}

/** @throws {RangeError} if there are not so many leaves or none with this index */
export function proveInclusion(lanes: Sha256Lanes, hashes: Uint8Array, count: number, index: number): InclusionProof {
  if (!(index >= 0 && index < count)) throw new RangeError(`There is no leaf ${index} in a tree of ${count}`);
  const { memory, levels } = growTree(lanes, hashes, count);
  const path = levels.flatMap((level, height) => {
    const sibling = (index >>> height) ^ 1;
    return sibling < level.count ? [memory.slice(placeOf(level, sibling), placeOf(level, sibling) + hashSize)] : [];
  });
  return { index, size: count, path };
}

/** The root that the proof leads to from the hash of the message; nothing if the proof is of no tree at all. */
export function rootOfProof(hash: Uint8Array, { index, size, path }: InclusionProof): Uint8Array | undefined {
  if (!(Number.isSafeInteger(size) && Number.isSafeInteger(index) && index >= 0 && index < size)) return undefined;
  if (hash.length !== hashSize || path.some((sibling) => sibling.length !== hashSize)) return undefined;
  const siblings = path.values();
  let node = sha256(Buffer.from([leafPrefix, ...hash]));
  for (let place = index, last = size - 1; last > 0; place = Math.floor(place / 2), last = Math.floor(last / 2)) {
    if (place === last && place % 2 === 0) continue;
    const { value: sibling } = siblings.next();
    if (!sibling) return undefined;
    const [left, right] = place % 2 === 0 ? [node, sibling] : [sibling, node];
    node = sha256(Buffer.from([nodePrefix, ...left, ...right]));
  }
  return siblings.next().done ? node : undefined;
}

/** The hashes of one height: they lie in pairs, a prefix before each, ready to be hashed to the next height. */
interface Level {
  readonly address: number;
  readonly count: number;
}

const pairsOf = (count: number) => Math.ceil(count / 2);
const placeOf = ({ address }: Level, index: number) => address + (index >>> 1) * nodeSize + 1 + (index & 1) * hashSize;

/** All levels in the memory of the lanes, leaves first, the root last. A hash without a sibling goes up as it is. */
function growTree(lanes: Sha256Lanes, hashes: Uint8Array, count: number): { memory: Uint8Array; levels: Level[] } {
  if (!(Number.isInteger(count) && count > 0)) throw new RangeError(`There is no tree of ${count} leaves`);
  if (hashes.length < count * hashSize) throw new RangeError(`${hashes.length} bytes are not ${count} hashes`);
  const levels = layOutLevels(count);
  const root = levels.at(-1)!;
  const memory = lanes.reserve(root.address + nodeSize);
  for (let leaf = 0; leaf < count; leaf++) {
    const address = leaf * leafSize;
    memory[address] = leafPrefix;
    for (let at = 0; at < hashSize; at++) memory[address + 1 + at] = hashes[leaf * hashSize + at]!;
    lanes.add(address, leafSize, placeOf(levels[0]!, leaf));
  }
  lanes.finish();
  for (let height = 1; height < levels.length; height++) {
    const [below, level] = [levels[height - 1]!, levels[height]!];
    for (let pair = 0; pair < below.count >>> 1; pair++) {
      const address = below.address + pair * nodeSize;
      memory[address] = nodePrefix;
      lanes.add(address, nodeSize, placeOf(level, pair));
    }
    if (below.count % 2 === 1) {
      const alone = placeOf(below, below.count - 1);
      memory.copyWithin(placeOf(level, level.count - 1), alone, alone + hashSize);
    }
    lanes.finish();
  }
  return { memory, levels };
}

function layOutLevels(leaves: number): Level[] {
  const levels = [{ address: leaves * leafSize, count: leaves }];
  for (let below = levels[0]!; below.count > 1; below = levels.at(-1)!) {
    levels.push({ address: below.address + pairsOf(below.count) * nodeSize, count: pairsOf(below.count) });
  }
  return levels;
}
