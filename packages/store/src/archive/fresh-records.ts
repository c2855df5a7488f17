/**
 * Records that are not in a segment yet: payments in flight, and those that have ended since the last segment was
 * closed. They lie in slots that are used again; what look-ups search by stands in columns beside them, which a scan
 * reads at a word a record.
 */
import {
  assert,
  commandTypes,
  identifierBytes,
  identifierText,
  layout,
  outcomes,
  paymentStates,
  readIdentifier,
  writeUint64,
} from '@clearway/core';
import { changeKinds, type FedBatch } from './feed.ts';
import {
  finalStates,
  inlineReferenceBytes,
  institutionOf,
  largestParticipant,
  recordBytes,
  recordFields,
  writePlace,
} from './record.ts';
import { hashIdentifier, hashReference } from './search-hash.ts';

const submission = layout.submitPayment;
const smallest = 1 << 14;
const recordWords = recordBytes / 4;

export class FreshRecords {
  readonly seed: number;
  bytes = new Uint8Array(smallest * recordBytes);
  view = new DataView(this.bytes.buffer);
  /** By slot; 0 where it is free. */
  idHashes = new Uint32Array(smallest);
  referenceHashes = new Uint32Array(smallest);
  institutions = new Uint32Array(smallest);
  banks = new Uint32Array(smallest);
  /** Slots ever used. */
  used = 0;
  /** Slots of payments that have ended and are in no segment, in order of their ends. */
  ended = new Uint32Array(smallest);
  endedCount = 0;
  /** Payments in flight. */
  open = 0;
  /** Last batch that was taken. */
  sequence = 0;
  at = 0;
  private words = new Uint32Array(this.bytes.buffer);
  private free = new Uint32Array(smallest);
  private freeCount = 0;
  /** Slot + 1 of payments in flight, by hash of the identifier: open addressing. */
  private openSlots = new Uint32Array(smallest);
  /** Ended in the batch at hand; found by identifier until its end. */
  private justEnded: number[] = [];
  private readonly longTexts = new Map<number, Uint8Array>();

  constructor(seed: number) {
    this.seed = seed;
  }

  /** @throws Error for a batch that does not follow, or that changes what was never submitted */
  take(batch: FedBatch): void {
    const { view } = batch;
    if (batch.sequence !== this.sequence + 1) {
      throw new Error(`the archive is at batch ${this.sequence} and was told batch ${batch.sequence}`);
    }
    let command = 0;
    let offset = batch.facts;
    let place = batch.changes;
    for (let i = 0; i < batch.count; i++) {
      if (view.getUint8(place) === changeKinds.submitted) {
        const length = view.getUint8(place + 1);
        const index = view.getUint16(place + 2);
        for (; command < index; command++) offset += view.getUint32(offset + 4);
        this.submit(batch, offset, index, place + 4, length);
        place = (place + 4 + length + 3) & ~3;
      } else {
        this.change(batch, place);
        place += 12 + identifierBytes;
      }
    }
    for (const slot of this.justEnded) this.removeOpen(slot);
    this.justEnded.length = 0;
    this.sequence = batch.sequence;
    this.at = batch.at;
  }

  /** Puts back a record that an earlier run has kept. */
  restore(record: Uint8Array, endToEndId: Uint8Array): void {
    const slot = this.takeSlot();
    this.bytes.set(record, slot * recordBytes);
    this.setReference(slot, endToEndId, 0, endToEndId.length);
    this.setColumns(slot);
    if (finalStates[record[recordFields.state]] === 1) this.addEnded(slot);
    else this.addOpen(slot);
  }

  /** Slots of payments in flight. */
  openList(): Uint32Array {
    return this.openSlots.filter((entry) => entry !== 0).map((entry) => entry - 1);
  }

  /** Takes the list of those that have ended; they stay where they are until they are released. */
  takeEnded(): Uint32Array {
    const list = this.ended.slice(0, this.endedCount);
    this.endedCount = 0;
    return list;
  }

