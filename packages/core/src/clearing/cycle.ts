/**
 * A clearing cycle: one round of clearing.
 *
 * ```
 *   open ──cut-off──▶ cut ──netting──▶ netted ──┬──────────────▶ settled
 *                                               └──▶ queued ──▶ settled
 * ```
 * open: successes are stamped with it. cut: nothing is added any more; the next cycle is open already. netted: the sum
 * of all positions was zero, they are irrevocable. queued: the settlement agent holds the whole instruction because
 * some debtor is short. settled: booked, final. A cycle never goes back and none is skipped.
 */
import { assert } from '../assert.ts';
import { type CycleState, cycleStates } from '../states.ts';
import { Rows } from '../table/rows.ts';

export const cycleTransitions: Record<CycleState, readonly CycleState[]> = {
  open: ['cut'],
  cut: ['netted'],
  netted: ['queued', 'settled'],
  queued: ['settled'],
  settled: [],
};

/** Offsets in a position record; the record's number is that of the account. */
export const positionFields = { credits: 0, debits: 8, creditCount: 16, debitCount: 24 } as const;
export const positionStride = 32;

export interface Cycle {
  /** Serial number, 1 for the first. */
  readonly number: number;
  /** Business day at its opening. */
  readonly businessDate: number;
  state: CycleState;
  /** Batch that brought it into this state. */
  changedSequence: number;
  readonly openedAt: number;
  cutOffAt: number;
  nettedAt: number;
  settledAt: number;
  payments: number;
  /** A record an account that exists, in the order of the accounts. */
  readonly positions: Rows;
}

export function openCycle(number: number, businessDate: number, openedAt: number): Cycle {
  return {
    number,
    businessDate,
    state: 'open',
    changedSequence: 0,
    openedAt,
    cutOffAt: 0,
    nettedAt: 0,
    settledAt: 0,
    payments: 0,
    positions: new Rows(positionStride),
  };
}

export function canMove(cycle: Cycle, to: CycleState): boolean {
  return cycleTransitions[cycle.state].includes(to);
}

/** The one door through which a cycle changes its state. */
export function moveCycle(cycle: Cycle, to: CycleState, sequence: number): void {
  assert(canMove(cycle, to), `cycle ${cycle.number} cannot go from ${cycle.state} to ${to}`);
  cycle.state = to;
  cycle.changedSequence = sequence;
}

export function grossCredits(cycle: Cycle, account: number): number {
  return account < cycle.positions.count ? cycle.positions.i64(account, positionFields.credits) : 0;
}

export function grossDebits(cycle: Cycle, account: number): number {
  return account < cycle.positions.count ? cycle.positions.i64(account, positionFields.debits) : 0;
}

/** Credits minus debits of an account in a cycle; 0 for an account it has never touched. */
export function netPosition(cycle: Cycle, account: number): number {
  return grossCredits(cycle, account) - grossDebits(cycle, account);
}

/** What an account owes in a cycle: its net debit, 0 for a net credit. */
export function netDebit(cycle: Cycle, account: number): number {
  return Math.max(0, -netPosition(cycle, account));
}

export function cycleStateNumber(cycle: Cycle): number {
  return cycleStates[cycle.state];
}
