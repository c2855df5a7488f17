/**
 * Shares: a participant has one cap or float, and every cell decides exactly over a part of it, alone.
 *
 * What one cell gives another is spent in it when it is journaled there, and counts in the other when it is journaled
 * here: on the way it is nobody's, so the sum of all shares is never above the whole. A message tells the sum of all that
 * one cell has ever given another of an account, and how many moves that is: lost, it is told again; repeated, late or
 * out of order it changes nothing.
 */
import { layout, readUint64 } from '../command.ts';
import { largestPosition } from '../configuration.ts';
import type { Effects } from '../effects.ts';
import type { Reason } from '../reject.ts';
import { accountFields, accountOf, participantPlace, type State, shareFields } from '../state.ts';
import { headroom } from './headroom.ts';

export interface Share {
  readonly account: number;
  /** Code. */
  readonly participant: number;
  /** ISO 4217 numeric. */
  readonly currency: number;
  /** Routing digits of the other cell as a number. */
  readonly peer: number;
  /** Minor units that went there and came from there, and in how many moves. */
  readonly given: number;
  readonly givenNumber: number;
  readonly taken: number;
  readonly takenNumber: number;
}

const nameOf = (account: number, peer: number) => `${account}/${peer}`;

/** Puts a row into the index. */
export function nameShare(state: State, row: number): void {
  const { shares } = state;
  state.shareRows.set(nameOf(shares.u32(row, shareFields.account), shares.u32(row, shareFields.peer)), row);
}

function readShare(state: State, row: number): Share {
  const { shares, accounts } = state;
  const account = shares.u32(row, shareFields.account);
  return {
    account,
    participant: accounts.u32(account, accountFields.participant),
    currency: state.scheme!.currencies[accounts.u8(account, accountFields.currency)],
    peer: shares.u32(row, shareFields.peer),
    given: shares.u64(row, shareFields.given),
    givenNumber: shares.u32(row, shareFields.givenNumber),
    taken: shares.u64(row, shareFields.taken),
    takenNumber: shares.u32(row, shareFields.takenNumber),
  };
}

/** All shares that were ever moved. */
export function* sharesIn(state: State): Generator<Share> {
  for (let row = 0; row < state.shares.count; row++) yield readShare(state, row);
}

/** That of an account (participant's code, ISO 4217 number) with one other cell, if anything was ever moved. */
export function shareWith(state: State, peer: number, participant: number, currency: number): Share | undefined {
  const account = findAccount(state, participant, currency);
  const row = state.shareRows.get(nameOf(account, peer));
  return row === undefined ? undefined : readShare(state, row);
}

export interface AccountHeadroom {
  /** Code. */
  readonly participant: number;
  /** ISO 4217 numeric. */
  readonly currency: number;
  /** Minor units, below zero after a cap was lowered or money withdrawn. */
  readonly headroom: number;
}

/** Accounts that have something to pay with, or had. */
export function* accountsIn(state: State): Generator<AccountHeadroom> {
  const { accounts } = state;
  const fields = [accountFields.capShare, accountFields.funds, accountFields.outstanding, accountFields.reserved];
  for (let row = 0; row < accounts.count; row++) {
    if (fields.every((field) => accounts.i64(row, field) === 0)) continue;
    yield {
      participant: accounts.u32(row, accountFields.participant),
      currency: state.scheme!.currencies[accounts.u8(row, accountFields.currency)],
      headroom: headroom(state, row),
    };
  }
}

/** Row of the account of a participant (code) in a currency (ISO 4217 numeric), or -1. */
export function findAccount(state: State, participant: number, currency: number): number {
  const place = participantPlace(state, participant);
  const slot = state.scheme?.currencies.indexOf(currency) ?? -1;
  return place < 0 || slot < 0 ? -1 : accountOf(state, place, slot);
}

function shareRow(state: State, account: number, peer: number): number {
  const known = state.shareRows.get(nameOf(account, peer));
  if (known !== undefined) return known;
  const row = state.shares.add();
  state.shares.setU32(row, shareFields.account, account);
  state.shares.setU32(row, shareFields.peer, peer);
  nameShare(state, row);
  return row;
}

/** A bank's share is one of its cap, a payment institution's one of its money. */
function move(state: State, account: number, amount: number): void {
  const { accounts } = state;
  const field = accounts.u8(account, accountFields.capped) === 1 ? accountFields.capShare : accountFields.funds;
  accounts.setI64(account, field, accounts.i64(account, field) + amount);
}

export function giveShare(
  state: State,
  view: DataView,
  offset: number,
  index: number,
  effects: Effects,
): 'repeated' | Reason {
  const at = layout.giveShare;
  const account = findAccount(state, view.getUint32(offset + at.participant), view.getUint16(offset + at.currency));
  if (account < 0) return 'accountMissing';
  const peer = view.getUint32(offset + at.to);
  if (peer === state.centre * 10_000 + state.cell) return 'identifierForeignCell';
  const row = state.shareRows.get(nameOf(account, peer));
  const done = row === undefined ? 0 : state.shares.u32(row, shareFields.givenNumber);
  const number = view.getUint32(offset + at.number);
  if (number <= done) return 'repeated';
  if (number !== done + 1) return 'entryOutOfOrder';
  const amount = readUint64(view, offset + at.amount);
  if (amount < 1) return 'amountInvalid';
  const isCapped = state.accounts.u8(account, accountFields.capped) === 1;
  if (headroom(state, account) < amount) return isCapped ? 'netDebitCapExceeded' : 'floatInsufficient';
  const given = (row === undefined ? 0 : state.shares.u64(row, shareFields.given)) + amount;
  if (given > largestPosition) return 'positionOutOfRange';

  // ---- point of no return ----
  const to = shareRow(state, account, peer);
  state.shares.setU64(to, shareFields.given, given);
  state.shares.setU32(to, shareFields.givenNumber, number);
  move(state, account, -amount);
  effects.add('shareMoved', account, index);
  return 'none';
}

export function takeShare(
  state: State,
  view: DataView,
  offset: number,
  index: number,
  effects: Effects,
): 'repeated' | Reason {
  const at = layout.takeShare;
  const account = findAccount(state, view.getUint32(offset + at.participant), view.getUint16(offset + at.currency));
  if (account < 0) return 'accountMissing';
  const peer = view.getUint32(offset + at.from);
  if (peer === state.centre * 10_000 + state.cell) return 'identifierForeignCell';
  const row = state.shareRows.get(nameOf(account, peer));
  const number = view.getUint32(offset + at.number);
  if (number <= (row === undefined ? 0 : state.shares.u32(row, shareFields.takenNumber))) return 'repeated';
  const total = readUint64(view, offset + at.total);
  const amount = total - (row === undefined ? 0 : state.shares.u64(row, shareFields.taken));
  if (amount < 1) return 'entryOutOfOrder';
  const { accounts } = state;
  const highest =
    accounts.i64(account, accountFields.funds) +
    accounts.i64(account, accountFields.outstanding) +
    accounts.i64(account, accountFields.incoming) +
    amount;
  if (total > largestPosition || highest > largestPosition) return 'positionOutOfRange';

  // ---- point of no return ----
  const from = shareRow(state, account, peer);
  state.shares.setU64(from, shareFields.taken, total);
  state.shares.setU32(from, shareFields.takenNumber, number);
  move(state, account, amount);
  effects.add('shareMoved', account, index);
  return 'none';
}
