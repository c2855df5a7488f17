/**
 * All that the core knows: tables of records, and a handful of small objects (cycles, configuration, participants).
 * Nothing here reads a clock or the world; `apply` alone changes it.
 */
import { assert } from './assert.ts';
import { type Cycle, openCycle } from './clearing/cycle.ts';
import type { SchemeContent } from './configuration.ts';
import { flightFields, flightStride, paymentFields, paymentStride, type Segment } from './payment/payment.ts';
import { Deadlines } from './table/deadlines.ts';
import { IdentifierIndex, type Key } from './table/identifier-index.ts';
import { Rows } from './table/rows.ts';

/** Offsets in an account record: one participant's funding account in one currency. */
export const accountFields = {
  participant: 0,
  fundingAccount: 4,
  currency: 6,
  /** 1 for a bank's account, which its net debit cap bounds; 0 for one of a payment institution. */
  capped: 7,
  /** Credits minus debits of all cycles that are not settled. */
  outstanding: 8,
  /** What offers under way may still take. */
  reserved: 16,
  /** What offers under way may still bring. */
  incoming: 24,
  /** A bank's net debit cap, of all cells together. */
  netDebitCap: 32,
  /** A payment institution's money at the settlement agent, as far as it is this cell's share. */
  funds: 40,
  /** Last entry of that account's statement that was recorded. */
  lastEntry: 48,
  /**
   * Net debits of all cycles that are not settled, summed cycle by cycle: a net credit of one cycle is not set off
   * against another's debit, since it may be settled and gone before that is.
   */
  owed: 52,
  /** This cell's share of the cap. */
  capShare: 60,
} as const;
export const accountStride = 68;

/** Currencies that one cell can hold; the scheme's list may grow up to it, its order never changes. */
export const currencySlots = 8;

/** The one funding account a participant has so far; positions are keyed by it from the first day. */
export const settlementFundingAccount = 1;

export const agreementFields = {
  /** Key: date, participant with upper sequence bits, lower sequence bits. */
  key: 0,
  /** Home cell: centre in bits 16 to 23, cell below. */
  routing: 12,
  paymentLimit: 16,
  /** First 14 bytes of the hashes of the canonical bytes. */
  hash: 24,
  confirmationHash: 40,
  changedAt: 56,
  /** Batch of the last change. */
  sequence: { high: 38, low: 64 },
  expiresOn: 68,
  /** Slot + 1 of the flight while it is being signed. */
  flight: 72,
  requestSequence: { low: 76, high: 82 },
  requestIndex: 80,
  /** The confirmation's body, when there is one. */
  confirmationSequence: { low: 84, high: 90 },
  confirmationIndex: 88,
  answerSequence: { low: 92, high: 98 },
  answerIndex: 96,
  bank: 100,
  reason: 102,
  state: 104,
  currency: 105,
  /** Wrong codes so far. */
  attempts: 106,
} as const;
export const agreementStride = 108;

/** How much of each original has been refunded or is being refunded. */
export const refundFields = { key: 0, original: 12, refunded: 20 } as const;
export const refundStride = 28;

/** Agreements whose home is another cell, as that cell told of them. */
export const knownAgreementFields = {
  key: 0,
  /** Home cell: centre in bits 16 to 23, cell below. */
  routing: 12,
  paymentLimit: 16,
  expiresOn: 24,
  bank: 28,
  state: 30,
  currency: 31,
} as const;
export const knownAgreementStride = 32;

/** What this cell has given of an account to another cell, and taken from it, in all. */
export const shareFields = {
  account: 0,
  /** Routing digits of the other cell as a number. */
  peer: 4,
  given: 8,
  taken: 16,
  /** How many moves these sums are of. */
  givenNumber: 24,
  takenNumber: 28,
} as const;
export const shareStride = 32;

export interface Participant {
  readonly code: number;
  role: 'paymentInstitution' | 'bank';
  status: 'active' | 'suspended';
}

