/**
 * What an account may still pay: exact, because one cell alone decides over it.
 *
 * A bank: outstanding - reserved >= -netDebitCap. A payment institution: its money at the settlement agent plus what
 * is outstanding minus what is reserved never falls below zero (customers' money is never lent).
 */
import { largestPosition } from '../configuration.ts';
import type { Reason } from '../reject.ts';
import { accountFields, type State } from '../state.ts';

/** Minor units that new offers may still take from this account; never negative in a state without breach. */
export function headroom(state: State, account: number): number {
  const { accounts } = state;
  return (
    accounts.i64(account, accountFields.outstanding) -
    accounts.i64(account, accountFields.reserved) +
    accounts.i64(account, accountFields.netDebitCap) +
    accounts.i64(account, accountFields.funds)
  );
}

/** Why the debtor's account cannot carry the amount or the creditor's not take it, or `none`. */
export function checkHeadroom(state: State, debtor: number, creditor: number, amount: number, pull: boolean): Reason {
  if (headroom(state, debtor) < amount) return pull ? 'netDebitCapExceeded' : 'floatInsufficient';
  const { accounts } = state;
  const lowest =
    accounts.i64(debtor, accountFields.outstanding) - accounts.i64(debtor, accountFields.reserved) - amount;
  const highest =
    accounts.i64(creditor, accountFields.outstanding) + accounts.i64(creditor, accountFields.incoming) + amount;
  const funds = accounts.i64(creditor, accountFields.funds);
  if (lowest < -largestPosition || highest + funds > largestPosition) return 'positionOutOfRange';
  return 'none';
}
