/** Signing in two steps, and rescission: refusals first, then the point of no return, then the writing. */
import { assert } from '../assert.ts';
import { isDate } from '../calendar.ts';
import { layout, readUint64, rememberedHashBytes, signingAnswers } from '../command.ts';
import type { Effects } from '../effects.ts';
import { addFlight, endFlight, largestInFlight } from '../payment/flight.ts';
import { flightFields } from '../payment/payment.ts';
import { bankReason } from '../payment/record-answer.ts';
import { type Reason, reasons } from '../reject.ts';
import { agreementFields, participantPlace, type State } from '../state.ts';
import { type AgreementState, agreementStates } from '../states.ts';
import { type Key, readKey } from '../table/identifier-index.ts';
import {
  checkBank,
  checkDateWindow,
  checkIdentifier,
  checkInstitution,
  checkTime,
} from '../validation/validate-payment.ts';
import { agreementStateName, agreementTransitions, largestCodeAttempts } from './lifecycle.ts';

const key: Key = { date: 0, high: 0, low: 0 };

function stateOf(state: State, row: number): AgreementState {
  return agreementStateName(state.agreements.u8(row, agreementFields.state));
}

/** The one door through which an agreement changes its state. */
function move(state: State, row: number, to: AgreementState, reason: Reason, index: number, effects: Effects): void {
  const from = stateOf(state, row);
  assert(agreementTransitions[from].includes(to), `an agreement cannot go from ${from} to ${to}`);
  const { agreements } = state;
  agreements.setU8(row, agreementFields.state, agreementStates[to]);
  agreements.setU16(row, agreementFields.reason, reasons[reason].code);
  touch(state, row);
  if (agreementTransitions[to].length === 0 || to === 'active') {
    const slot = agreements.u32(row, agreementFields.flight) - 1;
    if (slot >= 0) endFlight(state, slot);
    agreements.setU32(row, agreementFields.flight, 0);
  }
  effects.add('agreementChanged', row, index);
}

function touch(state: State, row: number): void {
  state.agreements.setU48(row, agreementFields.sequence, state.sequence);
  state.agreements.setU64(row, agreementFields.changedAt, state.at);
}

/** Row of the agreement with the identifier at `offset`, or -1. */
export function findAgreement(state: State, view: DataView, offset: number): number {
  if (checkIdentifier(state, view, offset) !== 'none') return -1;
  readKey(view, offset, key);
  return state.agreementIndex.find(key);
}

export function requestAgreement(
  state: State,
  view: DataView,
  offset: number,
  index: number,
  effects: Effects,
): 'repeated' | Reason {
  const at = layout.requestAgreement;
  // -- refusals; none of them is remembered, since no money waits for them --
  if (state.scheme === undefined) return 'cellUnavailable';
  const shape = checkIdentifier(state, view, offset + at.id);
  if (shape !== 'none') return shape;
  const known = findAgreement(state, view, offset + at.id);
  if (known >= 0) {
    const same = state.agreements.equalBytes(known, agreementFields.hash, view, offset + at.hash, rememberedHashBytes);
    return same ? 'repeated' : 'identifierReused';
  }
  const window = checkDateWindow(state, key.date);
  if (window !== 'none') return window;
  const institution = checkInstitution(state, key.high & 0x1ffff);
  if (institution !== 'none') return institution;
  // Signings leave half of the room to payments.
  if (state.inFlight >= largestInFlight / 2) return 'tooManyInFlight';
  const bankCode = view.getUint32(offset + at.bank);
  const bank = checkBank(state, bankCode);
  if (bank !== 'none') return bank;
  const time = checkTime(state, readUint64(view, offset + at.expiresAt));
  if (time !== 'none') return time;
  const currency = state.scheme.currencies.indexOf(view.getUint16(offset + at.currency));
  if (currency < 0) return 'currencyUnsupported';
  const limit = readUint64(view, offset + at.paymentLimit);
  if (limit < 1) return 'amountInvalid';
  if (limit > state.scheme.maximumAmount) return 'amountAboveMaximum';
  const expiresOn = view.getUint32(offset + at.expiresOn);
  if (!isDate(expiresOn) || expiresOn < state.businessDate) return 'agreementExpired';

  // ---- point of no return ----
  const { agreements } = state;
  const row = agreements.add();
  agreements.setU32(row, agreementFields.key, key.date);
  agreements.setU32(row, agreementFields.key + 4, key.high);
  agreements.setU32(row, agreementFields.key + 8, key.low);
  state.agreementIndex.add(row);
  agreements.setU32(row, agreementFields.routing, view.getUint32(offset + at.id + 12) & 0xffffff);
  agreements.setU64(row, agreementFields.paymentLimit, limit);
  agreements.setBytes(row, agreementFields.hash, view, offset + at.hash, rememberedHashBytes);
  agreements.setU32(row, agreementFields.expiresOn, expiresOn);
  agreements.setU48(row, agreementFields.requestSequence, state.sequence);
  agreements.setU16(row, agreementFields.requestIndex, index);
  agreements.setU16(row, agreementFields.bank, participantPlace(state, bankCode));
  agreements.setU8(row, agreementFields.state, agreementStates.requested);
  agreements.setU8(row, agreementFields.currency, currency);
  touch(state, row);
  const slot = addFlight(state, 'agreement', state.at + state.scheme.signingTimeoutMs);
  state.flights.setU32(slot, flightFields.row, row);
  state.flights.setBytes(slot, flightFields.id, view, offset + at.id, 16);
  agreements.setU32(row, agreementFields.flight, slot + 1);
  effects.add('agreementChanged', row, index);
  effects.add('requestSigning', row, index);
  return 'none';
}

