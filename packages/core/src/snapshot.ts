/**
 * A snapshot: the whole state as of the end of a batch, in pages that are taken one at a time while batches go on.
 *
 * Page 0 is JSON: the small objects and the list of tables. Then the tables' pages follow in that order. A page is at
 * most 16384 records, below 2 MiB. Indexes and the heap of deadlines are left out: they are made again from the rows.
 */
import { assert } from './assert.ts';
import { type Cycle, positionStride } from './clearing/cycle.ts';
import { flightFields, flightSubjects, paymentFields, paymentStride, type Segment } from './payment/payment.ts';
import { nameShare } from './risk/shares.ts';
import { createState, type State } from './state.ts';
import type { CycleState } from './states.ts';
import { IdentifierIndex } from './table/identifier-index.ts';
import { Rows } from './table/rows.ts';
import { decodeUtf8, encodeUtf8 } from './utf8.ts';

/** Raised when a record's layout changes: the journal is replayed instead of a snapshot of an older format. */
const format = 3;

interface Meta {
  readonly format: typeof format;
  readonly centre: number;
  readonly cell: number;
  readonly sequence: number;
  readonly at: number;
  readonly businessDate: number;
  readonly schemeVersion: number;
  readonly scheme: State['scheme'] | null;
  readonly participantsVersion: number;
  readonly participants: State['participants'];
  readonly home: number;
  readonly agreementsKnownTo: readonly (readonly [home: number, sequence: number])[];
  readonly freeFlight: number;
  readonly flightSerial: number;
  readonly inFlight: number;
  readonly remembered: number;
  readonly segments: readonly (Omit<Segment, 'rows'> | null)[];
  readonly cycles: readonly Omit<Cycle, 'positions'>[];
  /** Pages of each table, in the order of `tablesOf`. */
  readonly pages: readonly number[];
}

function tablesOf(state: State): Rows[] {
  const segments = state.segments.flatMap((segment) => (segment === undefined ? [] : [segment.rows]));
  const positions = state.cycles.map((cycle) => cycle.positions);
  const { accounts, flights, agreements, knownAgreements, shares, refunds } = state;
  return [accounts, flights, agreements, knownAgreements, shares, refunds, ...segments, ...positions];
}

export interface SnapshotPage {
  /** Whose page it is: a name that lasts as long as the table. Undefined for the page that is always made anew. */
  readonly table: object | undefined;
  readonly page: number;
  /** Undefined if it is as it was in the last copy of changes that was kept. */
  readonly bytes: Uint8Array | undefined;
}

export interface SnapshotCopy {
  readonly sequence: number;
  /** How many pages {@link SnapshotCopy.next} will give. */
  readonly pages: number;
  /** The next page, or undefined after the last; the state may change between calls. */
  next(): SnapshotPage | undefined;
  /** Ends the copy, whole or not; another may begin. `isKept`: the next copy of changes may refer to this one; else it is whole. */
  end(isKept?: boolean): void;
}

/** Every page of the state as it is now, in the order that {@link restoreSnapshot} takes them. */
export function* snapshotPages(state: State): Generator<Uint8Array> {
  const copy = beginSnapshot(state);
  try {
    for (let next = copy.next(); next !== undefined; next = copy.next()) {
      assert(next.bytes !== undefined, 'a whole copy leaves nothing out');
      yield next.bytes;
    }
  } finally {
    copy.end();
  }
}

/**
 * Begins a copy of the state as it is now. One at a time.
 *
 * @param onlyChanges pages that are as they were in the last such copy that was kept come without bytes
 */
