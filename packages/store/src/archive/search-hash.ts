/**
 * What the index of the archive is sorted by: 32 bits for an identifier, and 32 bits for an institution with its own
 * reference. A hit is looked up and compared, so a collision costs one read and never a wrong answer. The seed is the
 * archive's own secret: nobody outside can choose references that collide.
 */

/** Never 0, which marks what is free. */
function finish(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  h = (h ^ (h >>> 16)) >>> 0;
  return h === 0 ? 1 : h;
}

function mix(hash: number, word: number): number {
  const k = Math.imul(word, 0xcc9e2d51);
  const h = hash ^ Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

/** Of the 16 bytes of an identifier at `at`. */
export function hashIdentifier(seed: number, view: DataView, at: number): number {
  let h = mix(seed, view.getUint32(at));
  h = mix(h, view.getUint32(at + 4));
  h = mix(h, view.getUint32(at + 8));
  return finish(mix(h, view.getUint32(at + 12)));
}

/** Of `length` bytes of an endToEndId at `at`, and the institution that gave it. */
export function hashReference(
  seed: number,
  participant: number,
  bytes: Uint8Array,
  at: number,
  length: number,
): number {
  let h = mix(~seed, participant);
  const end = at + length;
  let i = at;
  for (; i + 4 <= end; i += 4) {
    h = mix(h, bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24));
  }
  let rest = length & 3;
  for (; i < end; i++) rest = (rest << 8) | bytes[i];
  return finish(mix(h, rest));
}
