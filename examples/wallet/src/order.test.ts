import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAmount } from '@clearway/contract';
import { makeCustomer } from './customer.ts';
import { createGenerator } from './generator.ts';
import { createOrders, type Next } from './order.ts';
import { createWalletBook } from './wallet-book.ts';

const customers = [1, 2, 3].map((number) => makeCustomer('00101', '00201', number));
const agreementId = '2026112210010100000000001010001';
const paymentId = '2026112210010100000000002010001';
const signature = { suite: 'ed25519', keyVersion: 1, value: 'AA==' } as const;

function rig({ agreements = 3, paid = true } = {}) {
  const book = createWalletBook();
  for (const { bank, number } of customers.slice(0, agreements))
    book.apply({ type: 'agreement', at: 1, bank, number, agreementId });
  const orders = createOrders({
    ...{ generator: createGenerator(1), book, customers, currency: 156 },
    mix: { agreementPayment: 80, payout: 12, refund: 5, enquiry: 3 },
    amounts: { median: 3600, p99: 120_000, most: 500_000 },
  });
  if (paid) {
    const money = { amount: '10.00', currency: 'CNY' };
    const facts = {
      paymentId,
      kind: 'agreementPayment',
      instructedAgent: '00201',
      agreementId,
      endToEndId: 'e',
    } as const;
    const message = { ...facts, interbankSettlementAmount: money, expiresAt: '2026-11-22T10:00:05.000Z', signature };
    book.apply({ type: 'intent', at: 1, message });
    book.apply({ type: 'answer', at: 1, source: 'submit', paymentId, state: 'succeeded', cycle: 1 });
  }
  return orders;
}

const minorOf = (next: Next) => (next.kind === 'enquiry' ? 0 : (parseAmount(next.amount) as { minor: number }).minor);

test('kinds come by their weights, amounts within their bounds', () => {
  const orders = rig();
  const drawn = Array.from({ length: 10_000 }, () => orders.next() as Next);
  const share = (kind: Next['kind']) => drawn.filter((next) => next.kind === kind).length / 10_000;
  const shares = (['agreementPayment', 'payout', 'refund', 'enquiry'] as const).map(share);
  for (const [index, expected] of [0.8, 0.12, 0.05, 0.03].entries())
    assert.ok(Math.abs(shares[index] - expected) < 0.015, String(shares));
  assert.ok(drawn.every((next) => next.kind === 'enquiry' || (minorOf(next) > 0 && minorOf(next) <= 500_000)));
  assert.ok(drawn.every((next) => next.kind !== 'refund' || minorOf(next) <= 1000));
});

test('without payments so far there is nothing to refund or to ask about', () => {
  const orders = rig({ paid: false });
  const kinds = new Set(Array.from({ length: 1000 }, () => orders.next()?.kind));
  assert.deepEqual([...kinds].sort(), ['agreementPayment', 'payout']);
});

test('without agreements nobody pays', () => {
  const orders = rig({ agreements: 0, paid: false });
  assert.deepEqual(new Set(Array.from({ length: 100 }, () => orders.next())), new Set([undefined]));
});

test('customers are the same each time, and no two are alike', () => {
  assert.deepEqual(makeCustomer('00101', '00201', 1), customers[0]);
  const others = [makeCustomer('00102', '00201', 1), makeCustomer('00101', '00202', 1), customers[1]];
  for (const field of ['name', 'account', 'document', 'phone'] as const)
    assert.equal(new Set([customers[0], ...others].map((customer) => customer[field])).size, 4, field);
});
