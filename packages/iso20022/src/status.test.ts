import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type PaymentState, paymentStates, reasons } from '@clearway/core/vocabulary';
import { isoFace, isoReason, isoStatus } from './status.ts';

describe('the status of a payment', () => {
  const table: Record<PaymentState, [beforeSettlement: string, after: string]> = {
    refused: ['RJCT', 'RJCT'],
    offered: ['PDNG', 'PDNG'],
    unknown: ['PDNG', 'PDNG'],
    reversing: ['PDNG', 'PDNG'],
    succeeded: ['ACSP', 'ACSC'],
    failed: ['RJCT', 'RJCT'],
  };
  for (const [state, [before, after]] of Object.entries(table) as [PaymentState, [string, string]][]) {
    test(`${state} is ${before}, and ${after} once its cycle is settled`, () => {
      assert.equal(isoStatus(state), before);
      assert.equal(isoStatus(state, true), after);
    });
  }

  test('is told for every state', () => {
    assert.deepEqual(
      Object.keys(table).sort(),
      Object.keys(paymentStates)
        .filter((state) => state !== 'none')
        .sort(),
    );
  });
});

test('every reason has a code of four characters', () => {
  for (const reason of Object.keys(reasons)) assert.match(isoReason[reason as keyof typeof reasons], /^[A-Z0-9]{4}$/);
});

test('a reason is told with a rejection, the time-out with an unknown payment, and none otherwise', () => {
  assert.deepEqual(isoFace('failed', 'bankInsufficientFunds'), { isoStatus: 'RJCT', isoReason: 'AM04' });
  assert.deepEqual(isoFace('refused', 'netDebitCapExceeded'), { isoStatus: 'RJCT', isoReason: 'AM13' });
  assert.deepEqual(isoFace('unknown', 'none'), { isoStatus: 'PDNG', isoReason: 'AB06' });
  assert.deepEqual(isoFace('succeeded', 'none', true), { isoStatus: 'ACSC' });
});
