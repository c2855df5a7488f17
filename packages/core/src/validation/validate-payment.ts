/**
 * The first stage: is the payment well-formed, in time, from whom it says and about something known? It only reads.
 * The order of the checks is part of the contract: the first that fails is the reason that is told.
 */

import { nextDate, previousDate } from '../calendar.ts';
import { layout, originalAttached, type PaymentKind, paymentKinds, readUint64 } from '../command.ts';
import { largestSequence } from '../identifier.ts';
import { amountOf, noBank, paymentFields } from '../payment/payment.ts';
import type { Reason } from '../reject.ts';
import {
  agreementFields,
  findPayment,
  knownAgreementFields,
  participantPlace,
  refundFields,
  rowOf,
  type State,
  segmentOf,
} from '../state.ts';
import { agreementStates, paymentStates } from '../states.ts';
import { type Key, readKey } from '../table/identifier-index.ts';

const fields = layout.submitPayment;
const kinds: PaymentKind[] = [];
for (const [name, number] of Object.entries(paymentKinds)) kinds[number] = name as PaymentKind;

export function paymentKindName(number: number): PaymentKind | undefined {
  return kinds[number];
}

/** An identifier's own shape: version, participant, sequence, cell. Whatever fails here is not remembered. */
export function checkIdentifier(state: State, view: DataView, offset: number): Reason {
  if (!hasShape(view, offset)) return 'identifierMalformed';
  if (view.getUint8(offset + 13) !== state.centre || view.getUint16(offset + 14) !== state.cell)
    return 'identifierForeignCell';
  return 'none';
}

/** The shape alone: of an agreement any cell may be the home. */
function hasShape(view: DataView, offset: number): boolean {
  const participant = view.getUint32(offset + 4) & 0xffffff;
  const sequence = view.getUint8(offset + 8) * 0x1_0000_0000 + view.getUint32(offset + 9);
  return view.getUint8(offset + 4) === 1 && participant > 0 && participant <= 99_999 && sequence <= largestSequence;
}

export function checkDateWindow(state: State, date: number): Reason {
  const { businessDate } = state;
  if (businessDate === 0) return 'identifierDateOutsideWindow';
  const open = date === businessDate || date === nextDate(businessDate) || date === previousDate(businessDate);
  return open ? 'none' : 'identifierDateOutsideWindow';
}

/** The instructing institution must be known, active and of the right role. Whatever fails here is not remembered. */
export function checkInstitution(state: State, code: number): Reason {
  const place = participantPlace(state, code);
  if (place < 0) return 'participantUnknown';
  const { role, status } = state.participants[place];
  if (role !== 'paymentInstitution') return 'roleNotAllowed';
  return status === 'active' ? 'none' : 'participantSuspended';
}

export function checkBank(state: State, code: number): Reason {
  const place = participantPlace(state, code);
  if (place < 0) return 'participantUnknown';
  const { role, status } = state.participants[place];
  if (role !== 'bank') return 'roleNotAllowed';
  return status === 'active' ? 'none' : 'participantSuspended';
}

export function checkTime(state: State, expiresAt: number): Reason {
  if (expiresAt <= state.at) return 'requestExpired';
  return expiresAt - state.at > state.scheme!.longestExpiryMs ? 'expiryTooFar' : 'none';
}

/** What a payment asks for, read once for all steps. Places in the state's lists are -1 for what is not there. */
export interface Asked {
  kind: PaymentKind | undefined;
  /** Minor units. */
  amount: number;
  currency: number;
  institution: number;
  bank: number;
}

export function readAsked(state: State, view: DataView, offset: number, asked: Asked): void {
  asked.kind = paymentKindName(view.getUint8(offset + fields.kind));
  asked.amount = readUint64(view, offset + fields.amount);
  asked.currency = state.scheme!.currencies.indexOf(view.getUint16(offset + fields.currency));
  asked.institution = participantPlace(state, view.getUint32(offset + fields.id + 4) & 0xffffff);
  asked.bank = participantPlace(state, view.getUint32(offset + fields.instructed));
}

/** Everything that can be wrong with a new payment of a known institution, but for headroom. */
export function validatePayment(state: State, view: DataView, offset: number, asked: Asked, scratch: Key): Reason {
  const { kind, amount, currency } = asked;
  if (kind === undefined) return 'kindUnsupported';
  if (amount < 1) return 'amountInvalid';
  if (amount > state.scheme!.maximumAmount) return 'amountAboveMaximum';
  if (currency < 0) return 'currencyUnsupported';
  const bank = checkBank(state, view.getUint32(offset + fields.instructed));
  if (bank !== 'none') return bank;
  const time = checkTime(state, readUint64(view, offset + fields.expiresAt));
  if (time !== 'none') return time;
  if (kind === 'agreementPayment') return checkAgreement(state, view, offset, asked, scratch);
  return kind === 'refund' ? checkOriginal(state, view, offset, amount, currency, scratch) : 'none';
}

