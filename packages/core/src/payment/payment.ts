/** Where a payment's record lies and what is in it: 52 bytes, kept for every identifier of the open date window. */
import { largestSplit, type Rows } from '../table/rows.ts';

export const paymentStride = 52;

/** In place of a bank: the payment was refused because there is none with the code it named. */
export const noBank = 0xffff;

/** Offsets in a payment record. */
export const paymentFields = {
  /** Key: participant with the upper sequence bits, then the lower ones. */
  key: 0,
  /** Minor units; what a refused payment may have asked for is kept up to 2^48 - 1. */
  amount: { low: 8, high: 40 },
  /** Time of the last change, ms. */
  changedAt: { low: 12, high: 42 },
  /** First 14 bytes of the hash of the canonical payment bytes. */
  hash: 16,
  /** Batch of the last change; what is answered waits for it to be durable. */
  sequence: { high: 30, low: 32 },
  /** Once succeeded the serial of its cycle; while in flight its flight's slot + 1. */
  cycle: 36,
  /** Place of the bank in the participants. */
  bank: 44,
  reason: 46,
  /** Index of the deciding answer's body in its batch. */
  answer: 48,
  /** Upper half: kind; lower half: state. */
  kindAndState: 50,
  /** Place of the currency in the scheme's list. */
  currency: 51,
} as const;

export function amountOf(rows: Rows, row: number): number {
  return rows.u48(row, paymentFields.amount);
}

export function setAmount(rows: Rows, row: number, amount: number): void {
  rows.setU48(row, paymentFields.amount, Math.min(amount, largestSplit));
}

/** All payments of one business date. */
export interface Segment {
  readonly date: number;
  readonly rows: Rows;
  /** How many of them are in flight: the segment stays until there is none. */
  inFlight: number;
  /** When a command last named one of them, ms. */
  namedAt: number;
}

/**
 * So long after a command has named it a payment is held, whatever its date: the edge reads it when the batch is
 * durable, and later batches may have been applied by then.
 */
export const readableForMs = 60_000;

export const flightStride = 88;

/** A matter that waits for somebody: an offered, unknown or reversing payment, or an agreement being signed. */
export const flightFields = {
  /** 0 free, 1 payment, 2 agreement. */
  subject: 0,
  /** Bit 0: a work item has been raised. */
  flags: 1,
  /** Enquiries or reversals sent so far. */
  attempts: 2,
  /** Payments: segment number; free slots: next free slot + 1. */
  segment: 4,
  row: 8,
  /** Where the request's body lies. */
  requestSequence: { low: 12, high: 18 },
  requestIndex: 16,
  /** Refunds: row in the refunds table + 1. */
  refund: 20,
  offeredAt: 24,
  expiresAt: 32,
  dueAt: 40,
  /** Order of opening. */
  serial: 48,
  /** Identifier, 16 bytes, as the edge needs it. */
  id: 56,
  debtorAccount: 72,
  creditorAccount: 76,
  /** Agreement or original of the payment: only the agreement's row or nothing. */
  reserved: 80,
} as const;

export const flightSubjects = { free: 0, payment: 1, agreement: 2 } as const;
