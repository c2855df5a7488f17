/**
 * What an account may still pay: exact, because one cell alone decides over its share of it (shares.ts).
 *
 * A bank: what it owes in all cycles that are not settled, and what is reserved, stay within its net debit cap. What it
 * has earned in one cycle lends nothing to another: it may be paid out before the other is settled. Nor does it to what
 * is in flight, which may succeed in a later cycle.
 * A payment institution: its money at the settlement agent plus what is outstanding minus what is reserved never falls
 * below zero (customers' money is never lent).
 */
import { grossCredits, grossDebits } from '../clearing/cycle.ts';
import { largestPosition } from '../configuration.ts';
import type { Reason } from '../reject.ts';
import { accountFields, currentCycle, type State } from '../state.ts';

/**
 * Minor units that new offers may still take from this account. It falls by an offer alone; below zero only when a cap
 * is lowered or money leaves the settlement agent's account.
 */
export function headroom(state: State, account: number): number {
  const { accounts } = state;
  const reserved = accounts.i64(account, accountFields.reserved);
  if (accounts.u8(account, accountFields.capped) === 1) {
    return accounts.i64(account, accountFields.capShare) - accounts.i64(account, accountFields.owed) - reserved;
  }
  return accounts.i64(account, accountFields.funds) + accounts.i64(account, accountFields.outstanding) - reserved;
}

/** Why the debtor's account cannot carry the amount or the creditor's not take it, or `none`. */
export function checkHeadroom(state: State, debtor: number, creditor: number, amount: number, pull: boolean): Reason {
  if (headroom(state, debtor) < amount) return pull ? 'netDebitCapExceeded' : 'floatInsufficient';
  return staysInRange(state, debtor, creditor, amount) ? 'none' : 'positionOutOfRange';
}

/**
 * No sum ever passes 2^52, however the payments in flight end: neither a position nor what is outstanding, nor the
 * gross debits and credits of the open cycle. A payment in flight moves from `reserved` to `debits` and from
 * `incoming` to `credits`, so their sums can only fall until the next offer.
 */
function staysInRange(state: State, debtor: number, creditor: number, amount: number): boolean {
  const { accounts } = state;
  const cycle = currentCycle(state);
  const reserved = accounts.i64(debtor, accountFields.reserved) + amount;
  const incoming = accounts.i64(creditor, accountFields.incoming) + amount;
  const highest = accounts.i64(creditor, accountFields.outstanding) + incoming;
  return (
    accounts.i64(debtor, accountFields.outstanding) - reserved >= -largestPosition &&
    highest + accounts.i64(creditor, accountFields.funds) <= largestPosition &&
    grossDebits(cycle, debtor) + reserved <= largestPosition &&
    grossCredits(cycle, creditor) + incoming <= largestPosition
  );
}
