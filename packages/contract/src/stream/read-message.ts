/** Messages of the stream as plain objects, with the words of the HTTP rail: for evidence and for people. */
import {
  type BankAnswer,
  bankAnswers,
  identifierFromBytes,
  identifierText,
  type PaymentKind,
  paymentKinds,
  reasonOf,
} from '@clearway/core/vocabulary';
import type { Unsigned } from '../canonical.ts';
import type { PaymentAnswer, PaymentRequest } from '../messages.ts';
import { formatAmount } from '../money.ts';
import { formatTime } from '../time.ts';
import { answerMessage, answerMessageBytes, paymentMessage, paymentMessageBytes } from './layout.ts';

/** Where a message stands in what its signer has sent. */
export interface StreamPlace {
  /** Code of five digits. */
  readonly signer: string;
  readonly stream: number;
  readonly position: number;
}

export interface ReadPayment extends StreamPlace {
  readonly payment: Unsigned<PaymentRequest>;
}

export interface ReadAnswer extends StreamPlace {
  readonly answer: Unsigned<PaymentAnswer>;
}

/** @throws {RangeError} if the bytes are not a payment message */
export function readPaymentMessage(bytes: Uint8Array): ReadPayment {
  const view = viewOf(bytes, paymentMessageBytes, 'payment');
  const at = paymentMessage;
  const texts = at.endToEndId + view.getUint8(at.referenceLength);
  const end = texts + view.getUint16(at.sealedLength);
  if (end > bytes.length) throw new RangeError(`A payment message of ${bytes.length} bytes has no ${end}`);
  const paymentId = identifierAt(bytes, at.id);
  const kind = wordOf<PaymentKind>(paymentKinds, view.getUint8(at.kind));
  const reference = identifierAt(bytes, at.reference);
  const sealed = bytes.subarray(texts, end);
  return {
    signer: paymentId.slice(9, 14),
    stream: Number(view.getBigUint64(at.stream)),
    position: view.getUint32(at.position),
    payment: {
      paymentId,
      kind,
      instructedAgent: codeOf(view.getUint32(at.instructed)),
      interbankSettlementAmount: formatAmount(view.getBigUint64(at.amount), view.getUint16(at.currency)),
      ...(kind === 'agreementPayment' && { agreementId: reference }),
      ...(kind === 'refund' && { originalPaymentId: reference }),
      endToEndId: Buffer.from(bytes.subarray(at.endToEndId, texts)).toString('utf8'),
      expiresAt: formatTime(Number(view.getBigUint64(at.expiresAt))),
      ...(sealed.length > 0 && { sealed: Buffer.from(sealed).toString('base64') }),
    },
  };
}

/** @throws {RangeError} if the bytes are not an answer message */
export function readAnswerMessage(bytes: Uint8Array): ReadAnswer {
  const view = viewOf(bytes, answerMessageBytes, 'answer');
  const at = answerMessage;
  const reason = reasonOf(view.getUint16(at.reason));
  if (reason === undefined) throw new RangeError(`No reason has code ${view.getUint16(at.reason)}`);
  return {
    signer: codeOf(view.getUint32(at.bank)),
    stream: Number(view.getBigUint64(at.stream)),
    position: view.getUint32(at.position),
    answer: {
      paymentId: identifierAt(bytes, at.id),
      paymentHash: Buffer.from(bytes.subarray(at.hash, at.hash + 32)).toString('hex'),
      answer: wordOf<BankAnswer>(bankAnswers, view.getUint8(at.answer)),
      ...(reason !== 'none' && { reason }),
      answeredAt: formatTime(Number(view.getBigUint64(at.answeredAt))),
    },
  };
}

function viewOf(bytes: Uint8Array, least: number, what: string): DataView {
  if (bytes.length < least) throw new RangeError(`${bytes.length} bytes are less than a message with a ${what} has`);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function identifierAt(bytes: Uint8Array, at: number): string {
  return identifierText(identifierFromBytes(bytes.subarray(at, at + 16)));
}

function codeOf(number: number): string {
  return String(number).padStart(5, '0');
}

function wordOf<W extends string>(words: Record<W, number>, number: number): W {
  const found = (Object.keys(words) as W[]).find((word) => words[word] === number);
  if (found === undefined) throw new RangeError(`${number} is none of ${Object.keys(words).join(', ')}`);
  return found;
}