  /** Frees slots: what was in them is in a segment. */
  release(slots: Uint32Array): void {
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i];
      if (this.bytes[slot * recordBytes + recordFields.endToEndIdLength] > inlineReferenceBytes) {
        this.longTexts.delete(slot);
      }
      this.idHashes[slot] = 0;
      this.referenceHashes[slot] = 0;
      this.institutions[slot] = 0;
      this.banks[slot] = 0;
      this.free[this.freeCount++] = slot;
    }
  }

  /** Copies a record to a multiple of four bytes. */
  copy(slot: number, to: Uint32Array, at: number): void {
    const { words } = this;
    const from = slot * recordWords;
    for (let i = 0, word = at >> 2; i < recordWords; i++, word++) to[word] = words[from + i];
  }

  endToEndId(slot: number): Uint8Array {
    const at = slot * recordBytes;
    const length = this.bytes[at + recordFields.endToEndIdLength];
    if (length > inlineReferenceBytes) return this.longTexts.get(slot)!;
    return this.bytes.subarray(at + recordFields.endToEndId, at + recordFields.endToEndId + length);
  }

  /** Slot of the payment with this identifier, or -1. */
  find(id: Uint8Array): number {
    const idView = new DataView(id.buffer, id.byteOffset, id.byteLength);
    const hash = hashIdentifier(this.seed, idView, 0);
    for (let slot = this.next(this.idHashes, hash, 0); slot >= 0; slot = this.next(this.idHashes, hash, slot + 1)) {
      if (this.isAt(slot, idView, 0)) return slot;
    }
    return -1;
  }

  /** Slots of the payments that an institution has given this reference. */
  findReference(participant: number, endToEndId: Uint8Array): number[] {
    const hash = hashReference(this.seed, participant, endToEndId, 0, endToEndId.length);
    const slots: number[] = [];
    const hashes = this.referenceHashes;
    for (let slot = this.next(hashes, hash, 0); slot >= 0; slot = this.next(hashes, hash, slot + 1)) {
      if (this.institutions[slot] === participant && Buffer.compare(this.endToEndId(slot), endToEndId) === 0) {
        slots.push(slot);
      }
    }
    return slots;
  }

  private next(hashes: Uint32Array, hash: number, from: number): number {
    const slot = hashes.indexOf(hash, from);
    return slot < this.used ? slot : -1;
  }

  private submit(batch: FedBatch, offset: number, index: number, text: number, length: number): void {
    const { view } = batch;
    assert(view.getUint8(offset) === commandTypes.submitPayment, 'a submission is one');
    const slot = this.takeSlot();
    const at = slot * recordBytes;
    const to = this.view;
    copyWords(batch.words, offset + submission.id, this.words, at + recordFields.id, 4);
    copyWords(batch.words, offset + submission.reference, this.words, at + recordFields.reference, 4);
    copyWords(batch.words, offset + submission.hash, this.words, at + recordFields.hash, 4);
    copyWords(batch.words, offset + submission.amount, this.words, at + recordFields.amount, 2);
    copyWords(batch.words, offset + submission.receivedAt, this.words, at + recordFields.receivedAt, 2);
    writeUint64(to, at + recordFields.submittedAt, batch.at);
    writeUint64(to, at + recordFields.changedAt, batch.at);
    writePlace(to, at + recordFields.request, batch.sequence, index);
    writePlace(to, at + recordFields.answer, 0, 0);
    writeUint64(to, at + recordFields.sequence, batch.sequence);
    to.setUint32(at + recordFields.cycle, 0);
    const instructed = view.getUint32(offset + submission.instructed);
    to.setUint32(at + recordFields.instructed, instructed > largestParticipant ? 0 : instructed);
    to.setUint16(at + recordFields.currency, view.getUint16(offset + submission.currency));
    to.setUint16(at + recordFields.reason, view.getUint16(offset + 2));
    to.setUint8(at + recordFields.kind, view.getUint8(offset + submission.kind));
    const refused = view.getUint8(offset + 1) === outcomes.refused;
    to.setUint8(at + recordFields.state, refused ? paymentStates.refused : paymentStates.offered);
    this.setReference(slot, batch.bytes, text, length);
    this.setColumns(slot);
    if (refused) this.addEnded(slot);
    else this.addOpen(slot);
  }

  private change(batch: FedBatch, place: number): void {
    const { view } = batch;
    const slot = this.findOpen(view, place + 12);
    if (slot < 0) {
      const payment = identifierText(readIdentifier(view, place + 12));
      throw new Error(
        `payment ${payment} changed in batch ${batch.sequence}, but its submission is not in the archive`,
      );
    }
    const at = slot * recordBytes;
    const to = this.view;
    if (finalStates[to.getUint8(at + recordFields.state)] === 1) {
      throw new Error(`a payment has changed in batch ${batch.sequence} after its end`);
    }
    const state = view.getUint8(place + 1);
    const byAnswer = view.getUint8(place + 10) === 1;
    to.setUint8(at + recordFields.state, state);
    to.setUint16(at + recordFields.reason, view.getUint16(place + 2));
    to.setUint32(at + recordFields.cycle, view.getUint32(place + 4));
    writeUint64(to, at + recordFields.sequence, batch.sequence);
    writeUint64(to, at + recordFields.changedAt, batch.at);
    writePlace(to, at + recordFields.answer, byAnswer ? batch.sequence : 0, byAnswer ? view.getUint16(place + 8) : 0);
    if (finalStates[state] === 0) return;
    this.justEnded.push(slot);
    this.addEnded(slot);
  }

  private setReference(slot: number, from: Uint8Array, at: number, length: number): void {
    const to = slot * recordBytes + recordFields.endToEndId;
    const { bytes } = this;
    bytes[slot * recordBytes + recordFields.endToEndIdLength] = length;
    if (length > inlineReferenceBytes) {
      this.longTexts.set(slot, Uint8Array.from(from.subarray(at, at + length)));
      this.words.fill(0, to >> 2, (to + inlineReferenceBytes) >> 2);
      return;
    }
    for (let i = 0; i < length; i++) bytes[to + i] = from[at + i];
    for (let i = length; i < inlineReferenceBytes; i++) bytes[to + i] = 0;
  }

  private setColumns(slot: number): void {
    const at = slot * recordBytes;
    const { view, seed } = this;
    const institution = institutionOf(view, at);
    const length = this.bytes[at + recordFields.endToEndIdLength];
    this.idHashes[slot] = hashIdentifier(seed, view, at);
    this.referenceHashes[slot] =
      length > inlineReferenceBytes
        ? hashReference(seed, institution, this.longTexts.get(slot)!, 0, length)
        : hashReference(seed, institution, this.bytes, at + recordFields.endToEndId, length);
    this.institutions[slot] = institution;
    this.banks[slot] = view.getUint32(at + recordFields.instructed);
  }

  private takeSlot(): number {
    if (this.freeCount > 0) return this.free[--this.freeCount];
    if (this.used === this.idHashes.length) this.grow();
    return this.used++;
  }

  private grow(): void {
    const slots = this.used * 2;
    const bytes = new Uint8Array(slots * recordBytes);
    bytes.set(this.bytes);
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
    this.words = new Uint32Array(bytes.buffer);
    this.idHashes = grown(this.idHashes, slots);
    this.referenceHashes = grown(this.referenceHashes, slots);
    this.institutions = grown(this.institutions, slots);
    this.banks = grown(this.banks, slots);
    this.free = grown(this.free, slots);
  }

  private addEnded(slot: number): void {
    if (this.endedCount === this.ended.length) this.ended = grown(this.ended, this.ended.length * 2);
    this.ended[this.endedCount++] = slot;
  }

  private addOpen(slot: number): void {
    if (++this.open * 2 > this.openSlots.length) {
      const old = this.openSlots;
      this.openSlots = new Uint32Array(old.length * 2);
      for (const entry of old) if (entry !== 0) this.placeOpen(entry);
    }
    this.placeOpen(slot + 1);
  }

  private placeOpen(entry: number): void {
    const { openSlots } = this;
    const mask = openSlots.length - 1;
    let at = this.idHashes[entry - 1] & mask;
    while (openSlots[at] !== 0) at = (at + 1) & mask;
    openSlots[at] = entry;
  }

  private findOpen(id: DataView, idAt: number): number {
    const { openSlots, idHashes } = this;
    const mask = openSlots.length - 1;
    const hash = hashIdentifier(this.seed, id, idAt);
    for (let at = hash & mask; openSlots[at] !== 0; at = (at + 1) & mask) {
      const slot = openSlots[at] - 1;
      if (idHashes[slot] === hash && this.isAt(slot, id, idAt)) return slot;
    }
    return -1;
  }

  /** Takes an entry out and moves those behind it up, so that no search ends too early. */
  private removeOpen(slot: number): void {
    const { openSlots, idHashes } = this;
    const mask = openSlots.length - 1;
    let hole = idHashes[slot] & mask;
    while (openSlots[hole] !== slot + 1) hole = (hole + 1) & mask;
    for (let at = (hole + 1) & mask; openSlots[at] !== 0; at = (at + 1) & mask) {
      const home = idHashes[openSlots[at] - 1] & mask;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      openSlots[hole] = openSlots[at];
      hole = at;
    }
    openSlots[hole] = 0;
    this.open--;
  }

  private isAt(slot: number, id: DataView, idAt: number): boolean {
    const at = slot * recordBytes;
    const { view } = this;
    return (
      view.getUint32(at + 12) === id.getUint32(idAt + 12) &&
      view.getUint32(at + 8) === id.getUint32(idAt + 8) &&
      view.getUint32(at + 4) === id.getUint32(idAt + 4) &&
      view.getUint32(at) === id.getUint32(idAt)
    );
  }
}

/** Words from one place to another, both multiples of four bytes. */
function copyWords(from: Uint32Array, fromAt: number, to: Uint32Array, toAt: number, count: number): void {
  for (let i = 0; i < count; i++) to[(toAt >> 2) + i] = from[(fromAt >> 2) + i];
}

function grown(array: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(length);
  larger.set(array);
  return larger;
}
