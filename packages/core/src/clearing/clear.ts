/** Cut-off and netting. */
import { assert } from '../assert.ts';
import { layout } from '../command.ts';
import type { Effects } from '../effects.ts';
import type { Reason } from '../reject.ts';
import { accountFields, currencySlots, currentCycle, type State } from '../state.ts';
import { type Cycle, canMove, moveCycle, netPosition, openCycle } from './cycle.ts';

export function findCycle(state: State, number: number): Cycle | undefined {
  return state.cycles.find((cycle) => cycle.number === number);
}

/** Ends the current cycle for new successes and opens the next in the same step, so payments never wait. */
export function cutOffCycle(state: State, view: DataView, offset: number, index: number, effects: Effects): Reason {
  const cycle = currentCycle(state);
  if (cycle.number !== view.getUint32(offset + layout.cutOffCycle.cycle)) return 'cycleNotCurrent';

  // ---- point of no return ----
  moveCycle(cycle, 'cut', state.sequence);
  cycle.cutOffAt = state.at;
  dropSettledCycles(state);
  state.cycles.push(openCycle(cycle.number + 1, state.businessDate, state.at));
  effects.add('cycleChanged', cycle.number, index);
  effects.add('cycleChanged', cycle.number + 1, index);
  return 'none';
}

/** The first cycle of a new cell is the one that is open in the others; nothing was posted before its first business day. */
export function joinClearing(state: State, view: DataView, offset: number, index: number, effects: Effects): Reason {
  const number = view.getUint32(offset + layout.joinClearing.cycle);
  if (state.businessDate !== 0 || number < currentCycle(state).number) return 'cycleStateInvalid';

  // ---- point of no return ----
  state.cycles.splice(0, state.cycles.length, openCycle(number, 0, 0));
  effects.add('cycleChanged', number, index);
  return 'none';
}

/**
 * Settled cycles live on in the records; the core lets them go at the next cut-off. One that was settled in this very
 * batch stays for the next time: the edge reads it when the batch is applied.
 */
function dropSettledCycles(state: State): void {
  const kept = state.cycles.filter((cycle) => cycle.state !== 'settled' || cycle.changedSequence === state.sequence);
  state.cycles.splice(0, state.cycles.length, ...kept);
}

/** Makes the positions of a cut cycle irrevocable. Their sum is zero in each currency, or nothing is netted. */
export function netCycle(state: State, view: DataView, offset: number, index: number, effects: Effects): Reason {
  const cycle = findCycle(state, view.getUint32(offset + layout.netCycle.cycle));
  if (cycle === undefined || !canMove(cycle, 'netted')) return 'cycleStateInvalid';
  for (const sum of sumsOfPositions(state, cycle))
    assert(sum === 0n, `the positions of cycle ${cycle.number} sum to zero`);

  // ---- point of no return ----
  moveCycle(cycle, 'netted', state.sequence);
  cycle.nettedAt = state.at;
  effects.add('cycleChanged', cycle.number, index);
  return 'none';
}

/** Sum of all net positions by place of the currency. */
export function sumsOfPositions(state: State, cycle: Cycle): bigint[] {
  const sums = new Array<bigint>(currencySlots).fill(0n);
  for (let account = 0; account < cycle.positions.count; account++) {
    sums[state.accounts.u8(account, accountFields.currency)] += BigInt(netPosition(cycle, account));
  }
  return sums;
}
