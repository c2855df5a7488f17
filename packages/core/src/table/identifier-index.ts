/**
 * Finds a record by the identifier in it: open addressing over row numbers, in 4096 partitions that grow one at a
 * time, so that no single insert pays for the whole table. It holds nothing that the rows do not hold: a snapshot
 * leaves it out and a restart builds it again.
 */
import type { Rows } from './rows.ts';

const partitions = 4096;
const smallest = 8;
/** Of every partition that holds nothing; never written to. */
const empty = new Uint32Array(smallest);

/** Key words of an identifier: [date,] participant with the upper sequence bits, lower sequence bits. */
export interface Key {
  date: number;
  high: number;
  low: number;
}

/** `high` packs participant (17 bits) and bits 32 to 36 of the sequence. */
export function readKey(view: DataView, offset: number, key: Key): void {
  key.date = view.getUint32(offset);
  key.high = (view.getUint32(offset + 4) & 0x1ffff) | (view.getUint8(offset + 8) << 17);
  key.low = view.getUint32(offset + 9);
}

/** Where a search begins among so many slots, a power of two: by the bits below those of the partition. */
const homeOf = (hash: number, slots: number) => (hash << 12) >>> (Math.clz32(slots) + 1);

/** Whether a tag above these bits has room for all that says where a search begins. */
const tellsHome = (slots: number, rowMask: number) => Math.clz32(slots) + Math.clz32(rowMask) >= 31;

/**
 * Tags have the hash's bits below those of the partition as long as they tell where a search begins: then a partition
 * grows without reading records. In a larger one neighbours would all have the same tag, so it has other bits.
 */
const tagOf = (hash: number, slots: number, rowMask: number) =>
  tellsHome(slots, rowMask) ? hash << 12 : Math.imul(hash, 0x9e3779b1);

export class IdentifierIndex {
  private readonly rows: Rows;
  private readonly field: number;
  private readonly dated: boolean;
  /** An entry is 0 or a record's row + 1 below some bits of a tag, which spare reading most records in vain. */
  private readonly slots: Uint32Array[] = [];
  /** By partition: the bits of an entry that hold the row. They widen as rows become more, at the tag's cost. */
  private readonly rowMasks = new Uint32Array(partitions).fill(0xffff);
  private readonly used = new Uint32Array(partitions);

  /** `field`: where the key lies in a record, as two words (high, low), or three with the date before when `dated`. */
  constructor(rows: Rows, field: number, dated: boolean) {
    this.rows = rows;
    this.field = field;
    this.dated = dated;
    for (let i = 0; i < partitions; i++) this.slots.push(empty);
  }

  /** Row of the record with this key, or -1. */
  find(key: Key): number {
    const hash = this.hash(key.date, key.high, key.low);
    const slots = this.slots[hash >>> 20];
    const rowMask = this.rowMasks[hash >>> 20];
    const mask = slots.length - 1;
    const tag = tagOf(hash, slots.length, rowMask);
    for (let at = homeOf(hash, slots.length); ; at = (at + 1) & mask) {
      const entry = slots[at];
      if (entry === 0) return -1;
      if (((entry ^ tag) & ~rowMask) !== 0) continue;
      const row = ((entry & rowMask) >>> 0) - 1;
      if (this.matches(row, key)) return row;
    }
  }

  /** Puts in a row whose key is already in its record and not yet in the index. */
  add(row: number): void {
    const hash = this.hashOfRow(row);
    const partition = hash >>> 20;
    while (row + 1 > this.rowMasks[partition]) this.widen(partition);
    if (++this.used[partition] === 1) this.slots[partition] = new Uint32Array(smallest);
    else if (this.used[partition] * 4 > this.slots[partition].length * 3) this.grow(partition);
    this.place(this.slots[partition], hash, row + 1, this.rowMasks[partition]);
  }

  /** Bytes of the index itself. */
  get bytes(): number {
    return this.slots.reduce((sum, slots) => (slots === empty ? sum : sum + slots.byteLength), 0);
  }

  private place(slots: Uint32Array, hash: number, numbered: number, rowMask: number): void {
    const mask = slots.length - 1;
    let at = homeOf(hash, slots.length);
    while (slots[at] !== 0) at = (at + 1) & mask;
    slots[at] = numbered | (tagOf(hash, slots.length, rowMask) & ~rowMask);
  }

  /** One bit more for rows. */
  private widen(partition: number): void {
    const slots = this.slots[partition];
    const narrow = this.rowMasks[partition];
    const wide = narrow * 2 + 1;
    this.rowMasks[partition] = wide;
    if (slots === empty) return;
    if (tellsHome(slots.length, narrow) !== tellsHome(slots.length, wide))
      this.rebuild(partition, slots.length, narrow);
    else for (let at = 0; at < slots.length; at++) slots[at] = (slots[at] & narrow) | (slots[at] & ~wide);
  }

  private grow(partition: number): void {
    this.rebuild(partition, this.slots[partition].length * 2, this.rowMasks[partition]);
  }

  /** `before`: the bits that have held the row until now. */
  private rebuild(partition: number, length: number, before: number): void {
    const old = this.slots[partition];
    const slots = new Uint32Array(length);
    const rowMask = this.rowMasks[partition];
    const suffices = tellsHome(length, rowMask);
    for (const entry of old) {
      if (entry === 0) continue;
      const numbered = (entry & before) >>> 0;
      // The upper bits of the tag are those of the hash: enough of them, so that no record has to be read.
      const hash = suffices ? (entry & ~before) >>> 12 : this.hashOfRow(numbered - 1);
      this.place(slots, hash, numbered, rowMask);
    }
    this.slots[partition] = slots;
  }

  private matches(row: number, key: Key): boolean {
    const { rows, field } = this;
    if (!this.dated) return rows.u32(row, field + 4) === key.low && rows.u32(row, field) === key.high;
    return (
      rows.u32(row, field + 8) === key.low && rows.u32(row, field + 4) === key.high && rows.u32(row, field) === key.date
    );
  }

  private hashOfRow(row: number): number {
    const { rows, field } = this;
    if (!this.dated) return this.hash(0, rows.u32(row, field), rows.u32(row, field + 4));
    return this.hash(rows.u32(row, field), rows.u32(row, field + 4), rows.u32(row, field + 8));
  }

  /** A multiplicative mix; institutions choose sequences, so neighbours must scatter. */
  private hash(date: number, high: number, low: number): number {
    let h = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
    if (this.dated) h ^= Math.imul(date, 0xc2b2ae35);
    h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
    h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
    return (h ^ (h >>> 15)) >>> 0;
  }
}
