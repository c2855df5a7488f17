/** What time does to payments in flight: offered becomes unknown, unknown is enquired and may be reversed; it ends none. */

import { paymentKinds } from '../command.ts';
import type { Effects } from '../effects.ts';
import { handleOf, type State, segmentOf } from '../state.ts';
import { paymentStates } from '../states.ts';
import { postpone } from './flight.ts';
import { flightFields, paymentFields } from './payment.ts';

const overdueRaised = 1;

/** Handles the payment whose flight `slot` is due at the state's time. */
export function expirePayment(state: State, slot: number, index: number, effects: Effects): void {
  const { flights } = state;
  const scheme = state.scheme!;
  const handle = handleOf(flights.u32(slot, flightFields.segment), flights.u32(slot, flightFields.row));
  const { rows } = segmentOf(state, handle);
  const row = flights.u32(slot, flightFields.row);
  const kindAndState = rows.u8(row, paymentFields.kindAndState);
  const offeredAt = flights.u64(slot, flightFields.offeredAt);
  const attempts = flights.u16(slot, flightFields.attempts);
  const pull = kindAndState >> 4 === paymentKinds.agreementPayment;

  const move = (to: number) => {
    rows.setU8(row, paymentFields.kindAndState, (kindAndState & 0xf0) | to);
    rows.setU48(row, paymentFields.sequence, state.sequence);
    rows.setU48(row, paymentFields.changedAt, state.at);
    effects.add('paymentChanged', handle, index, slot + 1);
  };

  let backoffSteps = attempts;
  switch (kindAndState & 15) {
    case paymentStates.offered:
      move(paymentStates.unknown);
      effects.add('enquire', handle, index, slot + 1);
      break;
    case paymentStates.unknown:
      if (pull && state.at >= offeredAt + scheme.reversalAfterMs) {
        move(paymentStates.reversing);
        effects.add('reverse', handle, index, slot + 1);
        backoffSteps = 0;
      } else effects.add('enquire', handle, index, slot + 1);
      break;
    default:
      effects.add('reverse', handle, index, slot + 1);
  }

  const overdueAt = offeredAt + scheme.workItemAfterMs;
  if (state.at >= overdueAt && (flights.u8(slot, flightFields.flags) & overdueRaised) === 0) {
    flights.setU8(slot, flightFields.flags, flights.u8(slot, flightFields.flags) | overdueRaised);
    effects.add('paymentOverdue', handle, index, slot + 1);
  }
  flights.setU16(slot, flightFields.attempts, Math.min(backoffSteps + 1, 0xffff));
  const backoff = Math.min(scheme.enquiryBackoffMs * 2 ** Math.min(backoffSteps, 30), scheme.enquiryBackoffLargestMs);
  const reverseAt = offeredAt + scheme.reversalAfterMs;
  const waitsForReversal = pull && (rows.u8(row, paymentFields.kindAndState) & 15) === paymentStates.unknown;
  postpone(
    state,
    slot,
    waitsForReversal && reverseAt > state.at ? Math.min(state.at + backoff, reverseAt) : state.at + backoff,
  );
}
