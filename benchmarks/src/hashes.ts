/** What the hashes of a payment cost: of reference, sealed fields, canonical bytes and its part of the Merkle tree. */
import { createHash } from 'node:crypto';
import {
  canonicalHead,
  merkleRoot,
  messageHashes,
  paymentMessage,
  paymentMessageBytes,
  type Scheme,
  sha256Lanes,
} from '@clearway/contract';

export interface HashesResult {
  /** So many payments at once. */
  readonly payments: number;
  /** Nanoseconds a payment. */
  readonly messageByLanes: number;
  readonly messageByCrypto: number;
  readonly treeByLanes: number;
  readonly treeByCrypto: number;
}

const scheme: Scheme = { schemeId: 'CLEARWAY', environment: 'sandbox' };
const referenceBytes = 20;
const sealedBytes = 200;
const messageBytes = Math.ceil((paymentMessageBytes + referenceBytes + sealedBytes) / 8) * 8;

/** Both ways must come to the same root, or it throws. */
export function benchHashes(): HashesResult[] {
  return [64, 512, 4096].map((payments) => {
    const frame = frameOf(payments);
    const byLanes = hashesByLanes(frame, payments);
    const byCrypto = hashesByCrypto(frame, payments);
    const lanes = sha256Lanes();
    const hashes = byLanes().slice();
    const rootByLanes = () => merkleRoot(lanes, hashes, payments);
    const rootByCrypto = () => cryptoRoot(hashes, payments);
    if (!Buffer.from(hashes).equals(byCrypto()) || !Buffer.from(rootByLanes()).equals(rootByCrypto())) {
      throw new Error(`lanes and node:crypto do not agree on ${payments} payments`);
    }
    const [messageByLanes, messageByCrypto, treeByLanes, treeByCrypto] = [
      byLanes,
      byCrypto,
      rootByLanes,
      rootByCrypto,
    ].map((run) => nanoseconds(run, payments)) as [number, number, number, number];
    return { payments, messageByLanes, messageByCrypto, treeByLanes, treeByCrypto };
  });
}

/** Median of several measurements of some 30,000 payments each, after as many to warm up. */
function nanoseconds(run: () => void, payments: number): number {
  const times = Array.from({ length: 7 }, () => {
    const runs = Math.ceil(30_000 / payments);
    const began = process.hrtime.bigint();
    for (let i = 0; i < runs; i++) run();
    return Number(process.hrtime.bigint() - began) / (runs * payments);
  });
  return Math.round(times.slice(1).sort((a, b) => a - b)[3]!);
}

function frameOf(payments: number): Uint8Array {
  const frame = new Uint8Array(payments * messageBytes);
  const view = new DataView(frame.buffer);
  for (let i = 0; i < payments; i++) {
    const at = i * messageBytes;
    view.setUint8(at + paymentMessage.referenceLength, referenceBytes);
    view.setUint16(at + paymentMessage.sealedLength, sealedBytes);
    view.setUint32(at + paymentMessage.id, i);
    view.setUint32(at + paymentMessage.endToEndId, i);
  }
  return frame;
}

function hashesByLanes(frame: Uint8Array, payments: number): () => Uint8Array {
  const hashes = messageHashes(scheme);
  const view = new DataView(frame.buffer);
  return () => {
    hashes.start();
    for (let i = 0; i < payments; i++) hashes.addPayment(view, i * messageBytes);
    return hashes.finish();
  };
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

function hashesByCrypto(frame: Uint8Array, payments: number): () => Buffer {
  const canonical = Buffer.alloc(136);
  canonical.set(canonicalHead('payment', scheme));
  const all = Buffer.alloc(payments * 32);
  return () => {
    for (let i = 0; i < payments; i++) {
      const at = i * messageBytes;
      const texts = at + paymentMessage.endToEndId;
      canonical.set(frame.subarray(at + paymentMessage.id, at + paymentMessage.id + 16), 16);
      canonical.set(sha256(frame.subarray(texts, texts + referenceBytes)), 72);
      canonical.set(sha256(frame.subarray(texts + referenceBytes, texts + referenceBytes + sealedBytes)), 104);
      all.set(sha256(canonical), i * 32);
    }
    return all;
  };
}

function cryptoRoot(hashes: Uint8Array, count: number): Buffer {
  let level = Array.from({ length: count }, (_, i) =>
    sha256(Buffer.from([0, ...hashes.subarray(i * 32, i * 32 + 32)])),
  );
  while (level.length > 1) {
    level = Array.from({ length: Math.ceil(level.length / 2) }, (_, i) => {
      const [left, right] = [level[2 * i]!, level[2 * i + 1]];
      return right ? sha256(Buffer.concat([Buffer.of(1), left, right])) : left;
    });
  }
  return level[0]!;
}
