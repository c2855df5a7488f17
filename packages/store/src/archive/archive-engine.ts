/**
 * The archive itself, without a thread of its own: it takes batches, closes segments, merges their keys, drops what is
 * older than it has to be, and answers. Look-ups and taking are synchronous; writing files yields.
 */
import { rm, stat } from 'node:fs/promises';
import { identifierToBytes, parseIdentifier, paymentStates, readUint64 } from '@clearway/core';
import type { PaymentRecord } from '../port.ts';
import { keysPath, openRuns, openSegments, openTail, segmentPath, type Tidying, tailPath } from './archive-folder.ts';
import { flushFolder, OpenFiles } from './block-file.ts';
import type { FedBatch } from './feed.ts';
import { FreshRecords } from './fresh-records.ts';
import { KeyRun, largestRun, mergeRuns, mergeWidth, writeRun } from './key-run.ts';
import { Newest } from './newest.ts';
import type { ArchiveCounted, ArchiveFound, ArchiveSearch, ArchiveTally, ParticipantQuery } from './port.ts';
import {
  compareOrders,
  finalStates,
  institutionOf,
  type Order,
  paymentRecord,
  recordBytes,
  recordFields,
  submissionOrder,
} from './record.ts';
import { Counting, fitsOf, type RecordFilter, rightAfter, scanFresh, scanSegment } from './scan.ts';
import { hashIdentifier, hashReference } from './search-hash.ts';
import {
  copyOpen,
  largestSegment,
  prepareSegment,
  Segment,
  type SegmentContent,
  slotsByRow,
  writeSegment,
} from './segment.ts';

export interface ArchiveSettings {
  /** A folder of its own, on a local disk; one process at a time. */
  readonly directory: string;
  /** Records in a segment, 1 to 196608 (the default). */
  readonly segmentRecords?: number;
  /** How long after its end a payment is kept, ms; for ever by default. */
  readonly keepMs?: number;
  /** Most bytes on disk, give or take a segment (about 34 MB); without bound by default. */
  readonly largestBytes?: number;
}

export interface ArchiveEngine {
  /** Last batch that is there after a crash. */
  readonly cursor: number;
  /** Last batch that was taken. */
  readonly sequence: number;
  /** Whether no batch must be taken until a segment is closed. */
  readonly isFull: boolean;
  /** Whether there is enough for a segment. */
  readonly wantsClosing: boolean;
  take(batch: FedBatch): void;
  /**
   * Closes a segment, or when there is too little for one makes everything up to now outlast a crash; it does that now
   * and then by itself as well. Called again after a failure, it goes on.
   */
  keep(): Promise<void>;
  readonly mergeIsDue: boolean;
  /** Merges keys as long as there is something to merge. Runs beside {@link keep}. */
  merge(): Promise<void>;
  payment(paymentId: string): PaymentRecord | undefined;
  byReference(participant: number, endToEndId: string, limit: number): PaymentRecord[];
  byParticipant(query: ParticipantQuery): PaymentRecord[];
  /** Yields between bites of some hundredths of a second, so that others have their turn. */
  search(query: ArchiveSearch): Generator<void, ArchiveFound>;
  tally(query: ArchiveTally): Generator<void, ArchiveCounted>;
  close(): void;
}

/** About how many records a search reads before it answers with what it has. */
const mostReadAtOnce = 1_000_000;
const endOfTime: Order = [Number.POSITIVE_INFINITY, 0];

