/**
 * What must hold after every batch, whatever happened: checked by tests after each step and by `clearway verify`, what
 * concerns clearing at each cycle's close too. Numbers as in docs/invariants.md.
 */
import { sumsOfPositions } from './clearing/clear.ts';
import { netDebit, netPosition } from './clearing/cycle.ts';
import { amountOf, flightFields, flightSubjects, paymentFields } from './payment/payment.ts';
import { headroom } from './risk/headroom.ts';
import { sharesIn } from './risk/shares.ts';
import { accountFields, currencySlots, handleOf, refundFields, rowOf, type State, segmentOf } from './state.ts';
import { paymentStates } from './states.ts';

type Say = (holds: boolean, breach: () => string) => void;

/** Every breach in words; empty when all hold. Walks accounts, cycles, flights and refunds, not the payments. */
export function findBreaches(state: State): string[] {
  const breaches = findClearingBreaches(state);
  const say: Say = (holds, breach) => {
    if (!holds) breaches.push(breach());
  };
  findFlightBreaches(state, say);
  for (let row = 0; row < state.refunds.count; row++) {
    const refunded = state.refunds.u64(row, refundFields.refunded);
    const original = state.refunds.u64(row, refundFields.original);
    say(refunded <= original, () => `refunds of ${refunded} exceed their original of ${original}`);
  }
  return breaches;
}

/** Those in accounts and cycles alone: a millisecond or two, so that it can be asked while payments go on. */
export function findClearingBreaches(state: State): string[] {
  const breaches: string[] = [];
  const say: Say = (holds, breach) => {
    if (!holds) breaches.push(breach());
  };
  const { accounts } = state;
  const unsettled = state.cycles.filter((cycle) => cycle.state !== 'settled');
  const outstanding = new Array<bigint>(currencySlots).fill(0n);
  const moved = movedShares(state);
  for (let account = 0; account < accounts.count; account++) {
    const net = accounts.i64(account, accountFields.outstanding);
    outstanding[accounts.u8(account, accountFields.currency)] += BigInt(net);
    const positions = unsettled.reduce((sum, cycle) => sum + BigInt(netPosition(cycle, account)), 0n);
    say(positions === BigInt(net), () => `account ${account}: outstanding ${net}, its positions sum to ${positions}`);
    const owed = BigInt(accounts.i64(account, accountFields.owed));
    const isCapped = accounts.u8(account, accountFields.capped) === 1;
    const debits = (isCapped ? unsettled : []).reduce((sum, cycle) => sum + BigInt(netDebit(cycle, account)), 0n);
    const share = BigInt(accounts.i64(account, accountFields.capShare));
    const whole = state.home === 0 ? BigInt(accounts.i64(account, accountFields.netDebitCap)) : 0n;
    const due = isCapped ? whole + (moved.get(account) ?? 0n) : 0n;
    say(share === due, () => `account ${account}: a share of ${share}, by what came and went it is ${due}`);
    say(owed === debits, () => `account ${account}: ${owed} owed, its net debits sum to ${debits}`);
  }
  outstanding.forEach((sum, currency) => {
    say(sum === 0n, () => `outstanding positions of currency ${currency} sum to ${sum}, not zero`);
  });
  for (const cycle of state.cycles) {
    sumsOfPositions(state, cycle).forEach((sum, currency) => {
      say(sum === 0n, () => `positions of cycle ${cycle.number}, currency ${currency} sum to ${sum}, not zero`);
    });
  }
  return breaches;
}

/** What has come from other cells less what has gone to them, by account. */
function movedShares(state: State): Map<number, bigint> {
  const moved = new Map<number, bigint>();
  for (const { account, given, taken } of sharesIn(state))
    moved.set(account, (moved.get(account) ?? 0n) + BigInt(taken) - BigInt(given));
  return moved;
}

function findFlightBreaches(state: State, say: Say): void {
  const { accounts, flights } = state;
  const reserved = new Map<number, bigint>();
  const incoming = new Map<number, bigint>();
  let inFlight = 0;
  for (let slot = 0; slot < flights.count; slot++) {
    const subject = flights.u8(slot, flightFields.subject);
    if (subject === flightSubjects.free) continue;
    inFlight++;
    if (subject !== flightSubjects.payment) continue;
    const handle = handleOf(flights.u32(slot, flightFields.segment), flights.u32(slot, flightFields.row));
    const { rows } = segmentOf(state, handle);
    const row = rowOf(handle);
    const amount = BigInt(amountOf(rows, row));
    const debtor = flights.u32(slot, flightFields.debtorAccount);
    const creditor = flights.u32(slot, flightFields.creditorAccount);
    reserved.set(debtor, (reserved.get(debtor) ?? 0n) + amount);
    incoming.set(creditor, (incoming.get(creditor) ?? 0n) + amount);
    const stateNumber = rows.u8(row, paymentFields.kindAndState) & 15;
    const waits = [paymentStates.offered, paymentStates.unknown, paymentStates.reversing] as number[];
    say(
      waits.includes(stateNumber),
      () => `flight ${slot} belongs to a payment that does not wait (state ${stateNumber})`,
    );
    say(rows.u32(row, paymentFields.cycle) === slot + 1, () => `flight ${slot} and its payment do not name each other`);
  }
  say(inFlight === state.inFlight, () => `${inFlight} flights are open, ${state.inFlight} are counted`);
  say(state.deadlines.size === inFlight, () => `${inFlight} flights are open, ${state.deadlines.size} have a deadline`);

  for (let account = 0; account < accounts.count; account++) {
    const held = BigInt(accounts.i64(account, accountFields.reserved));
    say(
      held === (reserved.get(account) ?? 0n),
      () => `account ${account}: ${held} reserved, its open offers need another sum`,
    );
    const announced = BigInt(accounts.i64(account, accountFields.incoming));
    say(
      announced === (incoming.get(account) ?? 0n),
      () => `account ${account}: ${announced} announced, not what is offered`,
    );
  }
}

/** Accounts whose headroom is below zero: possible only after a cap was lowered or money was withdrawn. */
export function overdrawn(state: State): number[] {
  const rows: number[] = [];
  for (let account = 0; account < state.accounts.count; account++) if (headroom(state, account) < 0) rows.push(account);
  return rows;
}
