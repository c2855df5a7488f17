/**
 * The canonical bytes: what is signed end to end, the same in every dialect (docs/reference/canonical-bytes.md).
 *
 * Every layout begins alike; numbers are big-endian, unused bytes zero:
 * ```
 *  0 format       u8    1
 *  1 type         u8    one of canonicalTypes, so that no bytes can be taken for another message
 *  2 environment  u8    1 sandbox, 2 production
 *  3 word         u8    kind of the payment, or answer; else 0
 *  4 reason       u16   of a failed answer; else 0
 *  8 scheme       8     ASCII, zeros behind
 * 16 identifier   16    of the payment or agreement (core/identifier.ts)
 * 32 participant  u32   instructed bank, answering bank, or sender
 * ```
 * A layout never changes; a change is a new format. Messages must have passed their check (check.ts): what cannot be
 * laid out throws a RangeError.
 */
import {
  bankAnswers,
  identifierToBytes,
  parseIdentifier,
  paymentKinds,
  type Reason,
  reasons,
  signingAnswers,
} from '@clearway/core/vocabulary';
import { currencyByNumeric } from './currencies.ts';
import type {
  AgreementAnswer,
  AgreementConfirmation,
  AgreementRequest,
  AgreementRescission,
  Money,
  PaymentAnswer,
  PaymentRequest,
} from './messages.ts';
import { parseAmount } from './money.ts';
import { sha256 } from './sha256.ts';
import { parseDate, parseTime } from './time.ts';

export interface Scheme {
  /** 1 to 8 printable ASCII characters. */
  readonly schemeId: string;
  readonly environment: 'sandbox' | 'production';
}

export const canonicalTypes = {
  payment: 1,
  paymentAnswer: 2,
  agreement: 3,
  agreementConfirmation: 4,
  agreementRescission: 5,
  agreementAnswer: 6,
  checkpoint: 7,
} as const;

const format = 1;
const environments = { sandbox: 1, production: 2 } as const;
const at = { type: 1, environment: 2, word: 3, reason: 4, scheme: 8, identifier: 16, participant: 32 } as const;

/** The message without the signature that it is about to get. */
export type Unsigned<M> = Omit<M, 'signature'>;

/**
 * ```
 * 36 currency     u16   ISO 4217
 * 38 decimals     u8    of the currency
 * 40 amount       u64   minor units
 * 48 expiresAt    u64   ms since 1970
 * 56 reference    16    agreement of an agreement payment, original of a refund; else zeros
 * 72 endToEndId   32    SHA-256 of its UTF-8
 * 104 sealed      32    SHA-256 of the sealed bytes; zeros if there are none
 * ```
 */
export function canonicalPayment(scheme: Scheme, payment: Unsigned<PaymentRequest>): Uint8Array {
  const { bytes, view } = layOut(136, 'payment', scheme, payment.paymentId, payment.instructedAgent);
  view.setUint8(at.word, paymentKinds[payment.kind]);
  writeMoney(view, 36, payment.interbankSettlementAmount);
  view.setBigUint64(48, timeOf(payment.expiresAt));
  const reference = payment.agreementId ?? payment.originalPaymentId;
  if (reference !== undefined) bytes.set(identifierOf(reference), 56);
  bytes.set(sha256(payment.endToEndId), 72);
  if (payment.sealed !== undefined) bytes.set(sealedHash(payment.sealed), 104);
  return bytes;
}

/**
 * ```
 * 40 answeredAt   u64   ms since 1970
 * 48 payment      32    SHA-256 of the canonical payment
 * ```
 */
export function canonicalPaymentAnswer(scheme: Scheme, bank: string, answer: Unsigned<PaymentAnswer>): Uint8Array {
  const { bytes, view } = layOut(80, 'paymentAnswer', scheme, answer.paymentId, bank);
  view.setUint8(at.word, bankAnswers[answer.answer]);
  view.setUint16(at.reason, reasonCode(answer.reason));
  view.setBigUint64(40, timeOf(answer.answeredAt));
  bytes.set(hashOf(answer.paymentHash), 48);
  return bytes;
}

/**
 * ```
 * 36 currency     u16   ISO 4217
 * 38 decimals     u8    of the currency
 * 40 paymentLimit u64   minor units
 * 48 expiresAt    u64   ms since 1970
 * 56 expiresOn    u32   yyyymmdd
 * 64 sealed       32    SHA-256 of the sealed bytes
 * ```
 */
export function canonicalAgreement(scheme: Scheme, agreement: Unsigned<AgreementRequest>): Uint8Array {
  const { bytes, view } = layOut(96, 'agreement', scheme, agreement.agreementId, agreement.bank);
  writeMoney(view, 36, agreement.paymentLimit);
  view.setBigUint64(48, timeOf(agreement.expiresAt));
  view.setUint32(56, dateOf(agreement.expiresOn));
  bytes.set(sealedHash(agreement.sealed), 64);
  return bytes;
}

/**
 * ```
 * 40 expiresAt    u64   ms since 1970
 * 48 sealed       32    SHA-256 of the sealed bytes
 * ```
 */
export function canonicalConfirmation(
  scheme: Scheme,
  institution: string,
  confirmation: Unsigned<AgreementConfirmation>,
): Uint8Array {
  const { bytes, view } = layOut(80, 'agreementConfirmation', scheme, confirmation.agreementId, institution);
  view.setBigUint64(40, timeOf(confirmation.expiresAt));
  bytes.set(sealedHash(confirmation.sealed), 48);
  return bytes;
}

