/** Reading the state for people and programs: plain objects, off the hot path. */
import { agreementStateName } from './agreement/lifecycle.ts';
import { findCycle } from './clearing/clear.ts';
import { type Cycle, netPosition, positionFields } from './clearing/cycle.ts';
import type { PaymentKind } from './command.ts';
import type { Identifier } from './identifier.ts';
import { paymentStateName } from './payment/lifecycle.ts';
import { amountOf, flightFields, flightSubjects, noBank, paymentFields } from './payment/payment.ts';
import { type Reason, reasonOf } from './reject.ts';
import { accountFields, agreementFields, findPayment, handleOf, rowOf, type State, segmentOf } from './state.ts';
import type { AgreementState, PaymentState } from './states.ts';
import { type Key, readKey } from './table/identifier-index.ts';
import type { Split } from './table/rows.ts';
import { checkIdentifier, paymentKindName } from './validation/validate-payment.ts';

function identifierOf(state: State, date: number, high: number, low: number): Identifier {
  return {
    date,
    version: 1,
    participant: high & 0x1ffff,
    sequence: (high >>> 17) * 0x1_0000_0000 + low,
    centre: state.centre,
    cell: state.cell,
  };
}

export function keyOf(identifier: Uint8Array): Key {
  const key: Key = { date: 0, high: 0, low: 0 };
  readKey(new DataView(identifier.buffer, identifier.byteOffset, identifier.byteLength), 0, key);
  return key;
}

function isOurs(state: State, identifier: Uint8Array): boolean {
  const view = new DataView(identifier.buffer, identifier.byteOffset, identifier.byteLength);
  return checkIdentifier(state, view, 0) === 'none';
}

export interface Payment {
  readonly id: Identifier;
  readonly kind: PaymentKind;
  readonly state: PaymentState;
  readonly reason: Reason;
  /** Code of the instructed bank; 0 when the payment was refused because there is no such. */
  readonly bank: number;
  readonly amount: number;
  /** ISO 4217 numeric; 0 when refused for its currency. */
  readonly currency: number;
  /** Serial of the cycle, 0 before success. */
  readonly cycle: number;
  readonly changedAt: number;
  /** Batch of the last change, and in it the index of the body that brought it. */
  readonly sequence: number;
  readonly answer: number;
  /** While in flight. */
  readonly flight?: {
    readonly requestSequence: number;
    readonly requestIndex: number;
    readonly offeredAt: number;
    readonly expiresAt: number;
    readonly dueAt: number;
    readonly attempts: number;
  };
}

export function paymentAt(state: State, handle: number): Payment {
  const { rows, date } = segmentOf(state, handle);
  const row = rowOf(handle);
  const kindAndState = rows.u8(row, paymentFields.kindAndState);
  const paymentState = paymentStateName(kindAndState & 15);
  const bank = rows.u16(row, paymentFields.bank);
  const currency = rows.u8(row, paymentFields.currency);
  const waits = paymentState === 'offered' || paymentState === 'unknown' || paymentState === 'reversing';
  const cycleOrSlot = rows.u32(row, paymentFields.cycle);
  const payment = {
    id: identifierOf(state, date, rows.u32(row, paymentFields.key), rows.u32(row, paymentFields.key + 4)),
    kind: paymentKindName(kindAndState >> 4)!,
    state: paymentState,
    reason: reasonOf(rows.u16(row, paymentFields.reason))!,
    bank: bank === noBank ? 0 : state.participants[bank].code,
    amount: amountOf(rows, row),
    currency: currency === 0xff ? 0 : state.scheme!.currencies[currency],
    cycle: waits ? 0 : cycleOrSlot,
    changedAt: rows.u48(row, paymentFields.changedAt),
    sequence: rows.u48(row, paymentFields.sequence),
    answer: rows.u16(row, paymentFields.answer),
  };
  if (!waits) return payment;
  const { flights } = state;
  const slot = cycleOrSlot - 1;
  return {
    ...payment,
    flight: {
      requestSequence: flights.u48(slot, flightFields.requestSequence),
      requestIndex: flights.u16(slot, flightFields.requestIndex),
      offeredAt: flights.u64(slot, flightFields.offeredAt),
      expiresAt: flights.u64(slot, flightFields.expiresAt),
      dueAt: flights.u64(slot, flightFields.dueAt),
      attempts: flights.u16(slot, flightFields.attempts),
    },
  };
}