export function beginSnapshot(state: State, onlyChanges = false): SnapshotCopy {
  const tables = tablesOf(state);
  const pages = tables.map((table) => table.beginCopy(onlyChanges));
  const meta: Meta = {
    format,
    centre: state.centre,
    cell: state.cell,
    sequence: state.sequence,
    at: state.at,
    businessDate: state.businessDate,
    schemeVersion: state.schemeVersion,
    scheme: state.scheme ?? null,
    participantsVersion: state.participantsVersion,
    participants: state.participants,
    home: state.home,
    agreementsKnownTo: [...state.agreementsKnownTo],
    freeFlight: state.freeFlight,
    flightSerial: state.flightSerial,
    inFlight: state.inFlight,
    remembered: state.remembered,
    segments: state.segments.map((segment) => {
      if (segment === undefined) return null;
      const { rows: _, ...rest } = segment;
      return rest;
    }),
    cycles: state.cycles.map(({ positions: _, ...cycle }) => cycle),
    pages,
  };
  const first = encodeUtf8(JSON.stringify(meta));
  let table = -1;
  let page = 0;
  let ended = false;
  return {
    sequence: state.sequence,
    pages: 1 + pages.reduce((sum, count) => sum + count, 0),
    next() {
      assert(!ended, 'a copy that has ended gives no pages');
      if (table < 0) {
        table = 0;
        return { table: undefined, page: 0, bytes: first };
      }
      while (table < tables.length && page === pages[table]) {
        table++;
        page = 0;
      }
      if (table === tables.length) return undefined;
      return { table: tables[table], page, bytes: tables[table].copyPage(page++) };
    },
    end(isKept = false) {
      if (ended) return;
      ended = true;
      for (const one of tables) one.endCopy(isKept);
    },
  };
}

/** Whether the snapshot with this first page is of the format that this version reads. */
export function readsSnapshot(firstPage: Uint8Array): boolean {
  return (JSON.parse(decodeUtf8(firstPage)) as { readonly format?: unknown }).format === format;
}

/** The state that these pages were taken of. */
export function restoreSnapshot(pages: Iterable<Uint8Array>): State {
  const iterator = pages[Symbol.iterator]();
  const take = (): Uint8Array => {
    const { value, done } = iterator.next();
    assert(!done, 'a snapshot has all the pages that its first one names');
    return value;
  };
  const meta = JSON.parse(decodeUtf8(take())) as Meta;
  assert(meta.format === format, `snapshot format ${meta.format} is not one that this version reads`);
  const state = createState(meta.centre, meta.cell);
  state.sequence = meta.sequence;
  state.at = meta.at;
  state.businessDate = meta.businessDate;
  state.schemeVersion = meta.schemeVersion;
  state.scheme = meta.scheme ?? undefined;
  state.participantsVersion = meta.participantsVersion;
  state.participants.push(...meta.participants);
  state.participants.forEach(({ code }, place) => {
    state.participantByCode[code] = place + 1;
  });
  state.home = meta.home;
  for (const [home, sequence] of meta.agreementsKnownTo) state.agreementsKnownTo.set(home, sequence);
  state.freeFlight = meta.freeFlight;
  state.flightSerial = meta.flightSerial;
  state.inFlight = meta.inFlight;
  state.remembered = meta.remembered;
  meta.segments.forEach((segment, number) => {
    const rows = segment === null ? undefined : new Rows(paymentStride);
    state.segments.push(rows && { ...segment!, rows });
    state.segmentIndexes.push(rows && new IdentifierIndex(rows, paymentFields.key, false));
    if (segment !== null) state.segmentOfDate.set(segment.date, number);
  });
  state.cycles.length = 0;
  for (const cycle of meta.cycles) {
    state.cycles.push({ ...cycle, state: cycle.state as CycleState, positions: new Rows(positionStride) });
  }
  tablesOf(state).forEach((table, number) => {
    for (let page = 0; page < meta.pages[number]; page++) table.restorePage(page, take());
  });
  rebuild(state);
  return state;
}

function rebuild(state: State): void {
  state.segments.forEach((segment, number) => {
    if (segment === undefined) return;
    for (let row = 0; row < segment.rows.count; row++) state.segmentIndexes[number]!.add(row);
  });
  for (let row = 0; row < state.agreements.count; row++) state.agreementIndex.add(row);
  for (let row = 0; row < state.knownAgreements.count; row++) state.knownAgreementIndex.add(row);
  for (let row = 0; row < state.shares.count; row++) nameShare(state, row);
  for (let row = 0; row < state.refunds.count; row++) state.refundIndex.add(row);
  for (let slot = 0; slot < state.flights.count; slot++) {
    if (state.flights.u8(slot, flightFields.subject) === flightSubjects.free) continue;
    const dueAt = state.flights.u64(slot, flightFields.dueAt);
    state.deadlines.set(slot, dueAt, state.flights.u64(slot, flightFields.serial));
  }
}
