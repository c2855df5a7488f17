/** A payment's record for the edge's hot path: one object, filled again for each payment. */
import { rowOf, type State, segmentOf } from '../state.ts';
import { paymentStates } from '../states.ts';
import { flightFields, noBank, paymentFields } from './payment.ts';

export class Glance {
  /** Number of its state, see paymentStates. */
  state = 0;
  /** Code of its reason. */
  reason = 0;
  /** Codes; `bank` is 0 when the payment was refused because there is no such. */
  institution = 0;
  bank = 0;
  /** Serial of the cycle of its success, else 0. */
  cycle = 0;
  /** ms. */
  changedAt = 0;
  /** While it is in flight its flight's slot + 1, else 0. */
  slot = 0;

  read(state: State, handle: number): void {
    const { rows } = segmentOf(state, handle);
    const row = rowOf(handle);
    const number = rows.u8(row, paymentFields.kindAndState) & 15;
    const inFlight =
      number === paymentStates.offered || number === paymentStates.unknown || number === paymentStates.reversing;
    const cycleOrSlot = rows.u32(row, paymentFields.cycle);
    const bank = rows.u16(row, paymentFields.bank);
    this.state = number;
    this.reason = rows.u16(row, paymentFields.reason);
    this.institution = rows.u32(row, paymentFields.key) & 0x1ffff;
    this.bank = bank === noBank ? 0 : state.participants[bank].code;
    this.cycle = inFlight ? 0 : cycleOrSlot;
    this.slot = inFlight ? cycleOrSlot : 0;
    this.changedAt = rows.u48(row, paymentFields.changedAt);
  }
}

/** Writes a payment's 16-byte identifier. */
export function writePaymentId(state: State, handle: number, view: DataView, offset: number): void {
  const { rows, date } = segmentOf(state, handle);
  const row = rowOf(handle);
  const high = rows.u32(row, paymentFields.key);
  view.setUint32(offset, date);
  view.setUint32(offset + 4, 0x1000000 + (high & 0x1ffff));
  view.setUint8(offset + 8, high >>> 17);
  view.setUint32(offset + 9, rows.u32(row, paymentFields.key + 4));
  view.setUint8(offset + 13, state.centre);
  view.setUint16(offset + 14, state.cell);
}

/** When the flight in this slot is due, ms. */
export function dueAtOf(state: State, slot: number): number {
  return state.flights.u64(slot, flightFields.dueAt);
}
