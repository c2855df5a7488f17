/**
 * A growing table of fixed-size records, kept in pages of typed arrays.
 *
 * Rows are numbered from 0 and never move, so a small integer names one for ever. A record lies in one piece (one or
 * two cache lines a payment, not ten), growth adds a page and copies nothing, and a snapshot copies page by page
 * while writing goes on: the first write to a page not yet copied saves the page as it was.
 */
import { assert } from '../assert.ts';

const pageShift = 14;
export const rowsPerPage = 1 << pageShift;
const rowMask = rowsPerPage - 1;

interface Page {
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  /** The next write has to ask first; in the page, which a write has at hand anyway. */
  isGuarded: boolean;
  /** How it stands to the last copy that was kept. */
  standing: number;
}

/** What a snapshot still has to copy of one table, as the table was when the copy began. */
interface Copy {
  readonly rows: number;
  /** Leaves out what is as it was in the last copy that was kept. */
  readonly onlyChanges: boolean;
  /** By page: still to do, captured, or left out. */
  readonly done: Uint8Array;
  readonly saved: Map<number, Uint8Array>;
}

const [toDo, captured, leftOut] = [0, 1, 2];
/** Standings of a page; `inCopy`: as the copy under way has captured it. */
const [changed, same, inCopy] = [0, 1, 2];

/** Where the pieces of an integer of 48 bits lie: the upper 16 bits at a multiple of 2, the lower 32 at one of 4. */
export interface Split {
  readonly high: number;
  readonly low: number;
}

export const largestSplit = 0xffff_ffff_ffff;

export class Rows {
  /** Bytes of one record, a multiple of 4. Fields lie at multiples of their own size; uint64 at multiples of 4. */
  readonly stride: number;
  count = 0;
  private readonly pages: Page[] = [];
  private copy: Copy | undefined;

  constructor(stride: number) {
    assert(stride % 4 === 0, 'a record is a multiple of four bytes');
    this.stride = stride;
  }

  /** Number of a new record, all zero. */
  add(): number {
    const row = this.count++;
    if (row >> pageShift === this.pages.length) this.addPage();
    this.written(row);
    return row;
  }

  u8(row: number, field: number): number {
    return this.pages[row >> pageShift].u8[(row & rowMask) * this.stride + field];
  }

  u16(row: number, field: number): number {
    return this.pages[row >> pageShift].u16[((row & rowMask) * this.stride + field) >> 1];
  }

  u32(row: number, field: number): number {
    return this.pages[row >> pageShift].u32[((row & rowMask) * this.stride + field) >> 2];
  }

  /** An integer of up to 48 bits. */
  u48(row: number, { high, low }: Split): number {
    return this.u16(row, high) * 0x1_0000_0000 + this.u32(row, low);
  }

  /** An integer of up to 53 bits. */
  u64(row: number, field: number): number {
    const at = ((row & rowMask) * this.stride + field) >> 2;
    const { u32 } = this.pages[row >> pageShift];
    return u32[at] * 0x1_0000_0000 + u32[at + 1];
  }

  /** A signed integer of magnitude below 2^53: the sign lies in the highest bit. */
  i64(row: number, field: number): number {
    const at = ((row & rowMask) * this.stride + field) >> 2;
    const { u32 } = this.pages[row >> pageShift];
    return (u32[at] | 0) * 0x1_0000_0000 + u32[at + 1];
  }

  setU8(row: number, field: number, value: number): void {
    this.written(row).u8[(row & rowMask) * this.stride + field] = value;
  }

  setU16(row: number, field: number, value: number): void {
    this.written(row).u16[((row & rowMask) * this.stride + field) >> 1] = value;
  }

  setU32(row: number, field: number, value: number): void {
    this.written(row).u32[((row & rowMask) * this.stride + field) >> 2] = value;
  }

  setU48(row: number, { high, low }: Split, value: number): void {
    assert(value >= 0 && value <= largestSplit, 'a split field holds 48 bits');
    this.setU16(row, high, value / 0x1_0000_0000);
    this.setU32(row, low, value);
  }

  setU64(row: number, field: number, value: number): void {
    assert(Number.isSafeInteger(value) && value >= 0, 'an unsigned field holds a safe integer');
    this.setI64(row, field, value);
  }