export interface State {
  readonly centre: number;
  readonly cell: number;
  /** Last batch applied and its time. */
  sequence: number;
  at: number;
  businessDate: number;
  schemeVersion: number;
  scheme: SchemeContent | undefined;
  participantsVersion: number;
  readonly participants: Participant[];
  /**
   * Routing digits as a number of the cell that holds what is not shared out: caps, and money at the settlement agent.
   * 0: this one.
   */
  home: number;
  /** Place in `participants` + 1 by code; 0 for none. */
  readonly participantByCode: Uint32Array;
  readonly accounts: Rows;
  /** Segments by number; undefined once dropped. */
  readonly segments: (Segment | undefined)[];
  readonly segmentIndexes: (IdentifierIndex | undefined)[];
  /** Number of the segment of a date. */
  readonly segmentOfDate: Map<number, number>;
  readonly flights: Rows;
  /** Slot + 1 of the first free flight. */
  freeFlight: number;
  flightSerial: number;
  inFlight: number;
  readonly deadlines: Deadlines;
  readonly agreements: Rows;
  readonly agreementIndex: IdentifierIndex;
  readonly knownAgreements: Rows;
  readonly knownAgreementIndex: IdentifierIndex;
  /** By home cell: batch of its journal up to which its agreements are known here. */
  readonly agreementsKnownTo: Map<number, number>;
  readonly shares: Rows;
  /** Row of an account's share with another cell; see risk/shares.ts. */
  readonly shareRows: Map<string, number>;
  readonly refunds: Rows;
  readonly refundIndex: IdentifierIndex;
  /** Cycles that are not settled, oldest first; the last is open. */
  readonly cycles: Cycle[];
  /** Payments remembered, in all segments. */
  remembered: number;
}

export function createState(centre: number, cell: number): State {
  const flights = new Rows(flightStride);
  const agreements = new Rows(agreementStride);
  const refunds = new Rows(refundStride);
  const knownAgreements = new Rows(knownAgreementStride);
  return {
    centre,
    cell,
    sequence: 0,
    at: 0,
    businessDate: 0,
    schemeVersion: 0,
    scheme: undefined,
    participantsVersion: 0,
    participants: [],
    home: 0,
    participantByCode: new Uint32Array(100_000),
    accounts: new Rows(accountStride),
    segments: [],
    segmentIndexes: [],
    segmentOfDate: new Map(),
    flights,
    freeFlight: 0,
    flightSerial: 0,
    inFlight: 0,
    deadlines: new Deadlines(),
    agreements,
    agreementIndex: new IdentifierIndex(agreements, agreementFields.key, true),
    knownAgreements,
    knownAgreementIndex: new IdentifierIndex(knownAgreements, knownAgreementFields.key, true),
    agreementsKnownTo: new Map(),
    shares: new Rows(shareStride),
    shareRows: new Map(),
    refunds,
    refundIndex: new IdentifierIndex(refunds, refundFields.key, true),
    cycles: [openCycle(1, 0, 0)],
    remembered: 0,
  };
}

// A payment's handle: segment number in the upper, row in the lower part of one integer.
const handleShift = 0x1_0000_0000;

export function handleOf(segment: number, row: number): number {
  return segment * handleShift + row;
}

export function segmentNumber(handle: number): number {
  return Math.floor(handle / handleShift);
}

export function rowOf(handle: number): number {
  return handle >>> 0;
}

export function segmentOf(state: State, handle: number): Segment {
  const segment = state.segments[segmentNumber(handle)];
  assert(segment !== undefined, 'a handle names a segment that is still held');
  return segment;
}

/** Handle of the payment with this identifier, or -1. */
export function findPayment(state: State, key: Key): number {
  const number = state.segmentOfDate.get(key.date);
  if (number === undefined) return -1;
  const row = state.segmentIndexes[number]!.find(key);
  return row < 0 ? -1 : handleOf(number, row);
}

/** A new payment record with its key, in the segment of its date; the caller fills in the rest. */
export function addPayment(state: State, key: Key): number {
  let number = state.segmentOfDate.get(key.date);
  if (number === undefined) {
    number = state.segments.length;
    const rows = new Rows(paymentStride);
    state.segments.push({ date: key.date, rows, inFlight: 0, namedAt: state.at });
    state.segmentIndexes.push(new IdentifierIndex(rows, paymentFields.key, false));
    state.segmentOfDate.set(key.date, number);
  }
  const segment = state.segments[number]!;
  segment.namedAt = state.at;
  const { rows } = segment;
  const row = rows.add();
  rows.setU32(row, paymentFields.key, key.high);
  rows.setU32(row, paymentFields.key + 4, key.low);
  state.segmentIndexes[number]!.add(row);
  state.remembered++;
  return handleOf(number, row);
}

export function participantPlace(state: State, code: number): number {
  return code > 0 && code < 100_000 ? state.participantByCode[code] - 1 : -1;
}

/** Row of the account of a participant (by place) in a currency (by place), or -1 when it has none. */
export function accountOf(state: State, participant: number, currency: number): number {
  const row = participant * currencySlots + currency;
  return row < state.accounts.count ? row : -1;
}

export function currentCycle(state: State): Cycle {
  return state.cycles[state.cycles.length - 1];
}

/** When the core next wants a tick, ms, or undefined. */
export function nextDeadline(state: State): number | undefined {
  const slot = state.deadlines.first();
  return slot < 0 ? undefined : state.flights.u64(slot, flightFields.dueAt);
}
