/** The archive in memory, for tests and the simulator: the same feed, and look-ups that read everything. */
import { identifierToBytes, parseIdentifier, paymentStates } from '@clearway/core';
import type { PaymentRecord } from '../port.ts';
import { ArchiveFeed, type CopyReference, createRing, defaultFeedBytes, FeedReader } from './feed.ts';
import { FreshRecords } from './fresh-records.ts';
import type { PaymentArchive, RecordBlock } from './port.ts';
import {
  compareIds,
  compareOrders,
  inlineReferenceBytes,
  type Order,
  paymentRecord,
  recordBytes,
  recordFields,
  submissionOrder,
  touches,
} from './record.ts';
import { Counting, fitsOf, scanFresh } from './scan.ts';

/** Outlives the archives that are opened on it. */
export interface MemoryArchiveDisk {
  readonly records: FreshRecords;
}

export const memoryArchiveDisk = (): MemoryArchiveDisk => ({ records: new FreshRecords(1) });

export function memoryArchive(options: {
  readonly copyReference: CopyReference;
  readonly disk?: MemoryArchiveDisk;
  readonly feedBytes?: number;
}): PaymentArchive {
  const { records } = options.disk ?? memoryArchiveDisk();
  const ring = createRing(options.feedBytes ?? defaultFeedBytes);
  const reader = new FeedReader(ring);
  const cursor = records.sequence;

  const take = () => {
    reader.read(Number.POSITIVE_INFINITY, (batch) => {
      records.take(batch);
      return true;
    });
  };
  const slots = (): number[] => Array.from({ length: records.used }, (_, slot) => slot);
  const recordAt = (slot: number) => paymentRecord(records.bytes, slot * recordBytes, records.endToEndId(slot));
  const lastSubmittedFirst = (a: PaymentRecord, b: PaymentRecord) =>
    b.requestSequence - a.requestSequence || b.requestIndex - a.requestIndex;

  /** There is no worker that would read: what is published is taken at once. */
  class TakenFeed extends ArchiveFeed {
    override publish(sequence: number): void {
      super.publish(sequence);
      take();
    }
  }

  return {
    cursor,
    feed: new TakenFeed(ring, cursor, options.copyReference),
    async found() {},
    async kept() {},
    async payment(paymentId) {
      const id = parseIdentifier(paymentId);
      const slot = id === undefined ? -1 : records.find(identifierToBytes(id));
      return slot < 0 ? undefined : recordAt(slot);
    },
    async byReference(participant, endToEndId, limit) {
      const found = slots()
        .filter((slot) => records.institutions[slot] === participant)
        .filter((slot) => Buffer.compare(records.endToEndId(slot), Buffer.from(endToEndId)) === 0);
      return found.map(recordAt).sort(lastSubmittedFirst).slice(0, limit);
    },
    async byParticipant({ participant, from = 0, to = Number.POSITIVE_INFINITY, after, limit }) {
      const all = slots()
        .filter((slot) => touches(records.view, slot * recordBytes, participant))
        .map(recordAt)
        .filter(({ submittedAt }) => submittedAt >= from && submittedAt < to)
        .sort(lastSubmittedFirst);
      if (after === undefined) return all.slice(0, limit);
      const last = await this.payment(after);
      return last === undefined ? [] : all.filter((one) => lastSubmittedFirst(last, one) < 0).slice(0, limit);
    },
    async search({ before = [Number.POSITIVE_INFINITY, 0], limit, ...filter }) {
      const fits = fitsOf(filter);
      const found: { order: Order; slot: number }[] = [];
      scanFresh(records, (view, at, slot) => {
        const order = submissionOrder(view, at);
        if (compareOrders(order, before) < 0 && fits(view, at)) found.push({ order, slot });
      });
      found.sort((a, b) => compareOrders(b.order, a.order));
      const payments = found.slice(0, limit).map(({ slot }) => recordAt(slot));
      return found.length > limit ? { payments, next: found[limit - 1].order } : { payments };
    },
    async tally({ by, stepMs, stepsFrom = 0, ...filter }) {
      const fits = fitsOf(filter);
      const counting = new Counting({ by, stepMs, stepsFrom });
      scanFresh(records, (view, at) => {
        if (fits(view, at)) counting.add(view, at);
      });
      return { rows: counting.rows() };
    },
    async *ofCycle(cycle, participant) {
      const found = slots()
        .filter((slot) => touches(records.view, slot * recordBytes, participant))
        .filter((slot) => records.view.getUint32(slot * recordBytes + recordFields.cycle) === cycle)
        .filter((slot) => records.bytes[slot * recordBytes + recordFields.state] === paymentStates.succeeded)
        .sort((a, b) => compareIds(records.view, a * recordBytes, records.view, b * recordBytes));
      if (found.length === 0) return;
      const bytes = new Uint8Array(found.length * recordBytes);
      const block: RecordBlock = {
        bytes,
        view: new DataView(bytes.buffer),
        count: found.length,
        longTexts: new Map(),
      };
      found.forEach((slot, index) => {
        bytes.set(records.bytes.subarray(slot * recordBytes, (slot + 1) * recordBytes), index * recordBytes);
        const text = records.endToEndId(slot);
        if (text.length > inlineReferenceBytes) block.longTexts.set(index, text.slice());
      });
      yield block;
    },
    async close() {},
  };
}
