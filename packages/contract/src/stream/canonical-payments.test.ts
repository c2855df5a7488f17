import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type BankAnswer,
  bankAnswers,
  identifierToBytes,
  type PaymentKind,
  parseIdentifier,
  paymentKinds,
  type Reason,
  reasons,
} from '@clearway/core/vocabulary';
import fc from 'fast-check';
import { canonicalPayment, canonicalPaymentAnswer, type Scheme, type Unsigned } from '../canonical.ts';
import { currencies, currencyByNumeric } from '../currencies.ts';
import type { PaymentAnswer, PaymentRequest } from '../messages.ts';
import { formatAmount, largestAmount, parseAmount } from '../money.ts';
import { sha256 } from '../sha256.ts';
import { formatTime, parseTime } from '../time.ts';
import { messageHashes } from './canonical-payments.ts';
import { answerMessage, answerMessageBytes, paymentMessage, paymentMessageBytes } from './layout.ts';

const scheme: Scheme = { schemeId: 'SCHEME', environment: 'production' };
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const identifier = fc
  .array(fc.constantFrom(...'0123456789'), { minLength: 31, maxLength: 31 })
  .map((digits) => digits.join(''));
const code = fc.integer({ min: 0, max: 99_999 }).map((number) => String(number).padStart(5, '0'));
const time = fc.integer({ min: 0, max: Date.UTC(9999, 0, 1) }).map(formatTime);
const payment = fc
  .record({
    paymentId: identifier,
    kind: fc.constantFrom<PaymentKind>('agreementPayment', 'payout', 'refund'),
    instructedAgent: code,
    interbankSettlementAmount: fc
      .tuple(fc.integer({ min: 1, max: largestAmount }), fc.constantFrom(...currencies))
      .map(([minor, { numeric }]) => formatAmount(minor, numeric)),
    reference: identifier,
    endToEndId: fc.string({ minLength: 1, maxLength: 35 }),
    expiresAt: time,
    sealed: fc.option(fc.uint8Array({ minLength: 1, maxLength: 400 }), { nil: undefined }),
  })
  .map(
    ({ reference, sealed, ...fields }): Unsigned<PaymentRequest> => ({
      ...fields,
      ...(fields.kind === 'agreementPayment' && { agreementId: reference }),
      ...(fields.kind === 'refund' && { originalPaymentId: reference }),
      ...(sealed && { sealed: Buffer.from(sealed).toString('base64') }),
    }),
  );
const answer = fc
  .record({
    paymentId: identifier,
    bank: code,
    answer: fc.constantFrom(...(Object.keys(bankAnswers) as BankAnswer[])),
    failure: fc.constantFrom(...(Object.keys(reasons) as Reason[])),
    paymentHash: fc.uint8Array({ minLength: 32, maxLength: 32 }).map(hex),
    answeredAt: time,
  })
  .map(({ bank, failure, ...fields }): { bank: string; answer: Unsigned<PaymentAnswer> } => ({
    bank,
    answer: { ...fields, ...(fields.answer === 'failed' && { reason: failure }) },
  }));

/** Written with rubbish where the layout has nothing to say, which must not reach the hash. */
function paymentBytes(payment: Unsigned<PaymentRequest>): Uint8Array {
  const endToEndId = Buffer.from(payment.endToEndId);
  const sealed = Buffer.from(payment.sealed ?? '', 'base64');
  const bytes = new Uint8Array(Math.ceil((paymentMessageBytes + endToEndId.length + sealed.length) / 8) * 8).fill(0xee);
  const view = viewOf(bytes);
  const amount = parseAmount(payment.interbankSettlementAmount) as { minor: number; currency: number };
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

function answerBytes({ bank, answer }: { bank: string; answer: Unsigned<PaymentAnswer> }): Uint8Array {
  const bytes = new Uint8Array(answerMessageBytes).fill(0xee);
  const view = viewOf(bytes);
  view.setUint8(answerMessage.answer, bankAnswers[answer.answer]);
  view.setUint16(answerMessage.reason, answer.reason ? reasons[answer.reason].code : 0);
  view.setUint32(answerMessage.bank, Number(bank));
  bytes.set(identifierToBytes(parseIdentifier(answer.paymentId)!), answerMessage.id);
  view.setBigUint64(answerMessage.answeredAt, BigInt(parseTime(answer.answeredAt)!));
  bytes.set(Buffer.from(answer.paymentHash, 'hex'), answerMessage.hash);
  return bytes;
}

describe('hashes of stream messages', () => {
  const hashes = messageHashes(scheme);

  test('are those of the canonical bytes, however many and mixed', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(payment, answer), { maxLength: 40 }), (messages) => {
        hashes.start();
        const expected: string[] = [];
        for (const message of messages) {
          if ('bank' in message) {
            hashes.addAnswer(viewOf(answerBytes(message)), 0);
            expected.push(hex(sha256(canonicalPaymentAnswer(scheme, message.bank, message.answer))));
          } else {
            const bytes = paymentBytes(message);
            hashes.addPayment(bytes, viewOf(bytes), 0);
            expected.push(hex(sha256(canonicalPayment(scheme, message))));
          }
        }
        assert.equal(hashes.count, messages.length);
        const found = hashes.finish();
        assert.equal(found.length, messages.length * 32);
        assert.deepEqual(
          expected.map((_, index) => hex(found.subarray(index * 32, index * 32 + 32))),
          expected,
        );
      }),
      { numRuns: 300 },
    );
  });

  test('are taken from anywhere in a frame', () => {
    const messages = fc.sample(payment, { numRuns: 2000, seed: 1 });
    const frame = Buffer.concat(messages.map(paymentBytes));
    const view = viewOf(frame);
    hashes.start();
    let at = 0;
    for (const message of messages) {
      hashes.addPayment(frame, view, at);
      at += paymentBytes(message).length;
    }
    const found = hashes.finish();
    for (const [index, message] of messages.entries()) {
      const hash = hex(found.subarray(index * 32, index * 32 + 32));
      assert.equal(hash, hex(sha256(canonicalPayment(scheme, message))));
    }
  });

  test('go on after they were asked for', () => {
    const [first, second] = fc.sample(payment, { numRuns: 2, seed: 2 }).map(paymentBytes) as [Uint8Array, Uint8Array];
    hashes.start();
    hashes.addPayment(first, viewOf(first), 0);
    const alone = hex(hashes.finish());
    hashes.addPayment(second, viewOf(second), 0);
    assert.equal(hex(hashes.finish().subarray(0, 32)), alone);
    assert.equal(hashes.count, 2);
  });

  test('are of no scheme with an impossible name', () => {
    assert.throws(() => messageHashes({ ...scheme, schemeId: 'much too long' }), RangeError);
  });
});
