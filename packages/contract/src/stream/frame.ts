/** Cutting a link's bytes into frames and putting frames together. Works in place; no object per message. */
import {
  type FrameType,
  frameHead,
  frameHeadBytes,
  frameTypes,
  frameVersion,
  largestCount,
  largestFrame,
  largestMessage,
  messageBytes,
  paymentMessage,
  paymentMessageBytes,
  questionPrefix,
  questionPrefixBytes,
  signatureTrailerBytes,
} from './layout.ts';
import { Slabs } from './slabs.ts';

/** The peer broke the protocol: the link ends, others are not touched. `reason` goes into the goodbye. */
export class FrameError extends Error {
  override name = 'FrameError';
  readonly reason: 'frameMalformed' | 'frameOutOfOrder' | 'streamVersionUnsupported';
  constructor(reason: FrameError['reason'], detail: string) {
    super(detail);
    this.reason = reason;
  }
}

const names: FrameType[] = [];
for (const [name, number] of Object.entries(frameTypes)) names[number] = name as FrameType;

/** One frame; valid only during the call that hands it over. */
export interface Frame {
  readonly type: FrameType;
  readonly count: number;
  /** Without the head. */
  readonly payload: Uint8Array;
  readonly view: DataView;
}

const none = new Uint8Array(0);

/** Memory for frames that come in parts, of all readers: it is used again. */
const spare: Uint8Array<ArrayBuffer>[] = [];
const mostSpare = 32;

/**
 * Takes a link's bytes as they come, and hands over whole frames in order. A frame that lies whole in one chunk is not
 * copied. At most one frame is kept waiting for its rest.
 */
export class FrameReader {
  private kept = none;
  private length = 0;
  private expected = 1;

  /** Bytes of memory for a frame whose rest has not come; at most one frame. */
  get held(): number {
    return this.kept.length;
  }

  /** @throws FrameError and leaves the link unusable */
  read(chunk: Uint8Array, take: (frame: Frame) => void): void {
    let at = 0;
    if (this.length > 0) {
      at = this.complete(chunk, take);
      if (this.length > 0) return;
    }
    for (;;) {
      const left = chunk.length - at;
      if (left < 4) break;
      const length = lengthOf(chunk, at);
      if (left < length) break;
      this.hand(chunk.subarray(at, at + length), take);
      at += length;
    }
    if (at < chunk.length) this.keep(chunk.subarray(at));
  }

  /** Fills up the frame that is waiting; gives how much of the chunk that took. */
  private complete(chunk: Uint8Array, take: (frame: Frame) => void): number {
    let at = 0;
    if (this.length < 4) {
      at = Math.min(4 - this.length, chunk.length);
      this.keep(chunk.subarray(0, at));
      if (this.length < 4) return at;
    }
    const wanted = lengthOf(this.kept, 0) - this.length;
    const given = Math.min(wanted, chunk.length - at);
    this.keep(chunk.subarray(at, at + given));
    if (given < wanted) return at + given;
    const { kept } = this;
    const frame = kept.subarray(0, this.length);
    this.kept = none;
    this.length = 0;
    this.hand(frame, take);
    if (Slabs.overwrites) frame.fill(0xdb);
    if (spare.length < mostSpare) spare.push(kept);
    return at + given;
  }

  private keep(bytes: Uint8Array): void {
    const needed = this.length + bytes.length;
    if (needed > this.kept.length) {
      const whole =
        needed >= 4 ? lengthOf(this.length >= 4 ? this.kept : joined(this.kept, this.length, bytes), 0) : 64;
      const grown = memoryFor(Math.max(needed, whole));
      grown.set(this.kept.subarray(0, this.length));
      this.kept = grown;
    }
    this.kept.set(bytes, this.length);
    this.length = needed;
  }

