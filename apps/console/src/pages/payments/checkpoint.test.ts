import assert from 'node:assert/strict';
import { createHash, webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { verifySignature } from '../../signature.ts';
import { bytesOfHex, checkpointBytes, hexOf, isCovered, rootOf } from './checkpoint.ts';

const file = new URL('../../../../../packages/contract/vectors/stream.json', import.meta.url);
const vectors = JSON.parse(readFileSync(file, 'utf8'));
const digest = async (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest());
const { scheme, paymentHashes, merkle, checkpoint } = vectors;

const proofs: readonly { readonly index: number; readonly path: readonly string[] }[] = merkle.proofs;
const hashes: readonly string[] = paymentHashes;

test('each way of the vectors leads from its message to the root, and from no other message', async () => {
  assert.equal(proofs.length, hashes.length);
  for (const [index, { path }] of proofs.entries()) {
    const way = path.map(bytesOfHex);
    for (const [other, hash] of hashes.entries()) {
      const root = await rootOf(bytesOfHex(hash), index, hashes.length, way, digest);
      assert.equal(
        root !== undefined && hexOf(root) === merkle.root,
        other === index,
        `${other} by the way of ${index}`,
      );
    }
    assert.equal(await rootOf(bytesOfHex(hashes[index]), index, hashes.length, way.slice(1), digest), undefined);
  }
});

test('what a checkpoint signs is what the vectors say, and their signature holds', async () => {
  const signedAt = new Date(checkpoint.signedAt).toISOString();
  const bytes = checkpointBytes(scheme, checkpoint.signer, { ...checkpoint, signedAt });
  assert.equal(hexOf(bytes), checkpoint.bytes);
  const signature = bytesOfHex(checkpoint.signature);
  const { subtle } = webcrypto;
  assert.equal(await verifySignature(subtle as SubtleCrypto, 'ed25519', vectors.publicKey, bytes, signature), true);
});

test('a message is covered only at the place that it names itself', async () => {
  const canonical = Uint8Array.from([1, 2, 3]);
  const root = hexOf(await digest(Uint8Array.from([0, ...(await digest(canonical))])));
  const body = new Uint8Array(80);
  const view = new DataView(body.buffer);
  view.setBigUint64(56, 7n);
  view.setUint32(36, 4);
  const covering = { ...checkpoint, stream: 7, from: 4, to: 5, root, path: [] };
  assert.equal(await isCovered('request', body, canonical, covering, digest), true);
  assert.equal(await isCovered('request', body, Uint8Array.from([1, 2]), covering, digest), false);
  assert.equal(await isCovered('request', body, canonical, { ...covering, stream: 8 }, digest), false);
  assert.equal(await isCovered('request', body, canonical, { ...covering, from: 5, to: 6 }, digest), false);
  assert.equal(await isCovered('answer', body, canonical, covering, digest), false);
});
