/** Stream messages that tests start from. */
import { bankAnswers, identifierToBytes, parseIdentifier, paymentKinds, reasons } from '@clearway/core/vocabulary';
import type { Unsigned } from '../canonical.ts';
import { currencyByNumeric } from '../currencies.ts';
import type { PaymentAnswer, PaymentRequest } from '../messages.ts';
import { parseAmount } from '../money.ts';
import { parseTime } from '../time.ts';
import { answerMessage, answerMessageBytes, paymentMessage, paymentMessageBytes } from './layout.ts';

const nowhere = { stream: 0, position: 0 };
export const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** `unused`: what stands where the layout has nothing to say, which must not reach the hash; zero on the wire. */
export function paymentBytes(payment: Unsigned<PaymentRequest>, place = nowhere, unused = 0xee): Uint8Array {
  const endToEndId = Buffer.from(payment.endToEndId);
  const sealed = Buffer.from(payment.sealed ?? '', 'base64');
  const bytes = new Uint8Array(Math.ceil((paymentMessageBytes + endToEndId.length + sealed.length) / 8) * 8).fill(
    unused,
  );
  const view = viewOf(bytes);
  const amount = parseAmount(payment.interbankSettlementAmount) as { minor: number; currency: number };
  view.setUint16(paymentMessage.size, bytes.length);
  view.setBigUint64(paymentMessage.stream, BigInt(place.stream));
  view.setUint32(paymentMessage.position, place.position);
  view.setUint8(paymentMessage.referenceLength, endToEndId.length);
  view.setUint8(paymentMessage.decimals, currencyByNumeric(amount.currency)!.decimals);
  view.setUint16(paymentMessage.sealedLength, sealed.length);
  bytes.set(identifierToBytes(parseIdentifier(payment.paymentId)!), paymentMessage.id);
  view.setUint8(paymentMessage.kind, paymentKinds[payment.kind]);
  view.setUint16(paymentMessage.currency, amount.currency);
  view.setUint32(paymentMessage.instructed, Number(payment.instructedAgent));
  view.setBigUint64(paymentMessage.amount, BigInt(amount.minor));
  view.setBigUint64(paymentMessage.expiresAt, BigInt(parseTime(payment.expiresAt)!));
  const reference = payment.agreementId ?? payment.originalPaymentId;
  bytes.fill(0, paymentMessage.reference, paymentMessage.reference + 16);
  if (reference) bytes.set(identifierToBytes(parseIdentifier(reference)!), paymentMessage.reference);
  bytes.set(endToEndId, paymentMessage.endToEndId);
  bytes.set(sealed, paymentMessage.endToEndId + endToEndId.length);
  return bytes;
}

export function answerBytes(bank: string, answer: Unsigned<PaymentAnswer>, place = nowhere, unused = 0xee): Uint8Array {
  const bytes = new Uint8Array(answerMessageBytes).fill(unused);
  const view = viewOf(bytes);
  view.setBigUint64(answerMessage.stream, BigInt(place.stream));
  view.setUint32(answerMessage.position, place.position);
  view.setUint8(answerMessage.answer, bankAnswers[answer.answer]);
  view.setUint16(answerMessage.reason, answer.reason ? reasons[answer.reason].code : 0);
  view.setUint32(answerMessage.bank, Number(bank));
  bytes.set(identifierToBytes(parseIdentifier(answer.paymentId)!), answerMessage.id);
  view.setBigUint64(answerMessage.answeredAt, BigInt(parseTime(answer.answeredAt)!));
  bytes.set(Buffer.from(answer.paymentHash, 'hex'), answerMessage.hash);
  return bytes;
}