export function confirmAgreement(
  state: State,
  view: DataView,
  offset: number,
  index: number,
  effects: Effects,
): 'repeated' | Reason {
  const at = layout.confirmAgreement;
  // -- refusals --
  if (state.scheme === undefined) return 'cellUnavailable';
  const row = findAgreement(state, view, offset + at.id);
  if (row < 0) return 'agreementUnknown';
  const { agreements } = state;
  const now = stateOf(state, row);
  const same = agreements.equalBytes(
    row,
    agreementFields.confirmationHash,
    view,
    offset + at.hash,
    rememberedHashBytes,
  );
  if (same && now !== 'requested') return 'repeated';
  if (now === 'rescinded') return 'agreementRescinded';
  if (now !== 'codeSent') return 'agreementStepInvalid';
  const time = checkTime(state, readUint64(view, offset + at.expiresAt));
  if (time !== 'none') return time;

  // ---- point of no return ----
  agreements.setBytes(row, agreementFields.confirmationHash, view, offset + at.hash, rememberedHashBytes);
  agreements.setU48(row, agreementFields.confirmationSequence, state.sequence);
  agreements.setU16(row, agreementFields.confirmationIndex, index);
  move(state, row, 'confirming', 'none', index, effects);
  effects.add('confirmSigning', row, index);
  return 'none';
}

export function recordSigningAnswer(
  state: State,
  view: DataView,
  offset: number,
  index: number,
  effects: Effects,
): 'repeated' | Reason {
  const at = layout.recordSigningAnswer;
  // -- refusals --
  const row = findAgreement(state, view, offset + at.id);
  if (row < 0) return 'agreementUnknown';
  const { agreements } = state;
  const bankAndReason = view.getUint32(offset + at.bank);
  if (state.participants[agreements.u16(row, agreementFields.bank)].code !== bankAndReason >>> 8)
    return 'answerFromOther';
  const now = stateOf(state, row);
  const answer = view.getUint8(offset + at.answer);
  const answersRequest = agreements.equalBytes(row, agreementFields.hash, view, offset + at.hash, rememberedHashBytes);
  const answersCode = agreements.equalBytes(
    row,
    agreementFields.confirmationHash,
    view,
    offset + at.hash,
    rememberedHashBytes,
  );
  if (!answersRequest && !answersCode) return 'answerHashDiffers';
  const waits = (now === 'requested' && answersRequest) || (now === 'confirming' && answersCode);
  if (!waits) return answer === signingAnswers.active && now !== 'active' ? 'answerContradicts' : 'repeated';
  if (answer === signingAnswers.codeSent && now !== 'requested') return 'answerUnasked';
  if (answer === signingAnswers.active && now !== 'confirming') return 'answerUnasked';
  if (answer !== signingAnswers.codeSent && answer !== signingAnswers.active && answer !== signingAnswers.failed) {
    return 'answerUnasked';
  }

  // ---- point of no return ----
  agreements.setU48(row, agreementFields.answerSequence, state.sequence);
  agreements.setU16(row, agreementFields.answerIndex, index);
  if (answer === signingAnswers.codeSent) move(state, row, 'codeSent', 'none', index, effects);
  else if (answer === signingAnswers.active) move(state, row, 'active', 'none', index, effects);
  else {
    const reason = bankReason(bankAndReason & 0xff);
    const attempts = agreements.u8(row, agreementFields.attempts) + 1;
    agreements.setU8(row, agreementFields.attempts, Math.min(attempts, 255));
    const mayTryAgain = now === 'confirming' && reason === 'bankCodeWrong' && attempts < largestCodeAttempts;
    move(state, row, mayTryAgain ? 'codeSent' : 'failed', reason, index, effects);
  }
  return 'none';
}

export function rescindAgreement(
  state: State,
  view: DataView,
  offset: number,
  index: number,
  effects: Effects,
): 'repeated' | Reason {
  const at = layout.rescindAgreement;
  // -- refusals --
  const row = findAgreement(state, view, offset + at.id);
  if (row < 0) return 'agreementUnknown';
  const { agreements } = state;
  const by = view.getUint32(offset + at.by);
  const institution = agreements.u32(row, agreementFields.key + 4) & 0x1ffff;
  const bank = state.participants[agreements.u16(row, agreementFields.bank)].code;
  if (by !== institution && by !== bank) return 'agreementPartiesDiffer';
  const now = stateOf(state, row);
  if (now === 'rescinded') return 'repeated';
  if (now === 'failed') return 'agreementStepInvalid';

  // ---- point of no return ----
  move(state, row, 'rescinded', 'none', index, effects);
  return 'none';
}

/** A signing that was not finished in time has failed: no payment can have been taken under it. */
export function expireAgreement(state: State, slot: number, index: number, effects: Effects): void {
  move(state, state.flights.u32(slot, flightFields.row), 'failed', 'requestExpired', index, effects);
}
