/** The vectors that other languages are checked with: this code reads what they say, and makes what they hold. */
import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import {
  canonicalCheckpoint,
  canonicalPayment,
  canonicalPaymentAnswer,
  type Scheme,
  type Unsigned,
} from '../canonical.ts';
import { checkGoodbye, checkHello, checkWelcome } from '../check.ts';
import { merkleRoot, proveInclusion, rootOfProof } from '../merkle/merkle-tree.ts';
import { sha256Lanes } from '../merkle/sha256-lanes.ts';
import type { PaymentRequest } from '../messages.ts';
import { sha256 } from '../sha256.ts';
import { messageHashes } from './canonical-payments.ts';
import { type Frame, FrameReader, FrameWriter, textOf } from './frame.ts';
import { type DescribedFrame, frameBytes } from './frames-for-tests.ts';
import { frameTypes, heldMessage, heldMessageBytes } from './layout.ts';
import { type ReadAnswer, readAnswerMessage, readPaymentMessage } from './read-message.ts';

interface Vectors {
  readonly publicKey: string;
  readonly scheme: Scheme;
  readonly frames: readonly (DescribedFrame & { readonly bytes: string })[];
  readonly paymentHashes: readonly string[];
  readonly answerHash: string;
  readonly merkle: {
    readonly root: string;
    readonly proofs: readonly {
      readonly hash: string;
      readonly index: number;
      readonly size: number;
      readonly path: string[];
    }[];
  };
  readonly checkpoint: SignedCheckpoint;
  /** Over what a `held` tells of a recalled stream. */
  readonly recalled: SignedCheckpoint;
}

interface SignedCheckpoint {
  readonly signer: string;
  readonly stream: number;
  readonly from: number;
  readonly to: number;
  readonly signedAt: number;
  readonly root: string;
  readonly bytes: string;
  readonly signature: string;
}

const file = new URL('../../vectors/stream.json', import.meta.url);
const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vectors;
const { scheme, merkle, checkpoint, recalled } = vectors;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const unhex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
const stream = Buffer.concat(vectors.frames.map(({ bytes }) => unhex(bytes)));

function readAll(): Frame[] {
  const frames: Frame[] = [];
  new FrameReader().read(stream, (frame) => frames.push(frame));
  return frames;
}

const described = (type: string) => vectors.frames.find((frame) => frame.type === type)!;

describe('the vectors of the stream', () => {
  test('have one frame of each type', () => {
    assert.deepEqual(vectors.frames.map(({ type }) => type).sort(), Object.keys(frameTypes).sort());
    assert.deepEqual(
      readAll().map(({ type, count }) => [type, count]),
      vectors.frames.map(({ type, text, messages }) => [type, text ? 1 : messages!.length]),
    );
  });

  for (const frame of vectors.frames) {
    test(`${frame.type}: the bytes say what the fields say`, () => assert.equal(hex(frameBytes(frame)), frame.bytes));
  }

  test('greetings pass their checks', () => {
    const texts = Object.fromEntries(
      readAll()
        .slice(0, 3)
        .map((frame) => [frame.type, textOf(frame)]),
    );
    assert.deepEqual(texts, {
      hello: described('hello').text,
      welcome: described('welcome').text,
      goodbye: described('goodbye').text,
    });
    assert.equal(checkHello(texts.hello).ok, true);
    assert.equal(checkWelcome(texts.welcome).ok, true);
    assert.equal(checkGoodbye(texts.goodbye).ok, true);
  });

  test('the writer makes the same greetings', () => {
    const writer = new FrameWriter();
    for (const type of ['hello', 'welcome', 'goodbye'] as const) writer.text(type, described(type).text);
    assert.equal(hex(writer.take()), hex(stream.subarray(0, lengthOf(3))));
  });

  test('payments read as they were meant, and have their hashes', () => {
    const { payload, view } = readAll().find(({ type }) => type === 'payments')!;
    const hashes = messageHashes(scheme);
    hashes.start();
    let at = 0;
    for (const [index, { payment, stream, position }] of described('payments').messages!.entries()) {
      const read = readPaymentMessage(payload.subarray(at));
      assert.deepEqual([read.payment, read.stream, read.position], [payment, stream, position]);
      const canonical = canonicalPayment(scheme, payment as Unsigned<PaymentRequest>);
      assert.equal(hex(sha256(canonical)), vectors.paymentHashes[index]);
      hashes.addPayment(view, at);
      at += view.getUint16(at);
    }
    assert.equal(hex(hashes.finish()), vectors.paymentHashes.join(''));
  });

  test('the answer reads as it was meant, and has its hash', () => {
    const { payload } = readAll().find(({ type }) => type === 'answers')!;
    const { signer, answer } = readAnswerMessage(payload);
    const meant = described('answers').messages![0] as unknown as ReadAnswer & { bank: string };
    assert.deepEqual([signer, answer], [meant.bank, meant.answer]);
    assert.equal(hex(sha256(canonicalPaymentAnswer(scheme, signer, answer))), vectors.answerHash);
  });

  test('the Merkle tree has its root, by lanes and by plain hashing, and each proof leads to it', () => {
    const [a, b, c] = vectors.paymentHashes.map((hash) => hashed([0], unhex(hash)));
    assert.equal(hex(hashed([1], hashed([1], a, b), c)), merkle.root);
    const leaves = unhex(vectors.paymentHashes.join(''));
    const lanes = sha256Lanes();
    assert.equal(hex(merkleRoot(lanes, leaves, 3)), merkle.root);
    for (const { hash, index, size, path } of merkle.proofs) {
      assert.deepEqual(proveInclusion(lanes, leaves, 3, index).path.map(hex), path);
      assert.equal(hex(rootOfProof(unhex(hash), { index, size, path: path.map(unhex) })!), merkle.root);
    }
  });

  test('the checkpoint signs the root', () => {
    const canonical = canonicalCheckpoint(scheme, { ...checkpoint, root: unhex(checkpoint.root) });
    assert.equal(hex(canonical), checkpoint.bytes);
    assert.equal(checkpoint.root, merkle.root);
    assert.ok(verify(null, canonical, createPublicKey(vectors.publicKey), unhex(checkpoint.signature)));
  });

  test('the checkpoint of a recalled stream signs what is held, and zeros for what is not', () => {
    const { view, payload, count } = readAll().find(({ type }) => type === 'held')!;
    const leaves = new Uint8Array(count * 32);
    for (let i = 0; i < count; i++) {
      const at = i * heldMessageBytes;
      assert.equal(view.getUint32(at + heldMessage.position), recalled.from + i);
      const isKnown = view.getUint8(at + heldMessage.known) === 1;
      if (isKnown) leaves.set(payload.subarray(at + heldMessage.hash, at + heldMessageBytes), i * 32);
    }
    assert.equal(recalled.to - recalled.from, count);
    assert.equal(hex(merkleRoot(sha256Lanes(), leaves, count)), recalled.root);
    const canonical = canonicalCheckpoint(scheme, { ...recalled, root: unhex(recalled.root) });
    assert.equal(hex(canonical), recalled.bytes);
    assert.ok(verify(null, canonical, createPublicKey(vectors.publicKey), unhex(recalled.signature)));
  });
});

/** Bytes of the first frames. */
function lengthOf(count: number): number {
  return vectors.frames.slice(0, count).reduce((sum, { bytes }) => sum + bytes.length / 2, 0);
}

function hashed(prefix: number[], ...parts: Uint8Array[]): Uint8Array {
  return createHash('sha256')
    .update(Buffer.concat([Buffer.from(prefix), ...parts]))
    .digest();
}
