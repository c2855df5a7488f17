import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type BankAnswer, bankAnswers, type PaymentKind, type Reason, reasons } from '@clearway/core/vocabulary';
import fc from 'fast-check';
import { canonicalPayment, canonicalPaymentAnswer, type Scheme, type Unsigned } from '../canonical.ts';
import { currencies } from '../currencies.ts';
import type { PaymentAnswer, PaymentRequest } from '../messages.ts';
import { formatAmount, largestAmount } from '../money.ts';
import { sha256 } from '../sha256.ts';
import { formatTime } from '../time.ts';
import { messageHashes } from './canonical-payments.ts';
import { readAnswerMessage, readPaymentMessage } from './read-message.ts';
import { answerBytes, paymentBytes, viewOf } from './samples-for-tests.ts';

const scheme: Scheme = { schemeId: 'SCHEME', environment: 'production' };
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

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
    failure: fc.constantFrom(...(Object.keys(reasons) as Reason[]).filter((reason) => reason !== 'none')),
    paymentHash: fc.uint8Array({ minLength: 32, maxLength: 32 }).map(hex),
    answeredAt: time,
  })
  .map(({ bank, failure, ...fields }): { bank: string; answer: Unsigned<PaymentAnswer> } => ({
    bank,
    answer: { ...fields, ...(fields.answer === 'failed' && { reason: failure }) },
  }));

describe('hashes of stream messages', () => {
  const hashes = messageHashes(scheme);

  test('are those of the canonical bytes, however many and mixed', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(payment, answer), { maxLength: 40 }), (messages) => {
        hashes.start();
        const expected: string[] = [];
        for (const message of messages) {
          if ('bank' in message) {
            hashes.addAnswer(viewOf(answerBytes(message.bank, message.answer)), 0);
            expected.push(hex(sha256(canonicalPaymentAnswer(scheme, message.bank, message.answer))));
          } else {
            const bytes = paymentBytes(message);
            hashes.addPayment(viewOf(bytes), 0);
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
    const frame = Buffer.concat(messages.map((message) => paymentBytes(message)));
    const view = viewOf(frame);
    hashes.start();
    let at = 0;
    for (const message of messages) {
      hashes.addPayment(view, at);
      at += paymentBytes(message).length;
    }
    const found = hashes.finish();
    for (const [index, message] of messages.entries()) {
      const hash = hex(found.subarray(index * 32, index * 32 + 32));
      assert.equal(hash, hex(sha256(canonicalPayment(scheme, message))));
    }
  });

  test('go on after they were asked for', () => {
    const [first, second] = fc.sample(payment, { numRuns: 2, seed: 2 }).map((one) => paymentBytes(one)) as [
      Uint8Array,
      Uint8Array,
    ];
    hashes.start();
    hashes.addPayment(viewOf(first), 0);
    const alone = hex(hashes.finish());
    hashes.addPayment(viewOf(second), 0);
    assert.equal(hex(hashes.finish().subarray(0, 32)), alone);
    assert.equal(hashes.count, 2);
  });

  test('are of no scheme with an impossible name', () => {
    assert.throws(() => messageHashes({ ...scheme, schemeId: 'much too long' }), RangeError);
  });
});

test('stream messages are read as what they were made of', () => {
  const place = { stream: 2 ** 40, position: 0xffff_ffff };
  fc.assert(
    fc.property(payment, (payment) => {
      const signer = payment.paymentId.slice(9, 14);
      assert.deepEqual(readPaymentMessage(paymentBytes(payment, place)), { signer, ...place, payment });
    }),
  );
  fc.assert(
    fc.property(answer, ({ bank, answer }) => {
      assert.deepEqual(readAnswerMessage(answerBytes(bank, answer, place)), { signer: bank, ...place, answer });
    }),
  );
});

test('what is cut off or has numbers without a word is not read', () => {
  const bytes = paymentBytes(fc.sample(payment, { numRuns: 1, seed: 3 })[0]!);
  for (const cut of [0, 79, 80]) assert.throws(() => readPaymentMessage(bytes.subarray(0, cut)), RangeError);
  bytes[24] = 9;
  assert.throws(() => readPaymentMessage(bytes), RangeError);
  assert.throws(() => readAnswerMessage(new Uint8Array(80)), RangeError);
});