/** @param seed of the folder, see openFolder. @throws DamagedArchiveError */
export async function openEngine(
  settings: ArchiveSettings,
  seed: number,
  tidying: Tidying = 'removes',
): Promise<ArchiveEngine> {
  const { directory, keepMs = Number.POSITIVE_INFINITY, largestBytes = Number.POSITIVE_INFINITY } = settings;
  const segmentRecords = Math.min(settings.segmentRecords ?? largestSegment, largestSegment);
  const files = new OpenFiles();
  const fresh = new FreshRecords(seed);
  const tail = openTail(directory, files);
  /** Segments below this one are there after a crash, with what the tail says. */
  let keptNumber = tail?.head.number ?? 0;
  let cursor = tail?.head.sequence ?? 0;
  let nextNumber = keptNumber;
  const segments = await openSegments(directory, files, keptNumber, tidying);
  let runs = await openRuns(directory, files, segments[0]?.head.number ?? keptNumber, keptNumber - 1, tidying);
  const sizes = await Promise.all(segments.map(async ({ path }) => (await stat(path)).size));
  /** A segment that is being written, whose records are still among the fresh ones. */
  let closing: SegmentContent | undefined;
  /** Set by a merge, so that retention does not take its files away. */
  let merging = false;

  if (tail !== undefined) {
    for (const { bytes, endToEndId } of tail.everything()) fresh.restore(bytes, endToEndId);
    fresh.sequence = tail.head.sequence;
    fresh.at = tail.head.at;
    files.forget(tail.path);
  }

  const closeSegment = async () => {
    closing ??= prepareSegment(fresh, fresh.takeEnded(), nextNumber);
    const { number, ended } = closing;
    const keys = keysPath(directory, number, number);
    const path = segmentPath(directory, number);
    const slots = slotsByRow(closing);
    const column = (hashes: Uint32Array) => slots.map((slot) => hashes[slot]);
    await writeRun(keys, number, column(fresh.idHashes), column(fresh.referenceHashes));
    await writeSegment(path, closing);
    const segment = new Segment(files, path);
    sizes.push((await stat(path)).size);
    segments.push(segment);
    runs.push(new KeyRun(files, keys));
    fresh.release(ended);
    closing = undefined;
    nextNumber = number + 1;
    await dropOld();
  };

  /** From here on everything up to now is there after a crash. */
  const writeTail = async () => {
    const content = prepareSegment(fresh, fresh.ended.slice(0, fresh.endedCount), nextNumber, copyOpen(fresh));
    // What the tail relies on has its name for good before the tail has.
    await flushFolder(directory);
    await writeSegment(tailPath(directory), content);
    await flushFolder(directory);
    cursor = content.sequence;
    keptNumber = content.number;
  };

  /** The last segment that is kept stays whatever its age: without it, that one is missing could not be told. */
  const dropOld = async () => {
    const isOld = () =>
      segments[0].head.lastChangedAt < fresh.at - keepMs || sizes.reduce((sum, size) => sum + size, 0) > largestBytes;
    while (segments.length > 1 && segments[0].head.number < keptNumber - 1 && !merging && isOld()) {
      const { path } = segments.shift()!;
      sizes.shift();
      files.forget(path);
      await rm(path);
    }
    for (const run of runs.filter((one) => one.last < segments[0].head.number)) {
      if (merging) break;
      runs = runs.filter((one) => one !== run);
      files.forget(run.path);
      await rm(run.path);
    }
  };

  /** Neighbours that are kept and not one run yet: the first and last segment that they are to cover. */
  const due = (): { first: number; last: number } | undefined => {
    for (let width = mergeWidth; width <= largestRun; width *= mergeWidth) {
      for (const run of runs) {
        const first = Math.floor(run.first / width) * width;
        if (run.last - run.first + 1 < width && first + width <= keptNumber) return { first, last: first + width - 1 };
      }
    }
    return undefined;
  };

  const mergeSpan = async (first: number, last: number) => {
    const parts = runs.filter((run) => run.first >= first && run.last <= last);
    const path = keysPath(directory, first, last);
    await mergeRuns(files, path, parts, first, last);
    await flushFolder(directory);
    const merged = new KeyRun(files, path);
    const place = runs.indexOf(parts[0]);
    runs.splice(place, parts.length, merged);
    for (const part of parts) {
      files.forget(part.path);
      await rm(part.path);
    }
  };

  const segmentOf = (number: number): Segment | undefined =>
    segments.length === 0 ? undefined : segments[number - segments[0].head.number];

  const freshRecord = (slot: number) => paymentRecord(fresh.bytes, slot * recordBytes, fresh.endToEndId(slot));

  /** A record by its identifier as it lies: where it is now. */
  const find = (id: Uint8Array): { bytes: Uint8Array; endToEndId: Uint8Array } | undefined => {
    const slot = fresh.find(id);
    if (slot >= 0) {
      const bytes = fresh.bytes.slice(slot * recordBytes, (slot + 1) * recordBytes);
      return { bytes, endToEndId: fresh.endToEndId(slot) };
    }
    const hash = hashIdentifier(seed, new DataView(id.buffer, id.byteOffset, id.byteLength), 0);
    for (let i = runs.length - 1; i >= 0; i--) {
      for (const { segment, row } of runs[i].find(hash)) {
        const found = segmentOf(segment)?.record(row);
        if (found !== undefined && Buffer.compare(found.bytes.subarray(0, id.length), id) === 0) return found;
      }
    }
    return undefined;
  };

  const findId = (paymentId: string) => {
    const identifier = parseIdentifier(paymentId);
    return identifier === undefined ? undefined : find(identifierToBytes(identifier));
  };

  /** Segments with records that may fit, the last submitted first; none where only payments in flight are asked for. */
  const candidatesOf = ({ states, from = 0, to = Number.POSITIVE_INFINITY, cycle }: RecordFilter, before: Order) => {
    if (states?.every((state) => finalStates[paymentStates[state]] === 0)) return [];
    return segments
      .filter(({ head }) => head.records > 0 && head.lastSubmittedAt >= from && head.firstSubmittedAt < to)
      .filter(({ head }) => cycle === undefined || (head.firstCycle <= cycle && head.lastCycle >= cycle))
      .filter(({ head }) => compareOrders(head.firstOrder, before) < 0)
      .sort((a, b) => compareOrders(b.head.lastOrder, a.head.lastOrder));
  };

  return {
    get cursor() {
      return cursor;
    },
    get sequence() {
      return fresh.sequence;
    },
    get isFull() {
      return fresh.endedCount >= segmentRecords;
    },
    get wantsClosing() {
      return closing !== undefined || fresh.endedCount >= segmentRecords;
    },
    take: (batch) => fresh.take(batch),

    async keep() {
      const isFull = closing !== undefined || fresh.endedCount >= segmentRecords;
      if (isFull) await closeSegment();
      if (cursor < fresh.sequence && (!isFull || nextNumber >= keptNumber + mergeWidth)) await writeTail();
    },

    get mergeIsDue() {
      return !merging && due() !== undefined;
    },

    async merge() {
      merging = true;
      try {
        for (let span = due(); span !== undefined; span = due()) await mergeSpan(span.first, span.last);
      } finally {
        merging = false;
      }
    },

    payment(paymentId) {
      const found = findId(paymentId);
      return found === undefined ? undefined : paymentRecord(found.bytes, 0, found.endToEndId);
    },

    byReference(participant, endToEndId, limit) {
      const text = Buffer.from(endToEndId);
      const newest = new Newest<PaymentRecord>(limit);
      let found = 0;
      for (const slot of fresh.findReference(participant, text)) {
        newest.add(submissionOrder(fresh.view, slot * recordBytes), freshRecord(slot));
        found++;
      }
      const hash = hashReference(seed, participant, text, 0, text.length);
      for (let i = runs.length - 1; i >= 0 && found < limit; i--) {
        for (const { segment, row } of runs[i].find(hash)) {
          const record = segmentOf(segment)?.record(row);
          if (record === undefined || Buffer.compare(record.endToEndId, text) !== 0) continue;
          const view = new DataView(record.bytes.buffer);
          if (institutionOf(view, 0) !== participant) continue;
          newest.add(submissionOrder(view, 0), paymentRecord(record.bytes, 0, record.endToEndId));
          if (++found >= limit) break;
        }
      }
      return newest.list();
    },

    byParticipant({ participant, from = 0, to = Number.POSITIVE_INFINITY, after, limit }) {
      let before = endOfTime;
      if (after !== undefined) {
        const found = findId(after);
        if (found === undefined) return [];
        before = submissionOrder(new DataView(found.bytes.buffer, found.bytes.byteOffset), 0);
      }
      const newest = new Newest<() => PaymentRecord>(limit);
      const { institutions, banks, view } = fresh;
      for (let slot = 0; slot < fresh.used; slot++) {
        if (institutions[slot] !== participant && banks[slot] !== participant) continue;
        const at = slot * recordBytes;
        const order = submissionOrder(view, at);
        const submittedAt = readUint64(view, at + recordFields.submittedAt);
        if (submittedAt < from || submittedAt >= to || compareOrders(order, before) >= 0) continue;
        newest.add(order, () => freshRecord(slot));
      }
      const candidates = segments
        .filter(({ head }) => head.records > 0 && head.lastSubmittedAt >= from && head.firstSubmittedAt < to)
        .filter(({ head }) => compareOrders(head.firstOrder, before) < 0)
        .sort((a, b) => compareOrders(b.head.lastOrder, a.head.lastOrder));
      for (const segment of candidates) {
        if (compareOrders(segment.head.lastOrder, newest.least) <= 0) break;
        addNewest(segment, participant, from, to, before, newest);
      }
      return newest.list().map((read) => read());
    },

    *search({ before = endOfTime, limit, mostRead = mostReadAtOnce, ...filter }) {
      const fits = fitsOf(filter);
      const newest = new Newest<{ order: Order; read: () => PaymentRecord }>(limit + 1);
      const consider = (view: DataView, at: number, add: (order: Order) => void) => {
        const order = submissionOrder(view, at);
        if (compareOrders(order, before) < 0 && compareOrders(order, newest.least) > 0 && fits(view, at)) add(order);
      };
      const slots = new Newest<{ order: Order; slot: number }>(limit + 1);
      scanFresh(fresh, (view, at, slot) => consider(view, at, (order) => slots.add(order, { order, slot })));
      const candidates = candidatesOf(filter, before);
      // Slots are used again as soon as others have their turn.
      for (const { order, slot } of slots.list()) {
        const record = freshRecord(slot);
        newest.add(order, { order, read: () => record });
      }
      let read = fresh.used;
      let isFurther = false;
      let unread: Segment | undefined;
      for (const segment of candidates) {
        const { lastOrder } = segment.head;
        if (compareOrders(lastOrder, newest.least) <= 0) break;
        if (read >= mostRead && isFurther) {
          unread = segment;
          break;
        }
        read += scanSegment(segment, filter, (view, at, row) =>
          consider(view, at, (order) => {
            const record = () => {
              const { bytes, endToEndId } = segment.record(row);
              return paymentRecord(bytes, 0, endToEndId);
            };
            newest.add(order, { order, read: record });
          }),
        );
        // What was read for an earlier answer already does not bring this one any further.
        isFurther ||= compareOrders(lastOrder, before) < 0;
        yield;
      }
      const whole = unread === undefined ? [-1, 0] : unread.head.lastOrder;
      const found = newest.list().filter(({ order }) => compareOrders(order, whole as Order) > 0);
      const payments = found.slice(0, limit).map((one) => one.read());
      if (found.length > limit) return { payments, next: found[limit - 1].order };
      if (unread === undefined) return { payments };
      return { payments, next: rightAfter(unread.head.lastOrder), readTo: unread.head.lastSubmittedAt };
    },

    *tally({ by, stepMs, stepsFrom = 0, mostRead = mostReadAtOnce, ...filter }) {
      const fits = fitsOf(filter);
      const counting = new Counting({ by, stepMs, stepsFrom });
      const add = (view: DataView, at: number) => {
        if (fits(view, at)) counting.add(view, at);
      };
      scanFresh(fresh, add);
      let read = fresh.used;
      for (const segment of candidatesOf(filter, endOfTime)) {
        if (read >= mostRead) return { rows: counting.rows(), readTo: segment.head.lastSubmittedAt };
        read += scanSegment(segment, filter, add);
        yield;
      }
      return { rows: counting.rows() };
    },

    close() {
      files.close();
    },
  };
}

/** Adds the newest of a participant's records in a segment that fit, as long as there may be any among the newest of all. */
function addNewest(
  segment: Segment,
  participant: number,
  from: number,
  to: number,
  before: Order,
  newest: Newest<() => PaymentRecord>,
): void {
  const { count, row } = segment.postings(participant);
  const records = segment.records();
  const isBefore = (index: number) => {
    const at = records.item(row(index), recordBytes);
    const submittedAt = readUint64(records.view, at + recordFields.submittedAt);
    return submittedAt < to && compareOrders(submissionOrder(records.view, at), before) < 0;
  };
  // Postings ascend by submission: the last one that is early enough is found by halving.
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(middle)) low = middle + 1;
    else high = middle;
  }
  for (let index = low - 1; index >= 0; index--) {
    const place = row(index);
    const at = records.item(place, recordBytes);
    const order = submissionOrder(records.view, at);
    if (compareOrders(order, newest.least) <= 0 || readUint64(records.view, at + recordFields.submittedAt) < from)
      return;
    newest.add(order, () => {
      const { bytes, endToEndId } = segment.record(place);
      return paymentRecord(bytes, 0, endToEndId);
    });
  }
}
