/** Payments, questions and answers in their fixed layouts, from and to what programs work with. */
import { answerMessage, paymentMessage, paymentMessageBytes } from '@clearway/contract';

/** A payment to be sent. To be filled in anew for each one: it is read, not kept. */
export interface StreamPayment {
  /** Number of the signer in its client, who is the instructing participant. */
  signer: number;
  /** 16 bytes of the identifier, from `idAt` on. */
  id: Uint8Array;
  idAt: number;
  /** 1 agreement payment, 2 payout, 3 refund. */
  kind: number;
  /** ISO 4217 numeric. */
  currency: number;
  /** Places of the currency's minor unit. */
  decimals: number;
  /** Code of the instructed bank. */
  instructed: number;
  /** Minor units. */
  amount: number;
  /** ms since 1970. */
  expiresAt: number;
  /** 16 bytes: agreement, or original of a refund; undefined in a payout. */
  reference: Uint8Array | undefined;
  /** 1 to 140 bytes of UTF-8. */
  endToEndId: Uint8Array;
  /** 0 to 4096 bytes. */
  sealed: Uint8Array;
}

export function sizeOfPayment(payment: StreamPayment): number {
  return (paymentMessageBytes + payment.endToEndId.length + payment.sealed.length + 7) & ~7;
}

/** Everything but place and stream. */
export function writePayment(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  size: number,
  payment: StreamPayment,
): void {
  const { id, idAt, endToEndId, sealed, reference } = payment;
  // What is unused is zero: the padding, and the rest of the words that are half used.
  view.setUint32(at + size - 8, 0);
  view.setUint32(at + size - 4, 0);
  view.setUint32(at + paymentMessage.size, (size << 16) | (endToEndId.length << 8) | payment.decimals);
  view.setUint32(at + paymentMessage.sealedLength, sealed.length << 16);
  copyShort(bytes, at + paymentMessage.id, id, idAt, 16);
  view.setUint32(at + paymentMessage.kind, payment.kind << 24);
  view.setUint32(at + paymentMessage.currency, payment.currency << 16);
  view.setUint32(at + paymentMessage.instructed, payment.instructed);
  writeUint64(view, at + paymentMessage.amount, payment.amount);
  writeUint64(view, at + paymentMessage.expiresAt, payment.expiresAt);
  if (reference === undefined) for (let i = 0; i < 16; i += 4) view.setUint32(at + paymentMessage.reference + i, 0);
  else copyShort(bytes, at + paymentMessage.reference, reference, 0, 16);
  copyShort(bytes, at + paymentMessage.endToEndId, endToEndId, 0, endToEndId.length);
  if (sealed.length > 0) bytes.set(sealed, at + paymentMessage.endToEndId + endToEndId.length);
}

/** Where the message stands among all that its signer sent on the stream. */
export function placePayment(view: DataView, at: number, stream: number, position: number): void {
  view.setUint32(at + paymentMessage.position, position);
  writeUint64(view, at + paymentMessage.stream, stream);
}

/** A bank's answer to be sent; read, not kept. */
export interface StreamAnswer {
  /** Number of the signer in its client: the bank. */
  signer: number;
  /** 16 bytes of the identifier, from `idAt` on. */
  id: Uint8Array;
  idAt: number;
  /** 1 succeeded, 2 failed, 3 not known yet, 4 never processed, 5 reversed, 6 blocked. */
  answer: number;
  /** Code of the reason of a failed answer, else 0. */
  reason: number;
  /** ms since 1970. */
  answeredAt: number;
  /** 32 bytes of the payment's canonical hash, from `hashAt` on. */
  hash: Uint8Array;
  hashAt: number;
  /** The link that the question came on, or 0 for any. */
  link: number;
}

export function writeAnswer(bytes: Uint8Array, view: DataView, at: number, bank: number, answer: StreamAnswer): void {
  view.setUint8(at + answerMessage.answer, answer.answer);
  view.setUint16(at + answerMessage.reason, answer.reason);
  view.setUint32(at + answerMessage.bank, bank);
  copyShort(bytes, at + answerMessage.id, answer.id, answer.idAt, 16);
  writeUint64(view, at + answerMessage.answeredAt, answer.answeredAt);
  copyShort(bytes, at + answerMessage.hash, answer.hash, answer.hashAt, 32);
}

export function placeAnswer(view: DataView, at: number, stream: number, position: number): void {
  view.setUint32(at + answerMessage.position, position);
  writeUint64(view, at + answerMessage.stream, stream);
}

/** Integers to 2^53. */
export function writeUint64(view: DataView, at: number, value: number): void {
  view.setUint32(at, Math.floor(value / 0x1_0000_0000));
  view.setUint32(at + 4, value >>> 0);
}

export function readUint64(view: DataView, at: number): number {
  return view.getUint32(at) * 0x1_0000_0000 + view.getUint32(at + 4);
}

/** Faster than `set` for a few bytes, since it makes no view. */
function copyShort(target: Uint8Array, at: number, from: Uint8Array, start: number, length: number): void {
  for (let i = 0; i < length; i++) target[at + i] = from[start + i];
}
