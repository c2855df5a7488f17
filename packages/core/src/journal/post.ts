/**
 * Reservations and postings: the only place that changes accounts and positions.
 *
 * A payment debits one account and credits another by the same amount in the same cycle, so every sum is zero after
 * each step. While a payment is in flight its amount is reserved on the debtor's account and announced on the
 * creditor's; exactly one of {@link post} and {@link release} ends that.
 */
import { assert } from '../assert.ts';
import { type Cycle, netDebit, positionFields } from '../clearing/cycle.ts';
import { largestPosition } from '../configuration.ts';
import { accountFields, type State } from '../state.ts';
import type { Rows } from '../table/rows.ts';

function add(rows: Rows, row: number, field: number, amount: number): void {
  const sum = rows.i64(row, field) + amount;
  assert(Math.abs(sum) <= largestPosition, 'a position stays within 2^52, as risk has checked');
  rows.setI64(row, field, sum);
}

export function reserve(state: State, debtor: number, creditor: number, amount: number): void {
  assert(amount > 0 && debtor !== creditor, 'a payment moves something from one account to another');
  add(state.accounts, debtor, accountFields.reserved, amount);
  add(state.accounts, creditor, accountFields.incoming, amount);
}

export function release(state: State, debtor: number, creditor: number, amount: number): void {
  const { accounts } = state;
  assert(accounts.i64(debtor, accountFields.reserved) >= amount, 'what is released was reserved');
  assert(accounts.i64(creditor, accountFields.incoming) >= amount, 'what is released was announced');
  add(accounts, debtor, accountFields.reserved, -amount);
  add(accounts, creditor, accountFields.incoming, -amount);
}

/**
 * Adds `amount` to what the account has got or given in the cycle, and brings what it owes up to date: only a bank's cap
 * looks at that; a payment institution may turn over more in a cycle than a position can hold.
 */
function book(state: State, cycle: Cycle, account: number, side: 'credits' | 'debits', amount: number): void {
  const { accounts } = state;
  const isCapped = accounts.u8(account, accountFields.capped) === 1;
  const owed = isCapped ? netDebit(cycle, account) : 0;
  add(cycle.positions, account, positionFields[side], amount);
  add(cycle.positions, account, side === 'credits' ? positionFields.creditCount : positionFields.debitCount, 1);
  if (isCapped) add(accounts, account, accountFields.owed, netDebit(cycle, account) - owed);
}

/** Turns the reservation into a posting of the cycle. */
export function post(state: State, cycle: Cycle, debtor: number, creditor: number, amount: number): void {
  assert(cycle.state === 'open', 'only an open cycle takes postings');
  release(state, debtor, creditor, amount);
  add(state.accounts, debtor, accountFields.outstanding, -amount);
  add(state.accounts, creditor, accountFields.outstanding, amount);
  const { positions } = cycle;
  while (positions.count < state.accounts.count) positions.add();
  book(state, cycle, debtor, 'debits', amount);
  book(state, cycle, creditor, 'credits', amount);
  cycle.payments++;
}
