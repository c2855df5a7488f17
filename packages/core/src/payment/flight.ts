/** Opening and ending what waits for somebody. Free slots are chained through the records themselves. */
import { assert } from '../assert.ts';
import type { State } from '../state.ts';
import { flightFields, flightSubjects } from './payment.ts';

/** More in flight than this and new payments are refused definitely; nothing grows without bound. */
export const largestInFlight = 1_000_000;

/** A new flight, due at `dueAt` (ms); the caller fills in the rest. */
export function addFlight(state: State, subject: 'payment' | 'agreement', dueAt: number): number {
  const { flights } = state;
  let slot = state.freeFlight - 1;
  if (slot < 0) slot = flights.add();
  else state.freeFlight = flights.u32(slot, flightFields.segment);
  flights.setU8(slot, flightFields.subject, flightSubjects[subject]);
  flights.setU8(slot, flightFields.flags, 0);
  flights.setU16(slot, flightFields.attempts, 0);
  flights.setU32(slot, flightFields.refund, 0);
  flights.setU64(slot, flightFields.serial, ++state.flightSerial);
  state.inFlight++;
  postpone(state, slot, dueAt);
  return slot;
}

export function postpone(state: State, slot: number, dueAt: number): void {
  const { flights } = state;
  flights.setU64(slot, flightFields.dueAt, dueAt);
  state.deadlines.set(slot, dueAt, flights.u64(slot, flightFields.serial));
}

export function endFlight(state: State, slot: number): void {
  const { flights } = state;
  assert(flights.u8(slot, flightFields.subject) !== flightSubjects.free, 'a flight ends once');
  state.deadlines.remove(slot);
  flights.setU8(slot, flightFields.subject, flightSubjects.free);
  flights.setU32(slot, flightFields.segment, state.freeFlight);
  state.freeFlight = slot + 1;
  state.inFlight--;
}
