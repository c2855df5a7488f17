/**
 * Look-ups by anything that stands in a record. There is no index for them: records are read one after the other, a
 * million in some tenths of a second, so they are looked for newest first and in bites.
 */
import {
  identifierBytes,
  identifierToBytes,
  type PaymentKind,
  type PaymentState,
  parseIdentifier,
  paymentKinds,
  paymentStates,
  type Reason,
  readUint64,
  reasons,
} from '@clearway/core';
import type { FreshRecords } from './fresh-records.ts';
import { compareIds, institutionOf, type Order, recordBytes, recordFields, touches } from './record.ts';
import type { Segment } from './segment.ts';

/** Everything that is named has to fit. */
export interface RecordFilter {
  readonly institution?: number;
  readonly bank?: number;
  /** Each of them is one of the two sides. */
  readonly participants?: readonly number[];
  readonly kind?: PaymentKind;
  readonly states?: readonly PaymentState[];
  readonly reason?: Reason;
  readonly cycle?: number;
  /** 31 digits: agreement, or original of a refund. */
  readonly reference?: string;
  readonly currency?: number;
  /** Minor units, both inclusive; a currency that is not named does not fit. */
  readonly amounts?: readonly { readonly currency: number; readonly least: number; readonly most: number }[];
  /** Submitted at or after this, ms. */
  readonly from?: number;
  /** Submitted before this, ms. */
  readonly to?: number;
}

export type Fits = (view: DataView, at: number) => boolean;

export function fitsOf(filter: RecordFilter): Fits {
  const { institution, bank, participants = [], kind, states, reason, cycle, currency, from, to } = filter;
  const checks: Fits[] = [];
  if (from !== undefined) checks.push((view, at) => readUint64(view, at + recordFields.submittedAt) >= from);
  if (to !== undefined) checks.push((view, at) => readUint64(view, at + recordFields.submittedAt) < to);
  if (institution !== undefined) checks.push((view, at) => institutionOf(view, at) === institution);
  if (bank !== undefined) checks.push((view, at) => view.getUint32(at + recordFields.instructed) === bank);
  for (const one of participants) checks.push((view, at) => touches(view, at, one));
  if (kind !== undefined) checks.push((view, at) => view.getUint8(at + recordFields.kind) === paymentKinds[kind]);
  if (states !== undefined) {
    const numbers = states.map((state) => paymentStates[state]);
    checks.push((view, at) => numbers.includes(view.getUint8(at + recordFields.state) as (typeof numbers)[number]));
  }
  if (reason !== undefined) {
    const number = reasons[reason].code;
    checks.push((view, at) => view.getUint16(at + recordFields.reason) === number);
  }
  if (cycle !== undefined) checks.push((view, at) => view.getUint32(at + recordFields.cycle) === cycle);
  if (currency !== undefined) checks.push((view, at) => view.getUint16(at + recordFields.currency) === currency);
  if (filter.amounts !== undefined) checks.push(amountFits(filter.amounts));
  if (filter.reference !== undefined) checks.push(referenceFits(filter.reference));
  return (view, at) => {
    for (const check of checks) if (!check(view, at)) return false;
    return true;
  };
}

function amountFits(amounts: NonNullable<RecordFilter['amounts']>): Fits {
  const ranges = new Map(amounts.map((range) => [range.currency, range]));
  return (view, at) => {
    const range = ranges.get(view.getUint16(at + recordFields.currency));
    if (range === undefined) return false;
    const amount = readUint64(view, at + recordFields.amount);
    return amount >= range.least && amount <= range.most;
  };
}

function referenceFits(reference: string): Fits {
  const identifier = parseIdentifier(reference);
  if (identifier === undefined) return () => false;
  const bytes = identifierToBytes(identifier);
  const wanted = new DataView(bytes.buffer, bytes.byteOffset, identifierBytes);
  return (view, at) => compareIds(wanted, 0, view, at + recordFields.reference) === 0;
}

/** Of its participants' postings no more than one row in so many is worth reading one by one. */
const sparse = 32;

/** Visits every record of a segment that may fit; gives back how many it has read. */
export function scanSegment(
  segment: Segment,
  { institution, bank, participants = [] }: RecordFilter,
  visit: (view: DataView, at: number, row: number) => void,
): number {
  const codes = [institution, bank, ...participants].filter((code) => code !== undefined);
  const [fewest] = codes.map((code) => segment.postings(code)).sort((a, b) => a.count - b.count);
  if (fewest === undefined || fewest.count * sparse > segment.head.records) {
    segment.each(visit);
    return segment.head.records;
  }
  const records = segment.records();
  for (let index = 0; index < fewest.count; index++) {
    const row = fewest.row(index);
    visit(records.view, records.item(row, recordBytes), row);
  }
  return fewest.count * sparse;
}

export function scanFresh(fresh: FreshRecords, visit: (view: DataView, at: number, slot: number) => void): void {
  for (let slot = 0; slot < fresh.used; slot++) {
    if (fresh.idHashes[slot] !== 0) visit(fresh.view, slot * recordBytes, slot);
  }
}

