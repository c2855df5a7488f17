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

/** Where a search begins among so many slots, a power of two: by the upper bits. */
const homeOf = (scattered: number, slots: number) => scattered >>> (Math.clz32(slots) + 1);

export class IdentifierIndex {
  private readonly rows: Rows;
  private readonly field: number;
  private readonly dated: boolean;
  /** An entry is 0 or a record's row + 1 below some bits of its hash, which spare reading most records in vain. */
  private readonly slots: Uint32Array[] = [];
  /** By partition: the bits of an entry that hold the row. They widen as rows become more, at the hash's cost. */
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
    for (let at = homeOf(hash << 12, slots.length); ; at = (at + 1) & mask) {
      const entry = slots[at];
      if (entry === 0) return -1;
      if (((entry ^ (hash << 12)) & ~rowMask) !== 0) continue;
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
    this.place(this.slots[partition], hash << 12, (row + 1) | ((hash << 12) & ~this.rowMasks[partition]));
  }

  /** Bytes of the index itself. */
  get bytes(): number {
    return this.slots.reduce((sum, slots) => (slots === empty ? sum : sum + slots.byteLength), 0);
  }

  private place(slots: Uint32Array, scattered: number, entry: number): void {
    const mask = slots.length - 1;
    let at = homeOf(scattered, slots.length);
    while (slots[at] !== 0) at = (at + 1) & mask;
    slots[at] = entry;
  }

  /** One bit more for rows. */
  private widen(partition: number): void {
    const slots = this.slots[partition];
    const narrow = this.rowMasks[partition];
    const wide = narrow * 2 + 1;
    if (slots !== empty)
      for (let at = 0; at < slots.length; at++) slots[at] = (slots[at] & narrow) | (slots[at] & ~wide);
    this.rowMasks[partition] = wide;
  }

  private grow(partition: number): void {
    const old = this.slots[partition];
    const slots = new Uint32Array(old.length * 2);
    const rowMask = this.rowMasks[partition];
    // The upper bits of an entry are those of its hash: mostly enough of them, so that no record has to be read.
    const suffices = slots.length <= 2 ** Math.clz32(rowMask);
    for (const entry of old) {
      if (entry === 0) continue;
      const scattered = suffices ? entry : this.hashOfRow(((entry & rowMask) >>> 0) - 1) << 12;
      this.place(slots, scattered, entry);
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
