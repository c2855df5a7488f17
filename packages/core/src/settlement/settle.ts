/** What the settlement agent says: a cycle's instruction queued or settled, and money in and out of float accounts. */

import { findCycle } from '../clearing/clear.ts';
import { canMove, moveCycle, netDebit, netPosition } from '../clearing/cycle.ts';
import { layout, readUint64, settlementStates } from '../command.ts';
import { largestPosition } from '../configuration.ts';
import type { Effects } from '../effects.ts';
import type { Reason } from '../reject.ts';
import { accountFields, accountOf, participantPlace, type State } from '../state.ts';

/**
 * Settlement is final when the agent has booked it: the net leaves what is outstanding and, for a payment
 * institution, becomes money on its float account. What an account may still pay is the same before and after.
 */
export function recordSettlement(
  state: State,
  view: DataView,
  offset: number,
  index: number,
  effects: Effects,
): 'repeated' | Reason {
  const at = layout.recordSettlement;
  const cycle = findCycle(state, view.getUint32(offset + at.cycle));
  const settled = view.getUint8(offset + at.state) === settlementStates.settled;
  if (cycle === undefined) return 'cycleStateInvalid';
  if (!settled && cycle.state === 'queued') return 'repeated';
  if (!canMove(cycle, settled ? 'settled' : 'queued')) return 'cycleStateInvalid';

  // ---- point of no return ----
  moveCycle(cycle, settled ? 'settled' : 'queued', state.sequence);
  effects.add('cycleChanged', cycle.number, index);
  if (!settled) return 'none';
  cycle.settledAt = readUint64(view, offset + at.settledAt);
  const { accounts } = state;
  for (let account = 0; account < cycle.positions.count; account++) {
    const net = netPosition(cycle, account);
    if (net === 0) continue;
    accounts.setI64(account, accountFields.outstanding, accounts.i64(account, accountFields.outstanding) - net);
    if (accounts.u8(account, accountFields.capped) === 1) {
      accounts.setI64(
        account,
        accountFields.owed,
        accounts.i64(account, accountFields.owed) - netDebit(cycle, account),
      );
    }
    const place = participantPlace(state, accounts.u32(account, accountFields.participant));
    if (state.participants[place].role !== 'paymentInstitution') continue;
    accounts.setI64(account, accountFields.funds, accounts.i64(account, accountFields.funds) + net);
    effects.add('fundsChanged', account, index);
  }
  return 'none';
}

/** Money in or out of a payment institution's account at the settlement agent that is not a settlement of ours. */
export function recordFunds(
  state: State,
  view: DataView,
  offset: number,
  index: number,
  effects: Effects,
): 'repeated' | Reason {
  const at = layout.recordFunds;
  const place = participantPlace(state, view.getUint32(offset + at.participant));
  if (place < 0 || state.participants[place].role !== 'paymentInstitution') return 'accountMissing';
  const currency = state.scheme!.currencies.indexOf(view.getUint16(offset + at.currency));
  if (currency < 0) return 'currencyUnsupported';
  const account = accountOf(state, place, currency);
  const { accounts } = state;
  const entry = view.getUint32(offset + at.entry);
  if (entry <= accounts.u32(account, accountFields.lastEntry)) return 'repeated';
  const amount = readUint64(view, offset + at.amount);
  const credit = view.getUint8(offset + at.credit) === 1;
  const funds = accounts.i64(account, accountFields.funds) + (credit ? amount : -amount);
  const highest =
    funds + accounts.i64(account, accountFields.outstanding) + accounts.i64(account, accountFields.incoming);
  if (Math.abs(funds) > largestPosition || highest > largestPosition) return 'positionOutOfRange';

  // ---- point of no return: the agent's books are what counts, even below zero ----
  accounts.setI64(account, accountFields.funds, funds);
  accounts.setU32(account, accountFields.lastEntry, entry);
  effects.add('fundsChanged', account, index);
  return 'none';
}