/** The place right after: whoever goes on before it finds `order` itself too. */
export const rightAfter = ([high, low]: Order): Order => [high, low + 1];

// ---- counting ----

/** What payments are counted by; the others are zero in every row. */
export type TallyBy = 'institution' | 'bank' | 'currency' | 'kind' | 'state' | 'reason' | 'bucket';

export interface Tally {
  readonly by: readonly TallyBy[];
  /** Rows are by steps of this many ms of their submission; 0: all together. */
  readonly stepMs: number;
  /** Where a step begins, ms; 0 by default. */
  readonly stepsFrom?: number;
}

export interface TallyRow {
  /** Beginning of the step, ms. */
  readonly at: number;
  readonly institution: number;
  readonly bank: number;
  readonly currency: number;
  /** Numbers as in the core's `paymentKinds`, `paymentStates` and `reasonOf`. */
  readonly kind: number;
  readonly state: number;
  readonly reason: number;
  /** From submission to the bank's answer, four buckets a doubling from 1 ms on, 0 to 71; -1 without an answer. */
  readonly bucket: number;
  readonly payments: number;
  readonly amount: bigint;
  /** First submission, ms. */
  readonly firstAt: number;
}

const perDoubling = 4;
const lastBucket = 71;

interface Sum {
  readonly row: Omit<TallyRow, 'payments' | 'amount' | 'firstAt'>;
  payments: number;
  firstAt: number;
  /** Halves of the amounts: their sums stay whole numbers. */
  high: number;
  low: number;
}

/** More kinds of rows than this is a question for a report, not for a page. */
export const mostTallyRows = 20_000;

export class Counting {
  /** By step, by the two sides, and by the rest. */
  private readonly sums = new Map<number, Map<number, Map<number, Sum>>>();
  private readonly asked: Readonly<Record<TallyBy, boolean>>;
  private readonly stepMs: number;
  private readonly stepsFrom: number;
  private rowCount = 0;

  constructor({ by, stepMs, stepsFrom = 0 }: Tally) {
    const is = (one: TallyBy) => by.includes(one);
    this.asked = {
      institution: is('institution'),
      bank: is('bank'),
      currency: is('currency'),
      kind: is('kind'),
      state: is('state'),
      reason: is('reason'),
      bucket: is('bucket'),
    };
    this.stepMs = stepMs;
    this.stepsFrom = stepsFrom;
  }

  /** @throws Error when there are too many rows */
  add(view: DataView, at: number): void {
    const { asked, stepMs, stepsFrom } = this;
    const submittedAt = readUint64(view, at + recordFields.submittedAt);
    const step = stepMs === 0 ? 0 : Math.floor((submittedAt - stepsFrom) / stepMs);
    const institution = asked.institution ? institutionOf(view, at) : 0;
    const bank = asked.bank ? view.getUint32(at + recordFields.instructed) : 0;
    const currency = asked.currency ? view.getUint16(at + recordFields.currency) : 0;
    const kind = asked.kind ? view.getUint8(at + recordFields.kind) : 0;
    const state = asked.state ? view.getUint8(at + recordFields.state) : 0;
    const reason = asked.reason ? view.getUint16(at + recordFields.reason) : 0;
    const bucket = asked.bucket ? bucketOf(view, at, submittedAt) : 0;
    const sides = institution * 2 ** 17 + bank;
    const rest = (((currency * 16 + state) * 16 + kind) * 2 ** 16 + reason) * 128 + bucket + 1;
    const group = within(within(this.sums, step), sides);
    let sum = group.get(rest);
    if (sum === undefined) {
      if (++this.rowCount > mostTallyRows) throw new Error(`more than ${mostTallyRows} rows`);
      const row = { at: stepsFrom + step * stepMs, institution, bank, currency, kind, state, reason, bucket };
      sum = { row, payments: 0, firstAt: submittedAt, high: 0, low: 0 };
      group.set(rest, sum);
    }
    sum.payments++;
    if (submittedAt < sum.firstAt) sum.firstAt = submittedAt;
    sum.high += view.getUint32(at + recordFields.amount);
    sum.low += view.getUint32(at + recordFields.amount + 4);
  }

  rows(): TallyRow[] {
    const sums = [...this.sums.values()].flatMap((sides) => [...sides.values()].flatMap((rest) => [...rest.values()]));
    return sums.map(({ row, payments, firstAt, high, low }) => ({
      ...row,
      payments,
      firstAt,
      amount: BigInt(high) * 2n ** 32n + BigInt(low),
    }));
  }
}

function within<V>(maps: Map<number, Map<number, V>>, key: number): Map<number, V> {
  const known = maps.get(key);
  if (known !== undefined) return known;
  const made = new Map<number, V>();
  maps.set(key, made);
  return made;
}

function bucketOf(view: DataView, at: number, submittedAt: number): number {
  if (view.getUint32(at + recordFields.answer) === 0 && view.getUint32(at + recordFields.answer + 4) === 0) return -1;
  const ms = Math.max(1, readUint64(view, at + recordFields.changedAt) - submittedAt);
  return Math.min(lastBucket, Math.floor(perDoubling * Math.log2(ms)));
}