/** Handles of the payments that wait for somebody. */
export function handlesInFlight(state: State): number[] {
  const { flights } = state;
  const handles: number[] = [];
  for (let slot = 0; slot < flights.count; slot++) {
    if (flights.u8(slot, flightFields.subject) !== flightSubjects.payment) continue;
    handles.push(handleOf(flights.u32(slot, flightFields.segment), flights.u32(slot, flightFields.row)));
  }
  return handles;
}

/** Handle of the payment with this 16-byte identifier, or -1 when this cell does not hold it (any more). */
export function paymentHandle(state: State, identifier: Uint8Array): number {
  return isOurs(state, identifier) ? findPayment(state, keyOf(identifier)) : -1;
}

export interface Agreement {
  readonly id: Identifier;
  readonly bank: number;
  readonly state: AgreementState;
  readonly reason: Reason;
  readonly paymentLimit: number;
  readonly currency: number;
  readonly expiresOn: number;
  readonly changedAt: number;
  readonly sequence: number;
  readonly request: { readonly sequence: number; readonly index: number };
  readonly confirmation: { readonly sequence: number; readonly index: number };
  readonly answer: { readonly sequence: number; readonly index: number };
}

/** Row of the agreement with this 16-byte identifier, or -1. */
export function agreementRow(state: State, identifier: Uint8Array): number {
  return isOurs(state, identifier) ? state.agreementIndex.find(keyOf(identifier)) : -1;
}

export function agreementAt(state: State, row: number): Agreement {
  const { agreements } = state;
  const u32 = (field: number) => agreements.u32(row, field);
  const place = (sequence: Split, index: number) => ({
    sequence: agreements.u48(row, sequence),
    index: agreements.u16(row, index),
  });
  return {
    id: identifierOf(state, u32(agreementFields.key), u32(agreementFields.key + 4), u32(agreementFields.key + 8)),
    bank: state.participants[agreements.u16(row, agreementFields.bank)].code,
    state: agreementStateName(agreements.u8(row, agreementFields.state)),
    reason: reasonOf(agreements.u16(row, agreementFields.reason))!,
    paymentLimit: agreements.u64(row, agreementFields.paymentLimit),
    currency: state.scheme!.currencies[agreements.u8(row, agreementFields.currency)],
    expiresOn: u32(agreementFields.expiresOn),
    changedAt: agreements.u64(row, agreementFields.changedAt),
    sequence: agreements.u48(row, agreementFields.sequence),
    request: place(agreementFields.requestSequence, agreementFields.requestIndex),
    confirmation: place(agreementFields.confirmationSequence, agreementFields.confirmationIndex),
    answer: place(agreementFields.answerSequence, agreementFields.answerIndex),
  };
}

export interface Position {
  readonly participant: number;
  /** ISO 4217 numeric. */
  readonly currency: number;
  readonly credits: number;
  readonly debits: number;
  readonly creditCount: number;
  readonly debitCount: number;
}

/** Positions of a cycle that is not settled, for every account that it has touched. */
export function positionsOf(state: State, cycle: Cycle): Position[] {
  const positions: Position[] = [];
  for (let account = 0; account < cycle.positions.count; account++) {
    const read = (field: number) => cycle.positions.i64(account, field);
    const creditCount = read(positionFields.creditCount);
    const debitCount = read(positionFields.debitCount);
    if (creditCount + debitCount === 0) continue;
    positions.push({
      participant: state.accounts.u32(account, accountFields.participant),
      currency: state.scheme!.currencies[state.accounts.u8(account, accountFields.currency)],
      credits: read(positionFields.credits),
      debits: read(positionFields.debits),
      creditCount,
      debitCount,
    });
  }
  return positions;
}

export { findCycle, netPosition };
