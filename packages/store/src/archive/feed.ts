/**
 * What the cell tells its archive, as flat bytes in shared memory: a ring with one writer (the cell's thread) and one
 * reader (the archive's worker). No object a payment, no message a batch, no wait on either side.
 *
 * One entry of the ring is one batch, a multiple of 8 bytes, in one piece:
 * ```
 *  0 size      u32   of the whole; 0: go on at the beginning of the ring
 *  4 facts     u32   bytes of the facts column that follows the head
 *  8 sequence  u64
 * 16 at        u64
 * 24 changes   u32   how many follow the facts, each of
 *      0 kind       u8    1 submitted, 2 changed
 *      submitted:   endToEndId's length u8, index of the command u16, endToEndId, zeros to a multiple of 4
 *      changed:     state u8, reason u16, cycle u32, index u16, by a bank's answer u8, zero, identifier 16
 * ```
 * What is written becomes visible to the reader when it is published, that is, when the batch is durable.
 */
import { assert, identifierBytes, readUint64, writeUint64 } from '@clearway/core';
import { largestReferenceBytes } from './record.ts';

const headBytes = 32;
const changedBytes = 12 + identifierBytes;
/** Most that one change takes. */
const largestChange = 4 + largestReferenceBytes;

export const changeKinds = { submitted: 1, changed: 2 } as const;

/** Places in the shared control words: positions in the ring, in bytes. */
const controls = { published: 0, consumed: 1 } as const;

/**
 * Copies the endToEndId (UTF-8, 1 to 140 bytes) of the payment request that lies in `bodies` from `at` on to `into` from
 * `to` on, and returns its length.
 */
export type CopyReference = (bodies: Uint8Array, at: number, length: number, into: Uint8Array, to: number) => number;

export interface SharedRing {
  readonly control: SharedArrayBuffer;
  readonly bytes: SharedArrayBuffer;
}

/** What the cell may be ahead of the archive: some seconds at the highest rate, while a disk is slow. */
export const defaultFeedBytes = 64 << 20;

/** @param size of the ring in bytes, a multiple of 8; a second of the highest rate takes about 25 MB */
export function createRing(size: number): SharedRing {
  assert(size % 8 === 0 && size < 2 ** 31, 'a ring is a multiple of eight bytes, below 2 GiB');
  return { control: new SharedArrayBuffer(8), bytes: new SharedArrayBuffer(size) };
}

/** The cell's end. Batches are begun, filled and ended one after the other, and published in the same order. */
export class ArchiveFeed {
  private readonly control: Int32Array;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly copyReference: CopyReference;
  /** Ends of batches that are written and not published: sequence and position, in order. */
  private readonly unpublished: { sequence: number; end: number }[] = [];
  private start = 0;
  private place = 0;
  private limit = 0;
  private changes = 0;
  private last: number;
  /** Sequence of the last batch that was published. */
  published: number;

  /** @param cursor last batch that the archive holds: the next to come is the one after it */
  constructor(ring: SharedRing, cursor: number, copyReference: CopyReference) {
    this.control = new Int32Array(ring.control);
    this.bytes = new Uint8Array(ring.bytes);
    this.view = new DataView(ring.bytes);
    this.copyReference = copyReference;
    this.last = cursor;
    this.published = cursor;
  }

  /** Sequence of the batch to come. */
  get next(): number {
    return this.last + 1;
  }

  /** Whether a batch with so many bytes of facts and so many changes has room now. */
  hasRoom(factsBytes: number, changes: number): boolean {
    return this.placeFor(roomOf(factsBytes, changes)) >= 0;
  }

  /**
   * Begins a batch of at most `changes` changes.
   * @returns false when the ring is full: the archive is behind, and the cell has to take less
   */
  begin(sequence: number, at: number, facts: Uint8Array, changes: number): boolean {
    assert(sequence === this.last + 1, 'the archive is told every batch once, in order');
    const room = roomOf(facts.length, changes);
    assert(room < this.bytes.length / 2, 'a batch takes less than half of the ring');
    const start = this.placeFor(room);
    if (start < 0) return false;
    if (start !== this.start) this.view.setUint32(this.start, 0);
    this.start = start;
    this.limit = start + room;
    this.view.setUint32(start + 4, facts.length);
    writeUint64(this.view, start + 8, sequence);
    writeUint64(this.view, start + 16, at);
    this.bytes.set(facts, start + headBytes);
    this.place = start + headBytes + facts.length;
    this.changes = 0;
    return true;
  }

