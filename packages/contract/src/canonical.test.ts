import assert from 'node:assert/strict';
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { bankAnswers, type PaymentKind, reasons } from '@clearway/core/vocabulary';
import type { KeyPair } from '@clearway/ports';
import { realCrypto } from '@clearway/ports/real';
import fc from 'fast-check';
import {
  canonicalAgreement,
  canonicalAgreementAnswer,
  canonicalConfirmation,
  canonicalPayment,
  canonicalPaymentAnswer,
  canonicalRescission,
  type Scheme,
  type Unsigned,
} from './canonical.ts';
import { currencies } from './currencies.ts';
import type { PaymentAnswer, PaymentRequest } from './messages.ts';
import { formatAmount, largestAmount } from './money.ts';
import {
  agreement,
  agreementAnswer,
  agreementPayment,
  confirmation,
  paymentAnswer,
  payout,
  rescission,
  scheme,
} from './samples-for-tests.ts';
import { sha256 } from './sha256.ts';
import { formatTime } from './time.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

interface Vector {
  readonly name: string;
  readonly layout: string;
  readonly scheme: Scheme;
  /** Bank, institution or sender, where the message itself does not name it. */
  readonly participant?: string;
  // biome-ignore lint/suspicious/noExplicitAny: the file holds all kinds of messages
  readonly message: any;
  readonly bytes: string;
  readonly sha256: string;
  readonly signature: string;
}

const layouts: Record<string, (vector: Vector) => Uint8Array> = {
  payment: ({ scheme, message }) => canonicalPayment(scheme, message),
  paymentAnswer: ({ scheme, participant, message }) => canonicalPaymentAnswer(scheme, participant!, message),
  agreement: ({ scheme, message }) => canonicalAgreement(scheme, message),
  agreementConfirmation: ({ scheme, participant, message }) => canonicalConfirmation(scheme, participant!, message),
  agreementRescission: ({ scheme, participant, message }) => canonicalRescission(scheme, participant!, message),
  agreementAnswer: ({ scheme, participant, message }) => canonicalAgreementAnswer(scheme, participant!, message),
};

/** PKCS#8 of an Ed25519 seed (RFC 8410, 7). */
const seedPrefix = Buffer.from('302e020100300506032b657004220420', 'hex');

/** An Ed25519 key whose seed is the SHA-256 of the label: everybody can make it, so it protects nothing. */
function keyOf(label: string): KeyPair {
  const seed = createHash('sha256').update(label).digest();
  const key = createPrivateKey({ key: Buffer.concat([seedPrefix, seed]), format: 'der', type: 'pkcs8' });
  return {
    privateKey: key.export({ type: 'pkcs8', format: 'pem' }) as string,
    publicKey: createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string,
  };
}

describe('the vectors', () => {
  const file = new URL('../vectors/canonical.json', import.meta.url);
  const { keyLabel, publicKey, vectors } = JSON.parse(readFileSync(file, 'utf8')) as {
    keyLabel: string;
    publicKey: string;
    vectors: Vector[];
  };
  const key = keyOf(keyLabel);

  test('name the public key that their label makes', () => {
    assert.equal(key.publicKey, publicKey);
  });

  test('have one for every layout', () => {
    assert.deepEqual([...new Set(vectors.map(({ layout }) => layout))].sort(), Object.keys(layouts).sort());
  });

  for (const vector of vectors) {
    test(`hold: ${vector.name}`, async () => {
      const bytes = layouts[vector.layout]!(vector);
      assert.equal(hex(bytes), vector.bytes);
      assert.equal(hex(sha256(bytes)), vector.sha256);
      assert.equal(hex(await realCrypto.sign('ed25519', key.privateKey, bytes)), vector.signature);
    });
  }
});

const identifier = fc
  .array(fc.constantFrom(...'0123456789'), { minLength: 31, maxLength: 31 })
  .map((digits) => digits.join(''));
const code = fc.integer({ min: 0, max: 99_999 }).map((number) => String(number).padStart(5, '0'));
const money = fc
  .tuple(fc.integer({ min: 1, max: largestAmount }), fc.constantFrom(...currencies))
  .map(([minor, { numeric }]) => formatAmount(minor, numeric));
const time = fc.integer({ min: 0, max: Date.UTC(9999, 0, 1) }).map(formatTime);
const sealed = fc.uint8Array({ minLength: 1, maxLength: 50 }).map((bytes) => Buffer.from(bytes).toString('base64'));
const text = fc.string({ minLength: 1, maxLength: 35, unit: 'grapheme' });

const payment: fc.Arbitrary<Unsigned<PaymentRequest>> = fc
  .record({
    paymentId: identifier,
    kind: fc.constantFrom<PaymentKind>('agreementPayment', 'payout', 'refund'),
    instructedAgent: code,
    interbankSettlementAmount: money,
    reference: identifier,
    endToEndId: text,
    expiresAt: time,
    sealed: fc.option(sealed, { nil: undefined }),
  })
  .map(({ reference, sealed, ...fields }) => ({
    ...fields,
    ...(fields.kind === 'agreementPayment' && { agreementId: reference }),
    ...(fields.kind === 'refund' && { originalPaymentId: reference }),
    ...(sealed !== undefined && { sealed }),
  }));

