import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { merkleRoot, proveInclusion, rootOfProof } from './merkle-tree.ts';
import { sha256Lanes } from './sha256-lanes.ts';

const lanes = sha256Lanes();
const sha256 = (...parts: (Uint8Array | number[])[]) =>
  createHash('sha256')
    .update(Buffer.concat(parts.map((part) => Buffer.from(part))))
    .digest();
const leaves = (count: number) => Array.from({ length: count }, (_, index) => sha256([index >>> 8, index & 0xff]));
const hex = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('hex');

/** The definition of RFC 6962, section 2.1, word for word. */
function definedRoot(hashes: readonly Uint8Array[]): Buffer {
  if (hashes.length === 1) return sha256([0], hashes[0]!);
  let half = 1;
  while (half * 2 < hashes.length) half *= 2;
  return sha256([1], definedRoot(hashes.slice(0, half)), definedRoot(hashes.slice(half)));
}

describe('a Merkle tree', () => {
  test('has the root that RFC 6962 defines, for every number of leaves up to 130', () => {
    for (let count = 1; count <= 130; count++) {
      const hashes = leaves(count);
      assert.equal(hex(merkleRoot(lanes, Buffer.concat(hashes), count)), hex(definedRoot(hashes)), `${count} leaves`);
    }
  });

  test('has the same root by node:crypto', () => {
    const hashes = Buffer.concat(leaves(77));
    assert.deepEqual(merkleRoot(sha256Lanes('crypto'), hashes, 77), merkleRoot(lanes, hashes, 77));
  });

  test('of no leaves, or of more than there are, is none', () => {
    for (const count of [0, -1, 1.5, 3, Number.NaN]) {
      assert.throws(() => merkleRoot(lanes, Buffer.concat(leaves(2)), count), RangeError, `${count}`);
    }
  });

  test('proves each of its leaves, up to 70 of them', () => {
    for (let count = 1; count <= 70; count++) {
      const hashes = leaves(count);
      const bytes = Buffer.concat(hashes);
      const root = hex(merkleRoot(lanes, bytes, count));
      for (let index = 0; index < count; index++) {
        const proof = proveInclusion(lanes, bytes, count, index);
        assert.equal(hex(rootOfProof(hashes[index]!, proof)), root, `leaf ${index} of ${count}`);
        assert.ok(proof.path.length <= Math.ceil(Math.log2(count)));
      }
    }
  });

  test('proves no leaf that it does not have', () => {
    for (const index of [-1, 4, Number.NaN]) {
      assert.throws(() => proveInclusion(lanes, Buffer.concat(leaves(4)), 4, index), RangeError);
    }
  });
});

describe('a proof', () => {
  const [count, index] = [11, 6];
  const hashes = leaves(count);
  const bytes = Buffer.concat(hashes);
  const root = hex(merkleRoot(lanes, bytes, count));
  const proof = proveInclusion(lanes, bytes, count, index);
  const flipped = (hash: Uint8Array) => hash.map((byte, place) => (place === 31 ? byte ^ 1 : byte));

  const tampered = [
    { name: 'of another leaf', hash: hashes[5]!, proof },
    { name: 'of a changed leaf', hash: flipped(hashes[index]!), proof },
    { name: 'of another index', hash: hashes[index]!, proof: { ...proof, index: 7 } },
    { name: 'of an index outside the tree', hash: hashes[index]!, proof: { ...proof, index: count } },
    { name: 'of half an index', hash: hashes[index]!, proof: { ...proof, index: 6.5 } },
    { name: 'of a negative index', hash: hashes[index]!, proof: { ...proof, index: -1 } },
    { name: 'of a larger tree', hash: hashes[index]!, proof: { ...proof, size: 17 } },
    { name: 'of a smaller tree', hash: hashes[index]!, proof: { ...proof, size: 8 } },
    { name: 'of no size', hash: hashes[index]!, proof: { ...proof, size: Number.NaN } },
    { name: 'without its last step', hash: hashes[index]!, proof: { ...proof, path: proof.path.slice(0, -1) } },
    { name: 'with a step too many', hash: hashes[index]!, proof: { ...proof, path: [...proof.path, hashes[0]!] } },
    { name: 'with steps swapped', hash: hashes[index]!, proof: { ...proof, path: [...proof.path].reverse() } },
    {
      name: 'with a short step',
      hash: hashes[index]!,
      proof: { ...proof, path: proof.path.map((step) => step.subarray(1)) },
    },
    ...proof.path.map((_, step) => ({
      name: `with step ${step} changed`,
      hash: hashes[index]!,
      proof: { ...proof, path: proof.path.map((hash, place) => (place === step ? flipped(hash) : hash)) },
    })),
  ];
  for (const { name, hash, proof } of tampered) {
    test(`${name} leads to no root or another one`, () => {
      assert.notEqual(hex(rootOfProof(hash, proof)), root);
    });
  }

  test('does not take a node for a leaf', () => {
    const two = leaves(2);
    const node = Buffer.concat(two.map((hash) => sha256([0], hash)));
    assert.equal(rootOfProof(node, { index: 0, size: 1, path: [] }), undefined);
  });

  test('holds for every leaf of a tree of any size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 700 }), fc.nat(), (count, pick) => {
        const hashes = leaves(count);
        const bytes = Buffer.concat(hashes);
        const proof = proveInclusion(lanes, bytes, count, pick % count);
        assert.deepEqual(rootOfProof(hashes[pick % count]!, proof), merkleRoot(lanes, bytes, count));
      }),
      { numRuns: 60 },
    );
  });
});
