/**
 * A message of the stream is signed together with others: by a checkpoint over the root of a Merkle tree (RFC 6962), with
 * the way from this message to that root. What is hashed and signed stands in docs/reference/canonical-bytes.md; the
 * vectors of the contract check that it is the same here.
 */
import type { Evidence } from '@clearway/console-api';
import type { Ports } from '../../ports.ts';

export type Checkpoint = NonNullable<Evidence['request']['checkpoint']>;
export type SignedScheme = NonNullable<Evidence['scheme']>;
type Bytes = Uint8Array<ArrayBuffer>;
type Digest = Ports['digest'];

/** Where a message says which place it has in what its signer sent: a payment, and a bank's answer. */
const places = {
  request: { stream: 56, position: 36 },
  answer: { stream: 32, position: 40 },
} as const;
const environments = { sandbox: 1, production: 2 } as const;
const [format, checkpointType] = [1, 7];

/** Whether the message stands where the checkpoint says, and its tree leads from there to the root that is signed. */
export async function isCovered(
  what: 'request' | 'answer',
  body: Bytes,
  canonical: Bytes,
  checkpoint: Checkpoint,
  digest: Digest,
): Promise<boolean> {
  const { stream, from, to, root, path } = checkpoint;
  const at = places[what];
  if (body.length < 80) return false;
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const position = view.getUint32(at.position);
  if (view.getBigUint64(at.stream) !== BigInt(stream) || position < from || position >= to) return false;
  const reached = await rootOf(await digest(canonical), position - from, to - from, path.map(bytesOfHex), digest);
  return reached !== undefined && hexOf(reached) === root;
}

/** Undefined where the way is none of a tree of this size. */
export async function rootOf(
  hash: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
  digest: Digest,
): Promise<Uint8Array | undefined> {
  const siblings = [...path];
  let node = await digest(joined([0x00], hash));
  for (let place = index, last = size - 1; last > 0; place = Math.floor(place / 2), last = Math.floor(last / 2)) {
    if (place === last && place % 2 === 0) continue;
    const sibling = siblings.shift();
    if (sibling === undefined) return undefined;
    node = await digest(place % 2 === 0 ? joined([0x01], node, sibling) : joined([0x01], sibling, node));
  }
  return siblings.length === 0 ? node : undefined;
}

/** What the signer of a checkpoint has signed. */
export function checkpointBytes(scheme: SignedScheme, signer: string, checkpoint: Omit<Checkpoint, 'path'>): Bytes {
  const { stream, from, to, signedAt, root } = checkpoint;
  const bytes = new Uint8Array(80);
  const view = new DataView(bytes.buffer);
  bytes.set([format, checkpointType, environments[scheme.environment]]);
  bytes.set(new TextEncoder().encode(scheme.schemeId).subarray(0, 8), 8);
  view.setBigUint64(16, BigInt(stream));
  view.setUint32(24, from);
  view.setUint32(28, to);
  view.setUint32(32, Number(signer));
  view.setBigUint64(40, BigInt(Date.parse(signedAt)));
  bytes.set(bytesOfHex(root), 48);
  return bytes;
}

function joined(...parts: readonly (Uint8Array | readonly number[])[]): Bytes {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

export function bytesOfHex(hex: string): Bytes {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