describe('canonical payments', () => {
  test('change when any one field changes', () => {
    fc.assert(
      fc.property(payment, payment, fc.nat(), (first, second, pick) => {
        const names = Object.keys(second).filter(
          (name) => !['kind', 'agreementId', 'originalPaymentId'].includes(name),
        );
        const name = names[pick % names.length] as keyof typeof second;
        const changed = { ...first, [name]: second[name] };
        const same = JSON.stringify(first[name]) === JSON.stringify(second[name]);
        assert.equal(hex(canonicalPayment(scheme, first)) === hex(canonicalPayment(scheme, changed)), same, name);
      }),
      { numRuns: 500 },
    );
  });

  test('are equal only for equal payments', () => {
    fc.assert(
      fc.property(payment, payment, (first, second) => {
        const same = JSON.stringify(first) === JSON.stringify(second);
        assert.equal(hex(canonicalPayment(scheme, first)) === hex(canonicalPayment(scheme, second)), same);
      }),
    );
  });

  const { amount, currency } = agreementPayment.interbankSettlementAmount;
  const changes: [what: string, payment: Unsigned<PaymentRequest>][] = [
    ['the identifier', { ...agreementPayment, paymentId: '2026112210010100000000001010002' }],
    ['the bank', { ...agreementPayment, instructedAgent: '00202' }],
    ['the amount', { ...agreementPayment, interbankSettlementAmount: { amount: '123.46', currency } }],
    ['the currency', { ...agreementPayment, interbankSettlementAmount: { amount, currency: 'HKD' } }],
    ['the agreement', { ...agreementPayment, agreementId: '2026112210010100000000002010002' }],
    ['the end-to-end identification', { ...agreementPayment, endToEndId: 'order-2' }],
    ['the expiry', { ...agreementPayment, expiresAt: '2026-11-22T10:00:05.001Z' }],
    ['the sealed part', { ...agreementPayment, sealed: 'AAAA' }],
  ];
  for (const [what, changed] of changes) {
    test(`tell when ${what} is changed`, () => {
      assert.notEqual(hex(canonicalPayment(scheme, changed)), hex(canonicalPayment(scheme, agreementPayment)));
    });
  }

  test('tell an agreement payment from a refund with the same reference', () => {
    const { agreementId, ...common } = agreementPayment;
    const refund = { ...common, kind: 'refund', originalPaymentId: agreementId! } as const;
    assert.notEqual(hex(canonicalPayment(scheme, refund)), hex(canonicalPayment(scheme, agreementPayment)));
  });

  test('are the same however the amount is written', () => {
    const written = (amount: string) =>
      canonicalPayment(scheme, { ...payout, interbankSettlementAmount: { amount, currency: 'CNY' } });
    assert.deepEqual(written('1.5'), written('1.50'));
  });

  test('are of one scheme and one environment', () => {
    const bytes = [
      scheme,
      { ...scheme, environment: 'production' as const },
      { ...scheme, schemeId: 'CLEARWA' },
      { ...scheme, schemeId: 'CLEARWAX' },
    ].map((other) => hex(canonicalPayment(other, payout)));
    assert.equal(new Set(bytes).size, bytes.length);
  });
});

test('canonical answers change with the bank and with every field', () => {
  const canonical = (bank: string, answer: Unsigned<PaymentAnswer>) =>
    hex(canonicalPaymentAnswer(scheme, bank, answer));
  const seen = new Set([canonical('00201', paymentAnswer), canonical('00202', paymentAnswer)]);
  seen.add(canonical('00201', { ...paymentAnswer, paymentId: '2026112210010100000000001010002' }));
  seen.add(canonical('00201', { ...paymentAnswer, paymentHash: 'ac'.repeat(32) }));
  seen.add(canonical('00201', { ...paymentAnswer, answeredAt: '2026-11-22T10:00:01.235Z' }));
  const bankReasons = Object.entries(reasons).filter(([, { kind }]) => kind === 'bank');
  for (const [reason] of bankReasons) {
    seen.add(canonical('00201', { ...paymentAnswer, reason: reason as keyof typeof reasons }));
  }
  const { reason: _, ...withoutReason } = paymentAnswer;
  for (const answer of Object.keys(bankAnswers) as (keyof typeof bankAnswers)[]) {
    seen.add(canonical('00201', { ...withoutReason, answer }));
  }
  assert.equal(seen.size, 5 + bankReasons.length - 1 + Object.keys(bankAnswers).length);
});

test('no layout’s bytes can be taken for another’s', () => {
  const types = [
    canonicalPayment(scheme, payout),
    canonicalPaymentAnswer(scheme, '00201', paymentAnswer),
    canonicalAgreement(scheme, agreement),
    canonicalConfirmation(scheme, '00101', confirmation),
    canonicalRescission(scheme, '00101', rescission),
    canonicalAgreementAnswer(scheme, '00201', agreementAnswer),
  ].map((bytes) => bytes[1]);
  assert.deepEqual(types, [1, 2, 3, 4, 5, 6]);
});

test('what has not passed its check is not laid out', () => {
  for (const changes of [
    { paymentId: '1' },
    { instructedAgent: 'x' },
    { interbankSettlementAmount: { amount: '0', currency: 'CNY' } },
    { interbankSettlementAmount: { amount: '1', currency: 'XXX' } },
    { expiresAt: 'soon' },
  ]) {
    assert.throws(() => canonicalPayment(scheme, { ...payout, ...changes }), RangeError);
  }
  for (const schemeId of ['', 'TOO LONG!', 'NINECHARS', 'Ünicode']) {
    assert.throws(() => canonicalPayment({ ...scheme, schemeId }, payout), RangeError);
  }
});
