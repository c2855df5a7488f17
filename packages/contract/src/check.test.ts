import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Reason } from '@clearway/core/vocabulary';
import { type Check, checkAgreementRequest, checkNotices, checkPaymentAnswer, checkPaymentRequest } from './check.ts';
import { agreement, agreementPayment, paymentAnswer, payout, refund, signature } from './samples-for-tests.ts';

type Changes = Record<string, unknown>;

function refuses(
  check: Check<unknown>,
  message: object,
  table: [changes: Changes, reason: Reason, path: string][],
): void {
  for (const [changes, reason, path] of table) {
    test(`${JSON.stringify(changes)} is refused: ${reason} at ${path}`, () => {
      const changed = Object.fromEntries(
        Object.entries({ ...message, ...changes }).filter(([, value]) => value !== undefined),
      );
      const checked = check(changed);
      assert.ok(!checked.ok);
      assert.deepEqual({ reason: checked.reason, path: checked.path }, { reason, path });
      assert.ok(checked.message.length > 0);
    });
  }
}

describe('a payment request', () => {
  test('of each kind passes', () => {
    for (const payment of [agreementPayment, payout, refund]) {
      const message = { ...payment, signature };
      assert.deepEqual(checkPaymentRequest(message), { ok: true, value: message });
    }
  });

  test('that is no object is refused', () => {
    for (const value of [undefined, null, [], 'text', 1, true]) {
      const checked = checkPaymentRequest(value);
      assert.ok(!checked.ok && checked.reason === 'fieldInvalid' && checked.path === '');
    }
  });

  refuses(checkPaymentRequest, { ...agreementPayment, signature }, [
    [{ paymentId: undefined }, 'fieldInvalid', '/paymentId'],
    [{ paymentId: '1' }, 'identifierMalformed', '/paymentId'],
    [{ paymentId: 20261122 }, 'identifierMalformed', '/paymentId'],
    [{ kind: 'gift' }, 'kindUnsupported', '/kind'],
    [{ instructedAgent: '201' }, 'fieldInvalid', '/instructedAgent'],
    [{ agreementId: undefined }, 'fieldInvalid', '/agreementId'],
    [{ originalPaymentId: refund.paymentId }, 'fieldInvalid', '/originalPaymentId'],
    [{ kind: 'payout' }, 'fieldInvalid', '/agreementId'],
    [{ kind: 'refund', agreementId: undefined }, 'fieldInvalid', '/originalPaymentId'],
    [{ interbankSettlementAmount: '123.45' }, 'fieldInvalid', '/interbankSettlementAmount'],
    [{ interbankSettlementAmount: money(123.45) }, 'amountInvalid', '/interbankSettlementAmount/amount'],
    [{ interbankSettlementAmount: money('-1') }, 'amountInvalid', '/interbankSettlementAmount/amount'],
    [{ interbankSettlementAmount: money('0') }, 'amountInvalid', '/interbankSettlementAmount/amount'],
    [{ interbankSettlementAmount: money('0.001') }, 'amountInvalid', '/interbankSettlementAmount/amount'],
    [{ interbankSettlementAmount: money('1e5') }, 'amountInvalid', '/interbankSettlementAmount/amount'],
    [
      { interbankSettlementAmount: money('9007199254740993') },
      'amountAboveMaximum',
      '/interbankSettlementAmount/amount',
    ],
    [{ interbankSettlementAmount: money('1', 'XXX') }, 'currencyUnsupported', '/interbankSettlementAmount/currency'],
    [{ interbankSettlementAmount: money('1', 'rmb') }, 'currencyUnsupported', '/interbankSettlementAmount/currency'],
    [{ endToEndId: '' }, 'fieldInvalid', '/endToEndId'],
    [{ endToEndId: 'x'.repeat(36) }, 'fieldInvalid', '/endToEndId'],
    [{ endToEndId: 'line\nbreak' }, 'fieldInvalid', '/endToEndId'],
    [{ endToEndId: 'turned \u202eround' }, 'fieldInvalid', '/endToEndId'],
    [{ endToEndId: 'half \ud800' }, 'fieldInvalid', '/endToEndId'],
    [{ expiresAt: '2026-11-22T10:00:05Z' }, 'fieldInvalid', '/expiresAt'],
    [{ expiresAt: '2026-02-30T10:00:05.000Z' }, 'fieldInvalid', '/expiresAt'],
    [{ sealed: '' }, 'fieldInvalid', '/sealed'],
    [{ sealed: 'not base64!' }, 'fieldInvalid', '/sealed'],
    [{ sealed: 'AB==' }, 'fieldInvalid', '/sealed'],
    [{ sealed: Buffer.alloc(4097).toString('base64') }, 'fieldInvalid', '/sealed'],
    [{ signature: undefined }, 'fieldInvalid', '/signature'],
    [{ signature: { ...signature, suite: 'rsa' } }, 'fieldInvalid', '/signature/suite'],
    [{ signature: { ...signature, keyVersion: 0 } }, 'fieldInvalid', '/signature/keyVersion'],
    [{ signature: { ...signature, keyVersion: 1.5 } }, 'fieldInvalid', '/signature/keyVersion'],
    [{ signature: { ...signature, value: 'AA==' } }, 'fieldInvalid', '/signature/value'],
    [{ amount: '1' }, 'fieldInvalid', '/amount'],
  ]);
});

describe('a bank’s answer', () => {
  test('gives a reason with a failure, and may leave it out', () => {
    const message = { ...paymentAnswer, signature };
    assert.equal(checkPaymentAnswer(message).ok, true);
    const { reason: _, ...without } = message;
    assert.equal(checkPaymentAnswer(without).ok, true);
  });

  refuses(checkPaymentAnswer, { ...paymentAnswer, signature }, [
    [{ answer: 'succeeded' }, 'fieldInvalid', '/reason'],
    [{ reason: 'floatInsufficient' }, 'fieldInvalid', '/reason'],
    [{ answer: 'perhaps' }, 'fieldInvalid', '/answer'],
    [{ paymentHash: 'AB'.repeat(32) }, 'fieldInvalid', '/paymentHash'],
  ]);
});

describe('an agreement request', () => {
  refuses(checkAgreementRequest, { ...agreement, signature }, [
    [{ agreementId: 'x' }, 'identifierMalformed', '/agreementId'],
    [{ paymentLimit: money('0') }, 'amountInvalid', '/paymentLimit/amount'],
    [{ expiresOn: '2027-02-29' }, 'fieldInvalid', '/expiresOn'],
    [{ sealed: undefined }, 'fieldInvalid', '/sealed'],
  ]);
});

test('a fault within a nested message is found at its place', () => {
  const notice = (cycle: number) => ({
    noticeId: 'n-1',
    type: 'cycle',
    cycle: { cycle, businessDate: '2026-11-22', state: 'cut' },
  });
  const checked = checkNotices({ notices: [notice(1), notice(0)] });
  assert.ok(!checked.ok && checked.path === '/notices/1/cycle/cycle');
});

test('a fault never repeats what stood there', () => {
  const checked = checkPaymentRequest({ ...agreementPayment, signature, sealed: '仲国妮 6217000012345678' });
  assert.ok(!checked.ok && !JSON.stringify(checked).includes('6217'));
});

function money(amount: unknown, currency = 'CNY'): unknown {
  return { amount, currency };
}