  /**
   * Command `index` of the batch has brought a new payment, refused or offered as its outcome says. Its body lies in
   * `bodies` from `at` on.
   */
  submitted(index: number, bodies: Uint8Array, at: number, bodyLength: number): void {
    const { place, view, bytes } = this;
    const length = this.copyReference(bodies, at, bodyLength, bytes, place + 4);
    assert(length > 0 && length <= largestReferenceBytes, 'an endToEndId has 1 to 140 bytes');
    view.setUint8(place, changeKinds.submitted);
    view.setUint8(place + 1, length);
    view.setUint16(place + 2, index);
    this.place = (place + 4 + length + 3) & ~3;
    this.changes++;
  }

  /**
   * A payment that was submitted before has changed, and this is what it is at the end of the batch.
   * @param index of the command that brought it; the body at that index is the bank's answer if `byAnswer`
   */
  changed(
    id: DataView,
    idAt: number,
    state: number,
    reason: number,
    cycle: number,
    index: number,
    byAnswer: boolean,
  ): void {
    const { place, view } = this;
    view.setUint8(place, changeKinds.changed);
    view.setUint8(place + 1, state);
    view.setUint16(place + 2, reason);
    view.setUint32(place + 4, cycle);
    view.setUint16(place + 8, index);
    view.setUint16(place + 10, byAnswer ? 0x100 : 0);
    for (let i = 0; i < identifierBytes; i += 4) view.setUint32(place + 12 + i, id.getUint32(idAt + i));
    this.place = place + changedBytes;
    this.changes++;
  }

  /** Ends the batch; the reader does not see it yet. */
  end(): void {
    const { start, view } = this;
    assert(this.place <= this.limit, 'a batch keeps to the room that it asked for');
    const end = (this.place + 7) & ~7;
    view.setUint32(start, end - start);
    view.setUint32(start + 24, this.changes);
    this.last++;
    this.start = end;
    this.unpublished.push({ sequence: this.last, end: this.start });
  }

  /** Lets the reader have every batch up to `sequence`: they are durable. */
  publish(sequence: number): void {
    let end = -1;
    while (this.unpublished.length > 0 && this.unpublished[0].sequence <= sequence) end = this.unpublished.shift()!.end;
    if (end < 0) return;
    this.published = sequence;
    Atomics.store(this.control, controls.published, end);
  }

  /** Where so many bytes fit in one piece, or -1. What is unread is never written over, nor made to look like nothing. */
  private placeFor(room: number): number {
    const consumed = Atomics.load(this.control, controls.consumed);
    const { start } = this;
    if (start < consumed) return start + room < consumed ? start : -1;
    // The mark that sends the reader to the beginning needs its four bytes as well.
    if (start + room + 8 <= this.bytes.length) return start;
    return room < consumed ? 0 : -1;
  }
}

function roomOf(factsBytes: number, changes: number): number {
  return (headBytes + factsBytes + changes * largestChange + 7) & ~7;
}

/** One batch as the reader sees it: places in the ring, valid until the next is asked for. */
export interface FedBatch {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly words: Uint32Array;
  sequence: number;
  at: number;
  /** Where the facts begin and end. */
  facts: number;
  factsEnd: number;
  /** Where the changes begin, and how many there are. */
  changes: number;
  count: number;
}

/** The archive's end. */
export class FeedReader {
  private readonly control: Int32Array;
  private readonly batch: FedBatch;

  constructor(ring: SharedRing) {
    this.control = new Int32Array(ring.control);
    this.batch = {
      bytes: new Uint8Array(ring.bytes),
      view: new DataView(ring.bytes),
      words: new Uint32Array(ring.bytes),
      sequence: 0,
      at: 0,
      facts: 0,
      factsEnd: 0,
      changes: 0,
      count: 0,
    };
  }

  /**
   * Hands published batches to `take`, oldest first, until there is none, `mostBytes` were read, or it returns false.
   * @returns whether there is more
   */
  read(mostBytes: number, take: (batch: FedBatch) => boolean): boolean {
    const { batch } = this;
    const published = Atomics.load(this.control, controls.published);
    let consumed = Atomics.load(this.control, controls.consumed);
    for (let left = mostBytes; consumed !== published && left > 0; ) {
      const size = batch.view.getUint32(consumed);
      if (size === 0) {
        consumed = 0;
        continue;
      }
      batch.sequence = readUint64(batch.view, consumed + 8);
      batch.at = readUint64(batch.view, consumed + 16);
      batch.facts = consumed + headBytes;
      batch.factsEnd = batch.facts + batch.view.getUint32(consumed + 4);
      batch.changes = batch.factsEnd;
      batch.count = batch.view.getUint32(consumed + 24);
      const goOn = take(batch);
      left = goOn ? left - size : 0;
      consumed += size;
      Atomics.store(this.control, controls.consumed, consumed);
    }
    return consumed !== published;
  }
}