  private hand(bytes: Uint8Array, take: (frame: Frame) => void): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const version = view.getUint8(frameHead.version);
    if (version !== frameVersion)
      throw new FrameError('streamVersionUnsupported', `frame of version ${version}; this end speaks ${frameVersion}`);
    const type = names[view.getUint8(frameHead.type)];
    if (type === undefined)
      throw new FrameError('frameMalformed', `no frame has type ${view.getUint8(frameHead.type)}`);
    const number = view.getUint32(frameHead.number) * 0x1_0000_0000 + view.getUint32(frameHead.number + 4);
    // What waited for its journal when the link ended is never sent: a goodbye may leave a gap before it.
    const goodbye = type === 'goodbye' && number > this.expected;
    if (number !== this.expected && !goodbye)
      throw new FrameError('frameOutOfOrder', `frame ${number} came where ${this.expected} was due`);
    this.expected++;
    const count = view.getUint16(frameHead.count);
    // Never a Buffer, as a socket's chunks are: the slice of one is a view and no copy.
    const payload = new Uint8Array(bytes.buffer, bytes.byteOffset + frameHeadBytes, bytes.length - frameHeadBytes);
    const inner = new DataView(bytes.buffer, bytes.byteOffset + frameHeadBytes, payload.length);
    checkMessages(type, count, inner);
    take({ type, count, payload, view: inner });
  }
}

function memoryFor(size: number): Uint8Array<ArrayBuffer> {
  const last = spare.pop();
  // One that is too small gives way to what is needed.
  return last !== undefined && last.length >= size ? last : new Uint8Array(size);
}

function joined(kept: Uint8Array, length: number, bytes: Uint8Array): Uint8Array {
  const four = new Uint8Array(4);
  four.set(kept.subarray(0, Math.min(length, 4)));
  four.set(bytes.subarray(0, 4 - length), length);
  return four;
}

function lengthOf(bytes: Uint8Array, at: number): number {
  const length = ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
  if (length < frameHeadBytes || length > largestFrame || length % 8 !== 0)
    throw new FrameError('frameMalformed', `a frame has ${frameHeadBytes} to ${largestFrame} bytes, not ${length}`);
  return length;
}

/** Whether the messages fill the frame exactly: a peer that lies about counts or sizes is found here. */
function checkMessages(type: FrameType, count: number, view: DataView): void {
  if (count > largestCount) throw new FrameError('frameMalformed', `a frame holds at most ${largestCount} messages`);
  if (type === 'hello' || type === 'welcome' || type === 'goodbye') {
    if (count !== 1) throw new FrameError('frameMalformed', `a ${type} holds one text, not ${count}`);
    return;
  }
  if (type === 'alive') {
    if (count + view.byteLength > 0) throw new FrameError('frameMalformed', 'an alive says nothing more');
    return;
  }
  const size = messageBytes[type];
  if (size !== undefined) {
    if (view.byteLength !== size * count)
      throw new FrameError('frameMalformed', `${count} ${type} have ${size * count} bytes, not ${view.byteLength}`);
    return;
  }
  if (type !== 'payments' && type !== 'questions') return;
  let at = 0;
  for (let i = 0; i < count; i++) at += sizeOfMessage(type, view, at);
  if (at !== view.byteLength)
    throw new FrameError('frameMalformed', `${count} ${type} have ${at} bytes, the frame ${view.byteLength}`);
}

/** Size of the payment or question that begins at `at`, checked to lie whole in the frame. @throws FrameError */
export function sizeOfMessage(type: 'payments' | 'questions', view: DataView, at: number): number {
  const before = type === 'questions' ? questionPrefixBytes : 0;
  const start = at + before;
  if (start + paymentMessageBytes > view.byteLength)
    throw new FrameError('frameMalformed', `a payment begins ${view.byteLength - start} bytes before the end`);
  const size = view.getUint16(start + paymentMessage.size);
  const content =
    paymentMessageBytes +
    view.getUint8(start + paymentMessage.referenceLength) +
    view.getUint16(start + paymentMessage.sealedLength);
  const trailer = before > 0 && view.getUint8(at + questionPrefix.signed) === 1 ? signatureTrailerBytes : 0;
  if (
    size % 8 !== 0 ||
    size > largestMessage ||
    content > size ||
    size - content > 7 ||
    start + size + trailer > view.byteLength
  )
    throw new FrameError('frameMalformed', `a payment of ${content} bytes says that it has ${size}`);
  return before + size + trailer;
}

/** As little is handed out as a copy, rather than with the buffer that it is in. */
const fewBytes = 512;
/** Of a buffer that frames are put together in. */
const leastBytes = 4096;

/**
 * Puts frames together in one growing buffer: reserve room for a message, write it there. Buffers are used again when
 * what was taken from them has been given back.
 */
export class FrameWriter {
  bytes: Uint8Array<ArrayBuffer> = none;
  view = new DataView(this.bytes.buffer);
  private readonly isShared: boolean;
  private readonly slabs = new Slabs();
  /** What was taken already lies before `from`, what was put together since before `to`. */
  private from = 0;
  private to = 0;
  private start = -1;
  private type = 0;
  private count = 0;
  private number = 0;

