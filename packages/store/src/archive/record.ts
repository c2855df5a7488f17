/**
 * A payment as the archive keeps it: 160 bytes, numbers big-endian, the same in memory and on disk.
 *
 * Records sort by their first 16 bytes, the identifier, as its digits do. Everything comes from the journal; nothing is
 * here that a person could be known by. What was refused stands as it was asked for, also where there is no such bank
 * or currency.
 */
import {
  identifierBytes,
  identifierFromBytes,
  identifierText,
  isFinal,
  paymentKinds,
  paymentStates,
  readUint64,
  reasonOf,
} from '@clearway/core';
import type { PaymentRecord } from '../port.ts';

export const recordBytes = 160;
/** A longer endToEndId (35 characters can take 140 bytes) lies elsewhere; its place is kept in the record instead. */
export const inlineReferenceBytes = 40;
export const largestReferenceBytes = 140;

/** Offsets in a record. A place in the journal is a batch in 48 bits and an index in 16. */
export const recordFields = {
  id: 0,
  /** Agreement, or original of a refund, or zeros. */
  reference: 16,
  /** First half of the SHA-256 of the canonical payment. */
  hash: 32,
  amount: 48,
  receivedAt: 56,
  submittedAt: 64,
  changedAt: 72,
  /** Place of the signed request: records ascend by it in order of submission. */
  request: 80,
  /** Place of the bank's deciding answer; zeros for none. */
  answer: 88,
  /** Batch of the last change. */
  sequence: 96,
  cycle: 104,
  instructed: 108,
  currency: 112,
  reason: 114,
  kind: 116,
  state: 117,
  endToEndIdLength: 118,
  /** The text, or its u32 place among the long ones of the segment. */
  endToEndId: 120,
} as const;

/** Beyond it there is no code: whoever names one names nobody, 0. */
export const largestParticipant = 99_999;

/** By number of the state: whether nothing follows it. */
export const finalStates: Uint8Array = new Uint8Array(16);
const stateNames: string[] = [];
for (const [name, number] of Object.entries(paymentStates)) {
  stateNames[number] = name;
  if (name !== 'none' && isFinal(name as Exclude<keyof typeof paymentStates, 'none'>)) finalStates[number] = 1;
}
const kindNames: string[] = [];
for (const [name, number] of Object.entries(paymentKinds)) kindNames[number] = name;

/** When a payment was submitted, as the two words of its request's place: a total order. */
export type Order = readonly [high: number, low: number];

export const compareOrders = (a: Order, b: Order): number => a[0] - b[0] || a[1] - b[1];

export function submissionOrder(view: DataView, at: number): Order {
  return [view.getUint32(at + recordFields.request), view.getUint32(at + recordFields.request + 4)];
}

/** Of a record as people and programs have it. */
export function submissionPlace({ requestSequence, requestIndex }: PaymentRecord): Order {
  return [Math.floor(requestSequence / 0x1_0000), (requestSequence % 0x1_0000) * 0x1_0000 + requestIndex];
}

export function writePlace(view: DataView, at: number, sequence: number, index: number): void {
  view.setUint32(at, Math.floor(sequence / 0x1_0000));
  view.setUint32(at + 4, (sequence % 0x1_0000) * 0x1_0000 + index);
}

const sequenceAt = (view: DataView, at: number) => view.getUint32(at) * 0x1_0000 + view.getUint16(at + 4);

/** Code of the instructing institution: part of the identifier. */
export function institutionOf(view: DataView, at: number): number {
  return view.getUint32(at + 4) & 0xffffff;
}

export function touches(view: DataView, at: number, participant: number): boolean {
  return institutionOf(view, at) === participant || view.getUint32(at + recordFields.instructed) === participant;
}

/** Order of two identifiers. */
export function compareIds(a: DataView, aAt: number, b: DataView, bAt: number): number {
  for (let word = 0; word < identifierBytes; word += 4) {
    const difference = a.getUint32(aAt + word) - b.getUint32(bAt + word);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The record for people and programs. `endToEndId` is given, since a long one lies elsewhere. */
export function paymentRecord(bytes: Uint8Array, at: number, endToEndId: Uint8Array): PaymentRecord {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, recordBytes);
  const reference = bytes.subarray(at + recordFields.reference, at + recordFields.reference + identifierBytes);
  const digits = (code: number) => String(code).padStart(5, '0');
  const reason = reasonOf(view.getUint16(recordFields.reason));
  if (reason === undefined) throw new Error(`reason ${view.getUint16(recordFields.reason)} is none of the closed set`);
  return {
    paymentId: identifierText(identifierFromBytes(bytes.subarray(at, at + identifierBytes))),
    kind: kindNames[view.getUint8(recordFields.kind)] ?? '',
    instructingAgent: digits(institutionOf(view, 0)),
    instructedAgent: digits(view.getUint32(recordFields.instructed)),
    endToEndId: Buffer.from(endToEndId.buffer, endToEndId.byteOffset, endToEndId.length).toString('utf8'),
    amount: view.getBigUint64(recordFields.amount),
    currency: view.getUint16(recordFields.currency),
    reference: reference.every((byte) => byte === 0) ? null : identifierText(identifierFromBytes(reference)),
    state: stateNames[view.getUint8(recordFields.state)],
    reason,
    cycle: view.getUint32(recordFields.cycle),
    receivedAt: readUint64(view, recordFields.receivedAt),
    submittedAt: readUint64(view, recordFields.submittedAt),
    changedAt: readUint64(view, recordFields.changedAt),
    sequence: readUint64(view, recordFields.sequence),
    requestSequence: sequenceAt(view, recordFields.request),
    requestIndex: view.getUint16(recordFields.request + 6),
    answerSequence: sequenceAt(view, recordFields.answer),
    answerIndex: view.getUint16(recordFields.answer + 6),
    hash: Buffer.from(bytes.subarray(at + recordFields.hash, at + recordFields.hash + 16)).toString('hex'),
  };
}
