import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PaymentRequest } from '@clearway/contract';
import { createWalletBook, type WalletBook, type WalletRecord } from './wallet-book.ts';

const signature = { suite: 'ed25519', keyVersion: 1, value: 'AA==' } as const;
const agreementId = '2026112210010100000000001010001';
const idOf = (number: number) => `20261122100101${String(number).padStart(11, '0')}010001`;

function message(number: number, original?: number): PaymentRequest {
  return {
    paymentId: idOf(number),
    kind: original === undefined ? 'agreementPayment' : 'refund',
    instructedAgent: '00201',
    interbankSettlementAmount: { amount: '10.00', currency: 'CNY' },
    ...(original === undefined ? { agreementId } : { originalPaymentId: idOf(original) }),
    endToEndId: `order-${number}`,
    expiresAt: '2026-11-22T10:00:05.000Z',
    signature,
  };
}

const at = 1;
const intent = (number: number, original?: number): WalletRecord => ({
  type: 'intent',
  at,
  message: message(number, original),
});
const told = (number: number, state: 'succeeded' | 'failed' | 'unknown', cycle?: number): WalletRecord => ({
  ...{ type: 'answer', at, source: 'submit', paymentId: idOf(number), state },
  ...(cycle !== undefined && { cycle }),
});
const refusal = (number: number): WalletRecord => ({
  type: 'refusal',
  at,
  paymentId: idOf(number),
  reason: 'overloaded',
});
const reconciled = (cycle: number): WalletRecord => ({ type: 'reconciled', at, cycle, differences: 0 });

function bookOf(...records: WalletRecord[]): WalletBook {
  const book = createWalletBook();
  records.forEach(book.apply);
  return book;
}

const lives: readonly (readonly [string, WalletRecord[], string, number | undefined])[] = [
  ['is open from its intent', [], 'open', undefined],
  ['stays open while unknown', [told(1, 'unknown')], 'open', undefined],
  ['stays open unanswered', [{ type: 'unanswered', at, paymentId: idOf(1), why: 'lost' }], 'open', undefined],
  ['succeeds', [told(1, 'succeeded', 7)], 'succeeded', 7],
  ['succeeds after it was unknown', [told(1, 'unknown'), told(1, 'succeeded', 7)], 'succeeded', 7],
  ['learns its cycle later', [told(1, 'succeeded'), told(1, 'succeeded', 7)], 'succeeded', 7],
  ['fails', [told(1, 'failed')], 'failed', undefined],
  ['is refused', [refusal(1)], 'refused', undefined],
  [
    'stays a success whatever is told',
    [told(1, 'succeeded', 7), told(1, 'failed'), refusal(1), told(1, 'succeeded', 8)],
    'succeeded',
    7,
  ],
  ['stays a failure whatever is told', [told(1, 'failed'), told(1, 'succeeded', 7)], 'failed', undefined],
];
for (const [what, records, state, cycle] of lives) {
  test(`a payment ${what}`, () => {
    const book = bookOf(intent(1), ...records);
    assert.deepEqual([book.payment(idOf(1))?.state, book.payment(idOf(1))?.cycle], [state, cycle]);
    assert.equal(book.open().has(idOf(1)), state === 'open');
    assert.deepEqual([...book.successesOf(cycle ?? 0)], state === 'succeeded' ? [idOf(1)] : []);
  });
}

const contradictions: readonly (readonly [
  WalletRecord[],
  'succeeded' | 'failed' | 'unknown',
  number | undefined,
  boolean,
])[] = [
  [[], 'succeeded', 7, false],
  [[told(1, 'succeeded', 7)], 'succeeded', 7, false],
  [[told(1, 'succeeded', 7)], 'succeeded', 8, true],
  [[told(1, 'succeeded', 7)], 'failed', undefined, true],
  // What was told before the end may be heard after it.
  [[told(1, 'succeeded', 7)], 'unknown', undefined, false],
  [[told(1, 'failed')], 'succeeded', 7, true],
  [[refusal(1)], 'succeeded', 7, true],
];
test('what contradicts a final word is found', () => {
  for (const [records, state, cycle, expected] of contradictions) {
    const status = { paymentId: idOf(1), state, ...(cycle !== undefined && { cycle }) };
    const found = bookOf(intent(1), ...records).findContradiction(status);
    assert.equal(found !== undefined, expected, found);
  }
});

test('what was sent and how it ended is counted over all runs', () => {
  const book = bookOf(
    intent(1),
    told(1, 'succeeded', 7),
    intent(2),
    told(2, 'failed'),
    intent(3),
    refusal(3),
    intent(4),
  );
  assert.deepEqual(book.recorded(), { sent: 4, succeeded: 1, failed: 1, refused: 1 });
});

test('refunds are set aside from their original, and given back when they fail', () => {
  const book = bookOf(intent(1), told(1, 'succeeded', 7), intent(2, 1));
  const left = () => book.refundable().get(idOf(1))?.left;
  assert.equal(left(), 0);
  book.apply(told(2, 'failed'));
  assert.equal(left(), 1000);
  [intent(3, 1), told(3, 'succeeded', 7)].forEach(book.apply);
  assert.equal(left(), 0);
});

test('ended payments are forgotten some cycles after they were reconciled, open and unmatched ones never', () => {
  const book = bookOf(
    intent(1),
    told(1, 'succeeded', 1),
    intent(2),
    told(2, 'failed'),
    intent(3),
    intent(4),
    told(4, 'succeeded'),
  );
  const known = () => [1, 2, 3, 4].filter((number) => book.payment(idOf(number)));
  for (const cycle of [1, 2, 3]) book.apply(reconciled(cycle));
  assert.deepEqual(known(), [1, 2, 3, 4]);
  for (const cycle of [4, 5, 6, 7, 8, 9]) book.apply(reconciled(cycle));
  assert.deepEqual(known(), [3, 4]);
  assert.deepEqual([...book.successesOf(0)], [idOf(4)]);
});

test('agreements are found by customer and by number', () => {
  const customer = { bank: '00201', number: 3 };
  const book = bookOf({ type: 'agreement', at, ...customer, agreementId });
  assert.deepEqual(
    [book.agreementOf(customer), book.customerOf(agreementId), book.agreements()],
    [agreementId, customer, 1],
  );
  book.apply({ type: 'agreement', at, ...customer });
  assert.deepEqual([book.agreementOf(customer), book.customerOf(agreementId)], [undefined, undefined]);
});
