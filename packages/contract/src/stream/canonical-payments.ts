/**
 * Hashes of the canonical bytes of many messages of a stream at once, straight from where the messages lie: the same
 * bytes as canonicalPayment and canonicalPaymentAnswer make (canonical.ts), of which the messages hold all but what the
 * scheme is.
 */
import { canonicalHead, type Scheme } from '../canonical.ts';
import { copyBytes } from '../copy-bytes.ts';
import { sha256Lanes } from '../merkle/sha256-lanes.ts';
import { answerMessage, paymentMessage } from './layout.ts';

export interface MessageHashes {
  /** How many messages have been added since `start`. */
  readonly count: number;
  /** Forgets what was added. */
  start(): void;
  /** Adds the payment message at `at`, which lies whole in `view`. */
  addPayment(view: DataView, at: number): void;
  /** Adds the answer message at `at`. */
  addAnswer(view: DataView, at: number): void;
  /** 32 bytes for each message in the order of adding; they stand until the next call of any of these. */
  finish(): Uint8Array;
}

const sizes = { payment: 136, answer: 80 } as const;
/** In the canonical bytes of a payment. */
const [endToEndIdHash, sealedHash] = [72, 104];
const digestSize = 32;
const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array) => new DataView(buffer, byteOffset, byteLength);

function doubled(list: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(list.length * 2);
  larger.set(list);
  return larger;
}

/** @throws {RangeError} if the scheme id is not 1 to 8 printable ASCII characters */
export function messageHashes(scheme: Scheme): MessageHashes {
  const heads = {
    payment: viewOf(canonicalHead('payment', scheme)),
    answer: viewOf(canonicalHead('paymentAnswer', scheme)),
  };
  const lanes = sha256Lanes();
  let memory = lanes.reserve(0);
  let view = viewOf(memory);
  let used = 0;
  /** Where each message's canonical bytes begin, and how many they are. */
  let places = new Uint32Array(1024);
  let lengths = new Uint32Array(1024);
  let count = 0;

  /** Room behind what is used. */
  function take(size: number): number {
    const at = used;
    used += size;
    if (used > memory.length) {
      memory = lanes.reserve(used);
      view = viewOf(memory);
    }
    return at;
  }

  /** Copies `size` bytes, a multiple of four. */
  function copy(from: DataView, source: number, target: number, size: number): void {
    for (let at = 0; at < size; at += 4) view.setUint32(target + at, from.getUint32(source + at));
  }

  /** Room for canonical bytes, with the head and the identifier that all layouts share. */
  function layOut(head: DataView, size: number, message: DataView, identifier: number): number {
    const place = take(size);
    if (count === places.length) {
      places = doubled(places);
      lengths = doubled(lengths);
    }
    places[count] = place;
    lengths[count] = size;
    count++;
    copy(head, 0, place, 16);
    copy(message, identifier, place + 16, 16);
    return place;
  }

  return {
    get count() {
      return count;
    },
    start() {
      lanes.finish();
      used = 0;
      count = 0;
    },
    addPayment(message, at) {
      const place = layOut(heads.payment, sizes.payment, message, at + paymentMessage.id);
      view.setUint8(place + 3, message.getUint8(at + paymentMessage.kind));
      copy(message, at + paymentMessage.instructed, place + 32, 4);
      view.setUint16(place + 36, message.getUint16(at + paymentMessage.currency));
      view.setUint16(place + 38, message.getUint8(at + paymentMessage.decimals) << 8);
      copy(message, at + paymentMessage.amount, place + 40, 16);
      copy(message, at + paymentMessage.reference, place + 56, 16);
      const referenceLength = message.getUint8(at + paymentMessage.referenceLength);
      const sealedLength = message.getUint16(at + paymentMessage.sealedLength);
      const start = at + paymentMessage.endToEndId;
      const texts = take(referenceLength + sealedLength);
      copyBytes(message, start, view, texts, referenceLength + sealedLength);
      lanes.add(texts, referenceLength, place + endToEndIdHash);
      if (sealedLength > 0) lanes.add(texts + referenceLength, sealedLength, place + sealedHash);
      else memory.fill(0, place + sealedHash, place + sealedHash + digestSize);
    },
    addAnswer(message, at) {
      const place = layOut(heads.answer, sizes.answer, message, at + answerMessage.id);
      view.setUint8(place + 3, message.getUint8(at + answerMessage.answer));
      view.setUint16(place + 4, message.getUint16(at + answerMessage.reason));
      copy(message, at + answerMessage.bank, place + 32, 4);
      view.setUint32(place + 36, 0);
      copy(message, at + answerMessage.answeredAt, place + 40, 8);
      copy(message, at + answerMessage.hash, place + 48, 32);
    },
    finish() {
      lanes.finish();
      const digests = take(count * digestSize);
      for (let index = 0; index < count; index++)
        lanes.add(places[index]!, lengths[index]!, digests + index * digestSize);
      lanes.finish();
      used = digests;
      return memory.subarray(digests, digests + count * digestSize);
    },
  };
}