function checkAgreement(state: State, view: DataView, offset: number, asked: Asked, key: Key): Reason {
  if (!hasShape(view, offset + fields.reference)) return 'agreementUnknown';
  readKey(view, offset + fields.reference, key);
  const routing = view.getUint32(offset + fields.reference + 12) & 0xffffff;
  if (routing !== state.centre * 0x1_0000 + state.cell)
    return checkKnownAgreement(state, view, offset, asked, routing, key);
  const row = state.agreementIndex.find(key);
  if (row < 0) return 'agreementUnknown';
  const { agreements } = state;
  const { amount, currency } = asked;
  const institution = view.getUint32(offset + fields.id + 4) & 0xffffff;
  if ((agreements.u32(row, agreementFields.key + 4) & 0x1ffff) !== institution) return 'agreementPartiesDiffer';
  if (agreements.u16(row, agreementFields.bank) !== asked.bank) return 'agreementPartiesDiffer';
  const agreementState = agreements.u8(row, agreementFields.state);
  if (agreementState === agreementStates.rescinded) return 'agreementRescinded';
  if (agreementState !== agreementStates.active) return 'agreementNotActive';
  if (agreements.u32(row, agreementFields.expiresOn) < state.businessDate) return 'agreementExpired';
  if (agreements.u8(row, agreementFields.currency) !== currency) return 'currencyUnsupported';
  return amount > agreements.u64(row, agreementFields.paymentLimit) ? 'agreementLimitExceeded' : 'none';
}

/** One whose home is another cell: judged by what that cell has told. */
function checkKnownAgreement(
  state: State,
  view: DataView,
  offset: number,
  { bank, amount, currency }: Asked,
  routing: number,
  key: Key,
): Reason {
  const row = state.knownAgreementIndex.find(key);
  const { knownAgreements } = state;
  if (row < 0 || knownAgreements.u32(row, knownAgreementFields.routing) !== routing) return 'agreementUnknown';
  const institution = view.getUint32(offset + fields.id + 4) & 0xffffff;
  if ((key.high & 0x1ffff) !== institution) return 'agreementPartiesDiffer';
  if (knownAgreements.u16(row, knownAgreementFields.bank) !== bank) return 'agreementPartiesDiffer';
  if (knownAgreements.u8(row, knownAgreementFields.state) === agreementStates.rescinded) return 'agreementRescinded';
  if (knownAgreements.u32(row, knownAgreementFields.expiresOn) < state.businessDate) return 'agreementExpired';
  if (knownAgreements.u8(row, knownAgreementFields.currency) !== currency) return 'currencyUnsupported';
  return amount > knownAgreements.u64(row, knownAgreementFields.paymentLimit) ? 'agreementLimitExceeded' : 'none';
}

function checkOriginal(
  state: State,
  view: DataView,
  offset: number,
  amount: number,
  currency: number,
  key: Key,
): Reason {
  // A refund goes to the cell of its original: only there is "at most the original" a local check.
  if (checkIdentifier(state, view, offset + fields.reference) !== 'none') return 'originalUnknown';
  readKey(view, offset + fields.reference, key);
  const original = readOriginal(state, view, offset, key);
  if (original === undefined) return 'originalUnknown';
  if ((key.high & 0x1ffff) !== (view.getUint32(offset + fields.id + 4) & 0xffffff)) return 'originalPartiesDiffer';
  if (original.bank !== view.getUint32(offset + fields.instructed)) return 'originalPartiesDiffer';
  if (original.kind !== paymentKinds.agreementPayment) return 'originalNotRefundable';
  if (original.state !== paymentStates.succeeded) return 'originalNotSucceeded';
  if (original.currency !== state.scheme!.currencies[currency]) return 'currencyUnsupported';
  const refund = state.refundIndex.find(key);
  if (refund < 0) return amount > original.amount ? 'refundAboveOriginal' : 'none';
  const refunded = state.refunds.u64(refund, refundFields.refunded);
  return refunded + amount > state.refunds.u64(refund, refundFields.original) ? 'refundAboveOriginal' : 'none';
}

export interface Original {
  /** Code; 0 when it was refused because there is no such bank. */
  readonly bank: number;
  readonly kind: number;
  readonly state: number;
  /** ISO 4217 numeric. */
  readonly currency: number;
  readonly amount: number;
}

/** The original of a refund: from the core's own tables, or from the fact that the edge attached for an old one. */
export function readOriginal(state: State, view: DataView, offset: number, key: Key): Original | undefined {
  const handle = findPayment(state, key);
  if (handle >= 0) {
    const { rows } = segmentOf(state, handle);
    const row = rowOf(handle);
    const kindAndState = rows.u8(row, paymentFields.kindAndState);
    const bank = rows.u16(row, paymentFields.bank);
    return {
      bank: bank === noBank ? 0 : state.participants[bank].code,
      kind: kindAndState >> 4,
      state: kindAndState & 15,
      currency: state.scheme!.currencies[rows.u8(row, paymentFields.currency)],
      amount: amountOf(rows, row),
    };
  }
  const flags = view.getUint16(offset + fields.flags);
  if ((flags & originalAttached) === 0) return undefined;
  return {
    bank: view.getUint32(offset + fields.originalInstructed),
    kind: (flags >> 4) & 3,
    state: (flags >> 1) & 7,
    currency: flags >> 6,
    amount: readUint64(view, offset + fields.originalAmount),
  };
}