  setI64(row: number, field: number, value: number): void {
    assert(Number.isSafeInteger(value), 'a field holds a safe integer');
    const at = ((row & rowMask) * this.stride + field) >> 2;
    const { u32 } = this.written(row);
    u32[at] = Math.floor(value / 0x1_0000_0000);
    u32[at + 1] = value;
  }

  /** Copies `length` bytes from a command into a record. */
  setBytes(row: number, field: number, source: DataView, from: number, length: number): void {
    const { u8 } = this.written(row);
    const at = (row & rowMask) * this.stride + field;
    for (let i = 0; i < length; i++) u8[at + i] = source.getUint8(from + i);
  }

  bytes(row: number, field: number, length: number): Uint8Array {
    const at = (row & rowMask) * this.stride + field;
    return this.pages[row >> pageShift].u8.slice(at, at + length);
  }

  equalBytes(row: number, field: number, other: DataView, from: number, length: number): boolean {
    const { u8 } = this.pages[row >> pageShift];
    const at = (row & rowMask) * this.stride + field;
    for (let i = 0; i < length; i++) if (u8[at + i] !== other.getUint8(from + i)) return false;
    return true;
  }

  /**
   * Begins a copy of the table as it is now; afterwards {@link copyPage} gives its pages in order.
   *
   * @param onlyChanges leave out pages that are as they were in the last copy of changes that was kept
   */
  beginCopy(onlyChanges = false): number {
    assert(this.copy === undefined, 'one copy of a table at a time');
    const pages = Math.ceil(this.count / rowsPerPage);
    this.copy = { rows: this.count, onlyChanges, done: new Uint8Array(pages), saved: new Map() };
    for (const page of this.pages) page.isGuarded = true;
    return pages;
  }

  /** Undefined for a page that is left out. */
  copyPage(page: number): Uint8Array | undefined {
    const copy = this.copy;
    assert(copy !== undefined, 'a copy is under way');
    if (copy.done[page] === leftOut) return undefined;
    const saved = copy.saved.get(page);
    copy.saved.delete(page);
    if (saved !== undefined) return saved;
    if (copy.onlyChanges && this.pages[page].standing === same) {
      copy.done[page] = leftOut;
      return undefined;
    }
    copy.done[page] = captured;
    if (copy.onlyChanges) this.pages[page].standing = inCopy;
    return this.pageBytes(page, copy.rows);
  }

  /** @param isKept whether the next copy of changes may leave out what this one has; otherwise it will be whole */
  endCopy(isKept = false): void {
    if (this.copy?.onlyChanges) {
      for (const page of this.pages) {
        if (!isKept) page.standing = changed;
        else if (page.standing === inCopy) page.standing = same;
      }
    }
    this.copy = undefined;
  }

  /** Fills an empty table with pages that {@link copyPage} gave. */
  restorePage(page: number, bytes: Uint8Array): void {
    assert(page === this.pages.length && bytes.length % this.stride === 0, 'pages come in order and whole');
    this.addPage();
    this.pages[page].u8.set(bytes);
    this.count = page * rowsPerPage + bytes.length / this.stride;
  }

  private addPage(): void {
    const buffer = new ArrayBuffer(rowsPerPage * this.stride);
    this.pages.push({
      u8: new Uint8Array(buffer),
      u16: new Uint16Array(buffer),
      u32: new Uint32Array(buffer),
      isGuarded: false,
      standing: changed,
    });
  }

  /** The page of a row that is about to be written to. */
  private written(row: number): Page {
    const page = this.pages[row >> pageShift];
    if (page.isGuarded) this.beforeWrite(page, row >> pageShift);
    return page;
  }

  /** Called before the first write to a page since a copy began, or since it was captured. */
  private beforeWrite(page: Page, number: number): void {
    const { copy } = this;
    if (copy !== undefined && number < copy.done.length && copy.done[number] === toDo) {
      if (copy.onlyChanges && page.standing === same) copy.done[number] = leftOut;
      else {
        copy.saved.set(number, this.pageBytes(number, copy.rows));
        copy.done[number] = captured;
      }
    }
    page.standing = changed;
    page.isGuarded = false;
  }

  private pageBytes(page: number, rows: number): Uint8Array {
    const length = Math.min(rowsPerPage, rows - page * rowsPerPage);
    return this.pages[page].u8.slice(0, length * this.stride);
  }
}
