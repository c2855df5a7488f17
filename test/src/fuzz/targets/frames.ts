/**
 * The stream's frames, judged by a second reader that is written straight from docs/reference/stream.md and knows the
 * whole input at once: however the bytes are cut, both must find the same frames and stop at the same place.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  canonicalPayment,
  checkGoodbye,
  checkHello,
  checkWelcome,
  currencyByNumeric,
  FrameError,
  FrameReader,
  type FrameType,
  FrameWriter,
  frameTypes,
  largestFrame,
  messageBytes,
  messageHashes,
  paymentMessage,
  readAnswerMessage,
  readPaymentMessage,
  type Scheme,
  textOf,
} from '@clearway/contract';
import { realCrypto } from '@clearway/ports/real';
import { mutate } from '../mutate.ts';
import type { Random } from '../random.ts';
import type { Target } from '../target.ts';

const scheme: Scheme = { schemeId: 'FUZZ', environment: 'sandbox' };
const types = Object.keys(frameTypes) as FrameType[];
const hashes = messageHashes(scheme);

// What is generated.

function payment(random: Random): Buffer {
  const reference = random.chance(0.9)
    ? Buffer.from(`order-${random.digits(random.from(1, 20))}`)
    : random.bytes(random.from(1, 140));
  const sealed = random.bytes(random.chance(0.1) ? random.below(4097) : random.below(300));
  const message = Buffer.alloc((80 + reference.length + sealed.length + 7) & ~7);
  message.writeUInt16BE(message.length, 0);
  message[2] = reference.length;
  message[3] = 2;
  message.writeUInt16BE(sealed.length, 4);
  identifier(random).copy(message, 8);
  message[24] = random.from(1, 3);
  message.writeUInt16BE(156, 28);
  message.writeUInt32BE(201, 32);
  message.writeUInt32BE(random.below(1000), 36);
  message.writeUInt32BE(random.from(1, 1_000_000), 44);
  message.writeBigUInt64BE(1_795_000_000_000n, 48);
  message[63] = 1;
  if (message[24] !== 2) identifier(random).copy(message, 64);
  reference.copy(message, 80);
  sealed.copy(message, 80 + reference.length);
  if (random.chance(0.1)) lie(random, message);
  return message;
}

function identifier(random: Random): Buffer {
  const id = Buffer.alloc(16);
  id.writeUInt32BE(20_261_122, 0);
  id.writeUInt32BE(0x100_0000 + random.below(100_000), 4);
  id.writeUInt32BE(random.word(), 9);
  id[13] = 1;
  id[15] = 1;
  return id;
}

/** Sizes that do not add up. */
function lie(random: Random, message: Buffer): void {
  const size = message.readUInt16BE(0);
  const field = random.pick([0, 2, 4]);
  if (field === 2) message[2] += random.pick([1, 7, 8, 255]);
  else message.writeUInt16BE((message.readUInt16BE(field) + random.pick([1, 8, 65_528, 65_535, size])) & 0xffff, field);
}

function message(random: Random, type: FrameType): Buffer {
  if (type === 'payments') return payment(random);
  if (type === 'questions') {
    const isSigned = random.chance(0.3);
    const prefix = Buffer.from([random.from(1, 3), random.below(2), isSigned ? 1 : 0, 0, 0, 0, 0x13, 0x88]);
    return Buffer.concat([prefix, payment(random), random.bytes(isSigned ? 72 : 0)]);
  }
  const size = messageBytes[type] ?? 0;
  const bytes = random.chance(0.5) ? Buffer.alloc(size) : random.bytes(size);
  if (type === 'answers' && random.chance(0.5)) identifier(random).copy(bytes, 8);
  return bytes;
}

const texts = {
  hello: {
    versions: [1],
    schemeId: 'FUZZ',
    environment: 'sandbox',
    participants: ['00101', '00102'],
    window: 100,
    software: 'fuzz 1',
  },
  welcome: { version: 1, stream: 7, window: 100, uncoveredMs: 1000, uncoveredMessages: 100, now: 1_795_000_000_000 },
  goodbye: { reason: 'frameMalformed', detail: 'something was wrong', versions: [1] },
};

function generate(random: Random): Buffer {
  const writer = new FrameWriter();
  const frames: Buffer[] = [];
  for (let left = random.from(1, 6); left > 0; left--) {
    const type = random.pick(types);
    if (type === 'hello' || type === 'welcome' || type === 'goodbye') writer.text(type, texts[type]);
    else if (type === 'alive') writer.empty(type);
    else {
      for (let more = random.chance(0.02) ? 5000 : random.from(1, 8); more > 0; more--) {
        const bytes = more > 8 && messageBytes[type] ? Buffer.alloc(messageBytes[type]) : message(random, type);
        const at = writer.message(type, bytes.length);
        writer.bytes.set(bytes, at);
        if (more > 8 && writer.length > 200_000) break;
      }
    }
    frames.push(Buffer.from(writer.take()));
  }
  if (random.chance(0.1)) frames.sort(() => random.below(3) - 1);
  if (random.chance(0.05)) frames.push(random.pick(frames));
  const whole = Buffer.concat(frames);
  return random.chance(0.6) ? mutate(random, whole) : whole;
}

// How it must be read.

interface Expected {
  readonly type: number;
  readonly count: number;
  readonly payload: Buffer;
}

