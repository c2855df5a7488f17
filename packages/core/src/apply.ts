/**
 * (state, batch, at) → outcomes and effects. Synchronous and deterministic: no clock, no chance, no promise, no
 * environment. The same batches in the same order give the same state, byte for byte, on every machine.
 */

import { adoptConfiguration, advanceBusinessDay } from './administration.ts';
import {
  confirmAgreement,
  expireAgreement,
  recordSigningAnswer,
  requestAgreement,
  rescindAgreement,
} from './agreement/agreement.ts';
import { knowAgreement } from './agreement/known.ts';
import { assert } from './assert.ts';
import { cutOffCycle, joinClearing, netCycle } from './clearing/clear.ts';
import { commandTypes, headBytes, layout, outcomes } from './command.ts';
import type { Effects } from './effects.ts';
import { expirePayment } from './payment/expire.ts';
import { flightFields, flightSubjects } from './payment/payment.ts';
import { recordAnswer } from './payment/record-answer.ts';
import { submitPayment } from './payment/submit-payment.ts';
import { type Reason, reasons } from './reject.ts';
import { giveShare, takeShare } from './risk/shares.ts';
import { recordFunds, recordSettlement } from './settlement/settle.ts';
import { nextDeadline, participantPlace, type State } from './state.ts';
import { largestSplit } from './table/rows.ts';

/** Records name a body by batch and index; payments have 16 bits for the index. */
const largestIndex = 0xffff;

/**
 * Applies a batch: `facts` holds commands one after the other, and gets their outcomes written into it.
 *
 * @param sequence one more than the last batch's
 * @param at ms since 1970, never less than the last batch's
 * @returns how many commands there were
 */
export function applyBatch(state: State, sequence: number, at: number, facts: Uint8Array, effects: Effects): number {
  assert(sequence === state.sequence + 1, 'batches come in order and none is left out');
  assert(sequence <= largestSplit, 'records name a batch in 48 bits, which last for 8900 years at a thousand a second');
  assert(Number.isSafeInteger(at) && at >= state.at, 'time never runs back');
  state.sequence = sequence;
  state.at = at;
  const view = new DataView(facts.buffer, facts.byteOffset, facts.byteLength);
  let index = 0;
  for (let offset = 0; offset < facts.length; index++) {
    assert(index <= largestIndex, 'a batch holds at most 65536 commands');
    const size = view.getUint32(offset + 4);
    assert(size >= headBytes && size % 8 === 0 && offset + size <= facts.length, 'a command lies whole in its batch');
    applyCommand(state, view, offset, index, effects);
    offset += size;
  }
  return index;
}

function applyCommand(state: State, view: DataView, offset: number, index: number, effects: Effects): void {
  const result = decide(state, view, offset, index, effects);
  const refused = result !== 'none' && result !== 'repeated';
  view.setUint8(offset + 1, refused ? outcomes.refused : result === 'none' ? outcomes.accepted : outcomes.repeated);
  view.setUint16(offset + 2, refused ? reasons[result].code : 0);
}

function decide(state: State, view: DataView, offset: number, index: number, effects: Effects): 'repeated' | Reason {
  switch (view.getUint8(offset)) {
    case commandTypes.submitPayment:
      return submitPayment(state, view, offset, index, effects);
    case commandTypes.recordAnswer:
      return recordAnswer(state, view, offset, index, effects);
    case commandTypes.tick:
      return tick(state, view, offset, index, effects);
    case commandTypes.requestAgreement:
      return requestAgreement(state, view, offset, index, effects);
    case commandTypes.confirmAgreement:
      return confirmAgreement(state, view, offset, index, effects);
    case commandTypes.recordSigningAnswer:
      return recordSigningAnswer(state, view, offset, index, effects);
    case commandTypes.rescindAgreement:
      return rescindAgreement(state, view, offset, index, effects);
    case commandTypes.cutOffCycle:
      return cutOffCycle(state, view, offset, index, effects);
    case commandTypes.netCycle:
      return netCycle(state, view, offset, index, effects);
    case commandTypes.recordSettlement:
      return recordSettlement(state, view, offset, index, effects);
    case commandTypes.recordFunds:
      return recordFunds(state, view, offset, index, effects);
    case commandTypes.advanceBusinessDay:
      return advanceBusinessDay(state, view, offset, index, effects);
    case commandTypes.adoptConfiguration:
      return adoptConfiguration(state, view, offset, index, effects);
    case commandTypes.recordCheckpoint:
      return participantPlace(state, view.getUint32(offset + layout.recordCheckpoint.signer)) < 0
        ? 'participantUnknown'
        : 'none';
    case commandTypes.giveShare:
      return giveShare(state, view, offset, index, effects);
    case commandTypes.takeShare:
      return takeShare(state, view, offset, index, effects);
    case commandTypes.knowAgreement:
      return knowAgreement(state, view, offset);
    case commandTypes.joinClearing:
      return joinClearing(state, view, offset, index, effects);
    default:
      throw new Error(`the edge let a command of type ${view.getUint8(offset)} through, which no rules know`);
  }
}

/** Ends what is due, oldest first, at most as many as the command says. */
function tick(state: State, view: DataView, offset: number, index: number, effects: Effects): Reason {
  let left = view.getUint32(offset + layout.tick.due);
  for (; left > 0; left--) {
    const dueAt = nextDeadline(state);
    if (dueAt === undefined || dueAt > state.at) break;
    const slot = state.deadlines.first();
    if (state.flights.u8(slot, flightFields.subject) === flightSubjects.payment)
      expirePayment(state, slot, index, effects);
    else expireAgreement(state, slot, index, effects);
  }
  return 'none';
}
