/**
 * Finds a record by the identifier in it: open addressing over row numbers, in 4096 partitions that grow one at a
 * time, so that no single insert pays for the whole table. It holds nothing that the rows do not hold: a snapshot
 * leaves it out and a restart builds it again.
 */
import type { Rows } from './rows.ts';

const partitions = 4096;
const smallest = 8;

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

export class IdentifierIndex {
  private readonly rows: Rows;
  private readonly field: number;
  private readonly dated: boolean;
  private readonly slots: Uint32Array[] = [];
  private readonly used = new Uint32Array(partitions);

  /** `field`: where the key lies in a record, as two words (high, low), or three with the date before when `dated`. */
  constructor(rows: Rows, field: number, dated: boolean) {
    this.rows = rows;
    this.field = field;
    this.dated = dated;
    for (let i = 0; i < partitions; i++) this.slots.push(new Uint32Array(smallest));
  }

  /** Row of the record with this key, or -1. */
  find(key: Key): number {
    const hash = this.hash(key.date, key.high, key.low);
    const slots = this.slots[hash >>> 20];
    const mask = slots.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const entry = slots[at];
      if (entry === 0) return -1;
      if (this.matches(entry - 1, key)) return entry - 1;
    }
  }

  /** Puts in a row whose key is already in its record and not yet in the index. */
  add(row: number): void {
    const hash = this.hashOfRow(row);
    const partition = hash >>> 20;
    if (++this.used[partition] * 4 > this.slots[partition].length * 3) this.grow(partition);
    this.place(this.slots[partition], hash, row);
  }

  /** Bytes of the index itself. */
  get bytes(): number {
    return this.slots.reduce((sum, slots) => sum + slots.byteLength, 0);
  }

  private place(slots: Uint32Array, hash: number, row: number): void {
    const mask = slots.length - 1;
    let at = hash & mask;
    while (slots[at] !== 0) at = (at + 1) & mask;
    slots[at] = row + 1;
  }

  private grow(partition: number): void {
    const old = this.slots[partition];
    const slots = new Uint32Array(old.length * 2);
    for (const entry of old) if (entry !== 0) this.place(slots, this.hashOfRow(entry - 1), entry - 1);
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