/** Frames up to the first fault, and whether there is one; a rest that is too short to judge is no fault. */
export function framesOf(bytes: Buffer): { frames: Expected[]; isFaulty: boolean } {
  const frames: Expected[] = [];
  let at = 0;
  while (bytes.length - at >= 4) {
    const length = bytes.readUInt32BE(at);
    if (length < 16 || length > 1_048_576 || length % 8 !== 0) return { frames, isFaulty: true };
    if (bytes.length - at < length) break;
    const frame = bytes.subarray(at, at + length);
    const [type, version, count] = [frame[4], frame[5], frame.readUInt16BE(6)];
    const isKnown = [1, 2, 3, 4, 5, 16, 17, 18, 19, 20, 21, 22, 23, 24].includes(type);
    const number = Number(frame.readBigUInt64BE(8));
    const inOrder = number === frames.length + 1 || (type === 3 && number > frames.length + 1);
    const payload = frame.subarray(16);
    if (version !== 1 || !isKnown || !inOrder || count > 4096 || !addsUp(type, count, payload))
      return { frames, isFaulty: true };
    frames.push({ type, count, payload });
    at += length;
  }
  return { frames, isFaulty: false };
}

const fixed: Readonly<Record<number, number>> = { 4: 8, 17: 64, 19: 80, 20: 24, 21: 128, 22: 24, 23: 16, 24: 56 };

function addsUp(type: number, count: number, payload: Buffer): boolean {
  if (type in fixed) return payload.length === count * fixed[type];
  if (type === 5) return payload.length === 0 && count === 0;
  if (type <= 3) return count === 1;
  let at = 0;
  for (let i = 0; i < count; i++) {
    const prefix = type === 18 ? 8 : 0;
    if (payload.length - at < prefix + 80) return false;
    const own = payload.subarray(at + prefix);
    const size = own.readUInt16BE(0);
    const content = 80 + own[2] + own.readUInt16BE(4);
    if (size > 8192 || size !== Math.ceil(content / 8) * 8) return false;
    at += prefix + size + (prefix && payload[at + 2] === 1 ? 72 : 0);
    if (at > payload.length) return false;
  }
  return at === payload.length;
}

function check(input: Buffer, random: Random): void {
  const expected = framesOf(input);
  const reader = new FrameReader();
  const found: Expected[] = [];
  let isFaulty = false;
  try {
    for (let at = 0; at < input.length; ) {
      const size = Math.min(input.length - at, random.pick([1, 3, 4, 7, 16, 100, 1448, 16_384, input.length]));
      reader.read(input.subarray(at, at + size), (frame) => {
        found.push({ type: frameTypes[frame.type], count: frame.count, payload: Buffer.from(frame.payload) });
        use(frame.type, Buffer.from(frame.payload), frame.count);
        if (frame.type === 'hello' || frame.type === 'welcome' || frame.type === 'goodbye') checkText(frame);
      });
      assert.ok(reader.held <= largestFrame, `${reader.held} bytes are held`);
      at += size;
    }
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    isFaulty = true;
  }
  const told = ({ frames, isFaulty }: ReturnType<typeof framesOf>) =>
    `${frames.map(({ type, count, payload }) => `${type}:${count}:${digestOf(payload)}`).join(' ')} faulty: ${isFaulty}`;
  assert.equal(told({ frames: found, isFaulty }), told(expected));
}

/** Short, so that a difference can be read. */
function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 8);
}

function checkText(frame: Parameters<typeof textOf>[0]): void {
  let text: unknown;
  try {
    text = textOf(frame);
  } catch (error) {
    // Only its sender is at fault; the frames themselves are still in order.
    if (error instanceof FrameError) return;
    throw error;
  }
  for (const checkOne of [checkHello, checkWelcome, checkGoodbye]) checkOne(text);
}

/** What is handed over can be read, hashed and told: everything that adds up, whatever it says. */
function use(type: FrameType, payload: Buffer, count: number): void {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  if (type === 'answers') {
    for (let i = 0; i < Math.min(count, 10); i++) ignoringRanges(() => readAnswerMessage(payload.subarray(i * 80)));
    return;
  }
  if (type !== 'payments') return;
  hashes.start();
  for (let i = 0, at = 0; i < Math.min(count, 20); i++) {
    hashes.addPayment(view, at);
    at += view.getUint16(at);
  }
  const digests = hashes.finish();
  for (let i = 0, at = 0; i < Math.min(count, 20); i++) {
    checkHash(payload.subarray(at), Buffer.from(digests.subarray(i * 32, i * 32 + 32)));
    at += view.getUint16(at);
  }
}

/** What reads as a payment of the HTTP rail has the same canonical bytes. */
function checkHash(bytes: Buffer, hash: Buffer): void {
  ignoringRanges(() => {
    const { payment: read } = readPaymentMessage(bytes);
    const isText = Buffer.from(read.endToEndId).equals(bytes.subarray(80, 80 + bytes[2]));
    const decimals = currencyByNumeric(bytes.readUInt16BE(paymentMessage.currency))?.decimals;
    const isBare = read.kind === 'payout' && bytes.subarray(64, 80).some((byte) => byte !== 0);
    if (!isText || decimals !== bytes[paymentMessage.decimals] || isBare) return;
    assert.ok(
      Buffer.from(realCrypto.sha256(canonicalPayment(scheme, read))).equals(hash),
      'another hash over the stream',
    );
  });
}

/** What does not make sense as a payment is refused with a RangeError, and nothing else. */
function ignoringRanges(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
}

export const frames: Target = { name: 'frames', generate, check };
