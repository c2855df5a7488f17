/** A cell with one institution and one bank, and as many payouts as one likes. */
import { layout } from '@clearway/core';
import { cell, centre, concat } from './cell.ts';
import { encode, type Told, type ToldPayment } from './told.ts';

export const begins = Date.UTC(2026, 10, 22, 8);
const participants = [
  { code: 101, role: 'paymentInstitution', status: 'active', netDebitCaps: [] },
  { code: 201, role: 'bank', status: 'active', netDebitCaps: [{ currency: 156, amount: 2 ** 52 }] },
];
const scheme = {
  currencies: [156],
  maximumAmount: 10 ** 13,
  offerTimeoutMs: 5000,
  longestExpiryMs: 60_000,
  enquiryBackoffMs: 2000,
  enquiryBackoffLargestMs: 16_000,
  reversalAfterMs: 20_000,
  workItemAfterMs: 60_000,
  signingTimeoutMs: 300_000,
};

export function identifier(sequence: number) {
  return { date: 20261122, version: 1, participant: 101, sequence, centre, cell };
}

export const opening: Told[] = [
  { type: 'adoptConfiguration', kind: 'scheme', version: 1, content: scheme },
  { type: 'adoptConfiguration', kind: 'participants', version: 1, content: { participants } },
  { type: 'advanceBusinessDay', date: 20261122 },
  { type: 'recordFunds', participant: 101, currency: 156, entry: 1, credit: true, amount: 2 ** 40 },
];

export function payout(sequence: number, amount = 1): ToldPayment {
  return {
    type: 'submitPayment',
    id: identifier(sequence),
    kind: 'payout',
    currency: 156,
    instructed: 201,
    amount,
    expiresAt: begins + 30_000,
    content: sequence,
  };
}

/** Many payouts, made fast: the same command with another sequence. */
export function payouts(from: number, count: number): Uint8Array {
  const size = layout.submitPayment.size;
  const facts = new Uint8Array(size * count);
  const one = encode(payout(0));
  const view = new DataView(facts.buffer);
  for (let i = 0; i < count; i++) {
    facts.set(one, i * size);
    view.setUint32(i * size + layout.submitPayment.id + 9, from + i);
  }
  return facts;
}

export function answers(from: number, count: number): Uint8Array {
  const told = { type: 'recordAnswer', answer: 'succeeded', reason: 'none', bank: 201, content: 0 } as const;
  return concat(Array.from({ length: count }, (_, i) => encode({ ...told, id: identifier(from + i) })));
}
