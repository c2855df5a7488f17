/**
 * Agreements whose home is another cell. The home alone signs and rescinds; it tells the others of every agreement that
 * is active or rescinded, in the order of its journal, and here they are known from their journaling on.
 */
import { layout, readUint64 } from '../command.ts';
import type { Reason } from '../reject.ts';
import { agreementFields, knownAgreementFields, participantPlace, type State } from '../state.ts';
import { agreementStates } from '../states.ts';
import { type Key, readKey } from '../table/identifier-index.ts';
import { type Agreement, agreementAt } from '../view.ts';

const key: Key = { date: 0, high: 0, low: 0 };

export function knowAgreement(state: State, view: DataView, offset: number): 'repeated' | Reason {
  const at = layout.knowAgreement;
  const routing = view.getUint32(offset + at.id + 12) & 0xffffff;
  if (routing === state.centre * 0x1_0000 + state.cell) return 'identifierForeignCell';
  const bank = participantPlace(state, view.getUint32(offset + at.bank));
  if (bank < 0) return 'participantUnknown';
  const currency = state.scheme!.currencies.indexOf(view.getUint16(offset + at.currency));
  if (currency < 0) return 'currencyUnsupported';
  readKey(view, offset + at.id, key);
  const known = state.knownAgreementIndex.find(key);
  const { knownAgreements } = state;
  // The same number in two cells: its maker should not have, and only the first is known here.
  if (known >= 0 && knownAgreements.u32(known, knownAgreementFields.routing) !== routing) return 'identifierReused';
  const agreementState = view.getUint8(offset + at.state);

  // ---- point of no return ----
  const home = (routing >>> 16) * 10_000 + (routing & 0xffff);
  const sequence = readUint64(view, offset + at.sequence);
  state.agreementsKnownTo.set(home, Math.max(sequence, state.agreementsKnownTo.get(home) ?? 0));
  if (known >= 0) {
    if (knownAgreements.u8(known, knownAgreementFields.state) >= agreementState) return 'repeated';
    knownAgreements.setU8(known, knownAgreementFields.state, agreementState);
    return 'none';
  }
  const row = knownAgreements.add();
  knownAgreements.setU32(row, knownAgreementFields.key, key.date);
  knownAgreements.setU32(row, knownAgreementFields.key + 4, key.high);
  knownAgreements.setU32(row, knownAgreementFields.key + 8, key.low);
  knownAgreements.setU32(row, knownAgreementFields.routing, routing);
  knownAgreements.setU64(row, knownAgreementFields.paymentLimit, readUint64(view, offset + at.paymentLimit));
  knownAgreements.setU32(row, knownAgreementFields.expiresOn, view.getUint32(offset + at.expiresOn));
  knownAgreements.setU16(row, knownAgreementFields.bank, bank);
  knownAgreements.setU8(row, knownAgreementFields.state, agreementState);
  knownAgreements.setU8(row, knownAgreementFields.currency, currency);
  state.knownAgreementIndex.add(row);
  return 'none';
}

/** Agreements of this cell that the others must know, changed in this batch or later; in the order of their batches. */
export function agreementsChangedFrom(state: State, sequence: number): Agreement[] {
  const { agreements } = state;
  const rows: number[] = [];
  for (let row = 0; row < agreements.count; row++) {
    const now = agreements.u8(row, agreementFields.state);
    const matters = now === agreementStates.active || now === agreementStates.rescinded;
    if (matters && agreements.u48(row, agreementFields.sequence) >= sequence) rows.push(row);
  }
  return rows.map((row) => agreementAt(state, row)).sort((a, b) => a.sequence - b.sequence);
}