  /**
   * @param isShared pieces that are taken lie one behind the other in buffers that they share; an offset then holds only
   *   until the next message
   */
  constructor(isShared = false) {
    this.isShared = isShared;
  }

  /** Bytes put together since the last were taken. */
  get length(): number {
    return this.to - this.from;
  }

  /** Frames closed so far; the number of the last one. */
  get frames(): number {
    return this.number;
  }

  /** Room for one message of `size` bytes, all zero, in a frame of this type; gives its offset in `bytes`. */
  message(type: FrameType, size: number): number {
    const number = frameTypes[type];
    if (this.start >= 0) {
      const full = this.count === largestCount || this.to - this.start + size > largestFrame;
      if (this.type !== number || full) this.end();
    }
    if (this.start < 0) this.begin(number);
    this.grow(size);
    const at = this.to;
    this.to += size;
    // The buffer is not zeroed when it is made: what lay there before must never leave.
    this.bytes.fill(0, at, this.to);
    this.count++;
    return at;
  }

  /** A frame of one JSON text. */
  text(type: 'hello' | 'welcome' | 'goodbye', content: unknown): void {
    this.end();
    const json = new TextEncoder().encode(JSON.stringify(content));
    const size = Math.ceil(json.length / 8) * 8;
    const at = this.message(type, size);
    this.bytes.fill(0x20, at, at + size);
    this.bytes.set(json, at);
    this.end();
  }

  /** A frame without messages. */
  empty(type: 'alive'): void {
    this.end();
    this.begin(frameTypes[type]);
    this.end();
  }

  /** Closes the frame that is open, if any. */
  end(): void {
    if (this.start < 0) return;
    const { view, start } = this;
    this.number++;
    view.setUint32(start + frameHead.length, this.to - start);
    view.setUint8(start + frameHead.type, this.type);
    view.setUint8(start + frameHead.version, frameVersion);
    view.setUint16(start + frameHead.count, this.count);
    view.setUint32(start + frameHead.number, Math.floor(this.number / 0x1_0000_0000));
    view.setUint32(start + frameHead.number + 4, this.number % 0x1_0000_0000);
    this.start = -1;
  }

  /** What has been put together so far, in whole frames; the writer goes on with a buffer of its own. */
  take(): Uint8Array {
    this.end();
    const bytes = this.bytes.subarray(this.from, this.to);
    if (!this.isShared && bytes.length <= fewBytes) {
      this.to = this.from;
      return bytes.slice();
    }
    this.slabs.lend();
    if (this.isShared && this.bytes.length - this.to >= bytes.length) this.from = this.to;
    else this.renew(Math.max(leastBytes, Math.min(bytes.length * (this.isShared ? 8 : 1.25), 1 << 18)));
    return bytes;
  }

  /** What was taken has left: its bytes may be written over. */
  giveBack(taken: Uint8Array): void {
    this.slabs.giveBack(taken);
  }

  private begin(type: number): void {
    if (this.from === this.to && this.slabs.isWhole) {
      this.from = 0;
      this.to = 0;
    }
    this.grow(frameHeadBytes);
    this.view.setUint32(this.to + frameHead.type, 0);
    this.start = this.to;
    this.type = type;
    this.count = 0;
    this.to += frameHeadBytes;
  }

  private grow(size: number): void {
    if (this.to + size <= this.bytes.length) return;
    const { length, start, from } = this;
    const kept = this.bytes.subarray(from, this.to);
    this.renew(Math.max(leastBytes, from > 0 ? this.bytes.length : 2 * this.bytes.length, 2 * (length + size)));
    this.bytes.set(kept);
    this.to = length;
    if (start >= 0) this.start = start - from;
  }

  /** A buffer that is not zeroed: {@link FrameWriter.message} and the frame's head see to every byte. */
  private renew(size: number): void {
    const buffer = this.slabs.next(Math.ceil(size));
    this.from = 0;
    this.to = 0;
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
  }
}

/** The JSON text of a hello, welcome or goodbye. @throws FrameError */
export function textOf(frame: Frame): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(frame.payload));
  } catch {
    throw new FrameError('frameMalformed', `the ${frame.type} is not JSON in UTF-8`);
  }
}
