/**
 * Who is asked and whose accounts move. The instructed bank is the debtor agent in a pull (agreement payment), the
 * creditor agent in a payout or refund; the instructing payment institution is on the other side.
 */
import type { PaymentKind } from '../command.ts';

export interface Route {
  readonly debtor: number;
  readonly creditor: number;
}

export function isPull(kind: PaymentKind): boolean {
  return kind === 'agreementPayment';
}

/** Accounts (rows) that are debited and credited when the payment succeeds. */
export function route(kind: PaymentKind, institutionAccount: number, bankAccount: number): Route {
  return isPull(kind)
    ? { debtor: bankAccount, creditor: institutionAccount }
    : { debtor: institutionAccount, creditor: bankAccount };
}
