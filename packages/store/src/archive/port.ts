/**
 * The archive of payments: every payment is found by its identifier, by its institution's own reference, and by
 * participant and time, soon after its batch is durable and at any rate. It is a picture of the journal: thrown away,
 * it is made again (`rebuildArchive`).
 *
 * The cell feeds it on its own thread; everything else happens in a worker:
 * ```ts
 * const archive = await openArchive({ directory, chance, copyReference, failed: halt, log });
 *
 * // Recovery replays from the newest snapshot; what the archive does not know yet of that is told again.
 * // A snapshot after archive.cursor (the folder was lost): await rebuildArchive(archive, …) before recovering.
 * if (batch.sequence >= archive.feed.next) {
 *   while (!feedBatch(archive.feed, state, batch)) await archive.found(archive.feed.published);
 *   archive.feed.publish(batch.sequence);
 * }
 *
 * // Serving, before a batch is formed: no room is overload, and nothing has been done yet.
 * if (!archive.feed.hasRoom(factsBytes, mostEffects)) refuse('overloaded');
 * // Right after applyBatch.
 * assert(feedBatch(archive.feed, state, batch), 'there was room');
 * // When the batch is durable; also for what a claim found in the journal.
 * archive.feed.publish(batch.sequence);
 * // Before a snapshot of batch n is sealed, and before files of a cycle are made that was cut in batch n.
 * await archive.kept(n);
 * ```
 */
import type { PaymentRecord } from '../port.ts';
import type { ArchiveFeed } from './feed.ts';
import type { Order } from './record.ts';
import type { RecordFilter, Tally, TallyRow } from './scan.ts';

export interface ParticipantQuery {
  /** Code of a payment institution or a bank; both sides of its payments are found. */
  readonly participant: number;
  /** Submitted at or after this, ms. */
  readonly from?: number;
  /** Submitted before this, ms. */
  readonly to?: number;
  /** Continue after this payment of the last page. */
  readonly after?: string;
  /** 1 to 1000. */
  readonly limit: number;
}

/** A search by anything that stands in a record, last submitted first. */
export interface ArchiveSearch extends RecordFilter {
  /** Continue with what was submitted before this; `next` of an earlier answer. */
  readonly before?: Order;
  /** 1 to 1000. */
  readonly limit: number;
  /** About how many records are read at most; a million by default. */
  readonly mostRead?: number;
}

export interface ArchiveFound {
  readonly payments: readonly PaymentRecord[];
  /** Where to go on: there is more, or not everything has been read. Undefined at the end. */
  readonly next?: Order;
  /** ms: everything submitted after this was read. Undefined where all was. */
  readonly readTo?: number;
}

export interface ArchiveTally extends RecordFilter, Tally {
  /** About how many records are read at most; a million by default. */
  readonly mostRead?: number;
}

export interface ArchiveCounted {
  readonly rows: readonly TallyRow[];
  /** ms: what was submitted at or before this may not have been counted. Undefined where everything was. */
  readonly readTo?: number;
}

/** Records as they lie in a file, for those who read millions; see record.ts for the layout. */
export interface RecordBlock {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Records in it, one after the other, from the beginning on. */
  count: number;
  /** The endToEndId of record `index` where it is longer than fits into it. */
  readonly longTexts: Map<number, Uint8Array>;
}

export interface PaymentArchive {
  /** Last batch that was on disk when it was opened: it has to be fed from the next one on. */
  readonly cursor: number;
  readonly feed: ArchiveFeed;
  /** Resolves when everything that was published up to batch `sequence` is found. */
  found(sequence: number): Promise<void>;
  /** Resolves when everything up to batch `sequence` would be found after a crash too, without being fed again. */
  kept(sequence: number): Promise<void>;
  /** The payment with this identifier of 31 digits. */
  payment(paymentId: string): Promise<PaymentRecord | undefined>;
  /**
   * Payments to which an institution has given this reference, last submitted first. Should an institution give the
   * same to more than `limit`, those that have ended last are chosen.
   */
  byReference(participant: number, endToEndId: string, limit: number): Promise<PaymentRecord[]>;
  /** Payments that touch a participant, last submitted first. */
  byParticipant(query: ParticipantQuery): Promise<PaymentRecord[]>;
  /** Payments by anything that stands in their records, last submitted first. */
  search(query: ArchiveSearch): Promise<ArchiveFound>;
  /** Counts payments and adds up their amounts. @throws Error for too many rows */
  tally(query: ArchiveTally): Promise<ArchiveCounted>;
  /**
   * The succeeded payments of a cycle that touch a participant, in order of identifier. The cycle has to be cut, and
   * the archive to have kept the cut-off. A block is used again for the next.
   */
  ofCycle(cycle: number, participant: number): AsyncIterable<RecordBlock>;
  close(): Promise<void>;
}

/** The archive has failed and is not fed any more; look-ups may still work. */
export class ArchiveFailedError extends Error {
  override name = 'ArchiveFailedError';
}
