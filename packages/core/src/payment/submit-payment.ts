/** A new payment: first the ladder of refusals, then the point of no return, then the writing. */
import { layout, readUint64, rememberedHashBytes } from '../command.ts';
import type { Effects } from '../effects.ts';
import { reserve } from '../journal/post.ts';
import { type Reason, reasons } from '../reject.ts';
import { checkHeadroom } from '../risk/headroom.ts';
import { isPull, type Route, route } from '../routing/route.ts';
import {
  accountOf,
  addPayment,
  findPayment,
  refundFields,
  rowOf,
  type State,
  segmentNumber,
  segmentOf,
} from '../state.ts';
import { paymentStates } from '../states.ts';
import { type Key, readKey } from '../table/identifier-index.ts';
import {
  type Asked,
  checkDateWindow,
  checkIdentifier,
  checkInstitution,
  readAsked,
  readOriginal,
  validatePayment,
} from '../validation/validate-payment.ts';
import { addFlight, largestInFlight } from './flight.ts';
import { flightFields, noBank, paymentFields, setAmount } from './payment.ts';

const fields = layout.submitPayment;

const key: Key = { date: 0, high: 0, low: 0 };
const reference: Key = { date: 0, high: 0, low: 0 };
const asked: Asked = { kind: undefined, amount: 0, currency: -1, institution: -1, bank: -1 };

export type SubmitOutcome = 'repeated' | Reason;

/** `none`: accepted and offered. `repeated`: known with the same content. Else the reason of the refusal. */
export function submitPayment(
  state: State,
  view: DataView,
  offset: number,
  index: number,
  effects: Effects,
): SubmitOutcome {
  // -- refusals that concern the identifier: nothing is remembered --
  if (state.scheme === undefined) return 'cellUnavailable';
  const shape = checkIdentifier(state, view, offset + fields.id);
  if (shape !== 'none') return shape;
  readKey(view, offset + fields.id, key);
  const known = findPayment(state, key);
  if (known >= 0) {
    const segment = segmentOf(state, known);
    segment.namedAt = state.at;
    const { rows } = segment;
    const same = rows.equalBytes(rowOf(known), paymentFields.hash, view, offset + fields.hash, rememberedHashBytes);
    return same ? 'repeated' : 'identifierReused';
  }
  const window = checkDateWindow(state, key.date);
  if (window !== 'none') return window;
  const institution = checkInstitution(state, key.high & 0x1ffff);
  if (institution !== 'none') return institution;
  if (state.inFlight >= largestInFlight) return 'tooManyInFlight';

  // -- refusals that are remembered under the identifier --
  const reason = judge(state, view, offset);

  // ---- point of no return: nothing below refuses ----
  const handle = remember(state, view, offset, index, reason);
  effects.add('paymentChanged', handle, index);
  if (reason === 'none') offer(state, handle, view, offset, index, effects);
  return reason;
}

function judge(state: State, view: DataView, offset: number): Reason {
  readAsked(state, view, offset, asked);
  const valid = validatePayment(state, view, offset, asked, reference);
  if (valid !== 'none') return valid;
  const { debtor, creditor } = routeOf(state);
  return checkHeadroom(state, debtor, creditor, asked.amount, isPull(asked.kind!));
}

/** Accounts of a valid payment. */
function routeOf(state: State): Route {
  const { kind, institution, bank, currency } = asked;
  return route(kind!, accountOf(state, institution, currency), accountOf(state, bank, currency));
}

function remember(state: State, view: DataView, offset: number, index: number, reason: Reason): number {
  const handle = addPayment(state, key);
  const { rows } = segmentOf(state, handle);
  const row = rowOf(handle);
  // A refused payment may name a bank, currency or amount that does not exist: then there is nothing to keep of it.
  const { amount, bank, currency } = asked;
  const stateNumber = reason === 'none' ? paymentStates.offered : paymentStates.refused;
  rows.setBytes(row, paymentFields.hash, view, offset + fields.hash, rememberedHashBytes);
  setAmount(rows, row, amount);
  rows.setU48(row, paymentFields.sequence, state.sequence);
  rows.setU48(row, paymentFields.changedAt, state.at);
  rows.setU16(row, paymentFields.bank, bank < 0 ? noBank : bank);
  rows.setU16(row, paymentFields.reason, reasons[reason].code);
  rows.setU16(row, paymentFields.answer, index);
  rows.setU8(row, paymentFields.kindAndState, ((view.getUint8(offset + fields.kind) & 15) << 4) | stateNumber);
  rows.setU8(row, paymentFields.currency, currency < 0 ? 0xff : currency);
  return handle;
}

function offer(state: State, handle: number, view: DataView, offset: number, index: number, effects: Effects): void {
  const { kind, amount } = asked;
  const { debtor, creditor } = routeOf(state);
  reserve(state, debtor, creditor, amount);
  const expiresAt = readUint64(view, offset + fields.expiresAt);
  const dueAt = Math.min(state.at + state.scheme!.offerTimeoutMs, expiresAt);
  const slot = addFlight(state, 'payment', dueAt);
  const { flights } = state;
  flights.setU32(slot, flightFields.segment, segmentNumber(handle));
  flights.setU32(slot, flightFields.row, rowOf(handle));
  flights.setU48(slot, flightFields.requestSequence, state.sequence);
  flights.setU16(slot, flightFields.requestIndex, index);
  flights.setU64(slot, flightFields.offeredAt, state.at);
  flights.setU64(slot, flightFields.expiresAt, expiresAt);
  flights.setU32(slot, flightFields.debtorAccount, debtor);
  flights.setU32(slot, flightFields.creditorAccount, creditor);
  flights.setBytes(slot, flightFields.id, view, offset + fields.id, 16);
  if (kind === 'refund') flights.setU32(slot, flightFields.refund, countRefund(state, view, offset, amount) + 1);
  const segment = segmentOf(state, handle);
  segment.inFlight++;
  segment.rows.setU32(rowOf(handle), paymentFields.cycle, slot + 1);
  effects.add('offer', handle, index, slot + 1);
}

/** Adds to the refunded sum of the original and returns that record's row. It counts from the offer on. */
function countRefund(state: State, view: DataView, offset: number, amount: number): number {
  readKey(view, offset + fields.reference, reference);
  const { refunds } = state;
  let row = state.refundIndex.find(reference);
  if (row < 0) {
    const original = readOriginal(state, view, offset, reference)!;
    row = refunds.add();
    refunds.setU32(row, refundFields.key, reference.date);
    refunds.setU32(row, refundFields.key + 4, reference.high);
    refunds.setU32(row, refundFields.key + 8, reference.low);
    refunds.setU64(row, refundFields.original, original.amount);
    state.refundIndex.add(row);
  }
  refunds.setU64(row, refundFields.refunded, refunds.u64(row, refundFields.refunded) + amount);
  return row;
}
