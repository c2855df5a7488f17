/** A payment's record as programs and people see it. */
import { formatTime } from '@clearway/contract';
import type { PaymentRecord } from '@clearway/store';
import { moneyOf } from '../output/words.ts';

/** Amounts and times as on the wire. */
export function paymentView(record: PaymentRecord) {
  const { amount, currency, receivedAt, submittedAt, changedAt, ...rest } = record;
  return {
    ...rest,
    interbankSettlementAmount: moneyOf(amount, currency),
    receivedAt: formatTime(receivedAt),
    submittedAt: formatTime(submittedAt),
    changedAt: formatTime(changedAt),
  };
}

/** `failed (bankInsufficientFunds)`. */
export function stateWords({ state, reason }: Pick<PaymentRecord, 'state' | 'reason'>): string {
  return reason === 'none' ? state : `${state} (${reason})`;
}