/**
 * ```
 * 40 expiresAt    u64   ms since 1970
 * ```
 */
export function canonicalRescission(scheme: Scheme, by: string, rescission: Unsigned<AgreementRescission>): Uint8Array {
  const { bytes, view } = layOut(48, 'agreementRescission', scheme, rescission.agreementId, by);
  view.setBigUint64(40, timeOf(rescission.expiresAt));
  return bytes;
}

/**
 * ```
 * 40 answeredAt   u64   ms since 1970
 * 48 subject      32    SHA-256 of the canonical agreement or confirmation
 * ```
 */
export function canonicalAgreementAnswer(scheme: Scheme, bank: string, answer: Unsigned<AgreementAnswer>): Uint8Array {
  const { bytes, view } = layOut(80, 'agreementAnswer', scheme, answer.agreementId, bank);
  view.setUint8(at.word, signingAnswers[answer.answer]);
  view.setUint16(at.reason, reasonCode(answer.reason));
  view.setBigUint64(40, timeOf(answer.answeredAt));
  bytes.set(hashOf(answer.subjectHash), 48);
  return bytes;
}

/** A signature over many messages of a stream at once (stream/layout.ts). */
export interface Checkpoint {
  /** Code of five digits: who signs, and who sent all of them. */
  readonly signer: string;
  readonly stream: number;
  /** Places in the signer's stream: from this one on, up to but without that one. */
  readonly from: number;
  readonly to: number;
  /** ms since 1970. */
  readonly signedAt: number;
  /** 32 bytes: root of the Merkle tree (RFC 6962) over the SHA-256 of the canonical bytes of each message. */
  readonly root: Uint8Array;
}

/**
 * In place of the identifier: stream u64, from u32, to u32. Then:
 * ```
 * 40 signedAt     u64   ms since 1970
 * 48 root         32    of the tree over the messages
 * ```
 */
export function canonicalCheckpoint(scheme: Scheme, checkpoint: Checkpoint): Uint8Array {
  const { bytes, view } = begin(80, 'checkpoint', scheme, checkpoint.signer);
  view.setBigUint64(at.identifier, BigInt(checkpoint.stream));
  view.setUint32(at.identifier + 8, checkpoint.from);
  view.setUint32(at.identifier + 12, checkpoint.to);
  view.setBigUint64(40, BigInt(checkpoint.signedAt));
  bytes.set(checkpoint.root, 48);
  return bytes;
}

function layOut(
  size: number,
  type: keyof typeof canonicalTypes,
  scheme: Scheme,
  identifier: string,
  participant: string,
): { bytes: Uint8Array; view: DataView } {
  const laid = begin(size, type, scheme, participant);
  laid.bytes.set(identifierOf(identifier), at.identifier);
  return laid;
}

function begin(
  size: number,
  type: keyof typeof canonicalTypes,
  scheme: Scheme,
  participant: string,
): { bytes: Uint8Array; view: DataView } {
  if (!/^[0-9]{5}$/.test(participant)) throw new RangeError(`'${participant}' is not the code of a participant`);
  const bytes = new Uint8Array(size);
  bytes.set(canonicalHead(type, scheme));
  const view = new DataView(bytes.buffer);
  view.setUint32(at.participant, Number(participant));
  return { bytes, view };
}

/** The first 16 bytes: the same in all messages of a type. Kind or answer, and reason, are still zero. */
export function canonicalHead(type: keyof typeof canonicalTypes, scheme: Scheme): Uint8Array {
  if (!/^[\x21-\x7e]{1,8}$/.test(scheme.schemeId)) throw new RangeError(`'${scheme.schemeId}' is not a scheme id`);
  const bytes = new Uint8Array(at.identifier);
  bytes[0] = format;
  bytes[at.type] = canonicalTypes[type];
  bytes[at.environment] = environments[scheme.environment];
  bytes.set(Buffer.from(scheme.schemeId, 'ascii'), at.scheme);
  return bytes;
}

function writeMoney(view: DataView, offset: number, money: Money): void {
  const amount = parseAmount(money);
  if ('reason' in amount) throw new RangeError(`${money.amount} ${money.currency}: ${amount.reason}`);
  view.setUint16(offset, amount.currency);
  view.setUint8(offset + 2, currencyByNumeric(amount.currency)!.decimals);
  view.setBigUint64(offset + 4, BigInt(amount.minor));
}

function identifierOf(text: string): Uint8Array {
  const identifier = parseIdentifier(text);
  if (!identifier) throw new RangeError(`'${text}' is not an identifier of 31 digits`);
  return identifierToBytes(identifier);
}

function timeOf(text: string): bigint {
  const ms = parseTime(text);
  if (ms === undefined) throw new RangeError(`'${text}' is not a time in UTC with milliseconds`);
  return BigInt(ms);
}

function dateOf(text: string): number {
  const date = parseDate(text);
  if (date === undefined) throw new RangeError(`'${text}' is not a date`);
  return date;
}

function hashOf(hex: string): Uint8Array {
  if (!/^[0-9a-f]{64}$/.test(hex)) throw new RangeError(`'${hex}' is not a SHA-256 hash in hex`);
  return Buffer.from(hex, 'hex');
}

function sealedHash(base64: string): Uint8Array {
  return sha256(Buffer.from(base64, 'base64'));
}

function reasonCode(reason: Reason | undefined): number {
  return reason === undefined ? 0 : reasons[reason].code;
}
