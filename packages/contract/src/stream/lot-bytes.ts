/**
 * Bytes of lots, put together piece by piece. Lots lie one behind the other in large buffers that they share: each is
 * cut off without a copy, and a buffer is used again when its lots have been given back.
 */
import { Slabs } from './slabs.ts';

export class LotBytes {
  bytes = new Uint8Array(0);
  view = new DataView(this.bytes.buffer);
  /** Where the lot begins. */
  from = 0;
  private to = 0;
  private readonly size: number;
  private readonly slabs = new Slabs(8);

  /** @param size of a buffer, bytes */
  constructor(size: number) {
    this.size = size;
  }

  /** Room for so many bytes, none of them zeroed; gives their place in `bytes`. What was put before may have moved. */
  take(size: number): number {
    if (this.from === this.to && this.slabs.isWhole) {
      this.from = 0;
      this.to = 0;
    }
    if (this.to + size > this.bytes.length) this.renew(size);
    const at = this.to;
    this.to += size;
    return at;
  }

  /** The lot as it is; the next begins. */
  cut(): Uint8Array {
    const lot = this.bytes.subarray(this.from, this.to);
    this.from = this.to;
    this.slabs.lend();
    return lot;
  }

  /** A lot of so many bytes at once, none of them zeroed. */
  whole(size: number): Uint8Array {
    this.take(size);
    return this.cut();
  }

  /** Nobody needs the lot any more. */
  giveBack(lot: Uint8Array): void {
    this.slabs.giveBack(lot);
  }

  private renew(size: number): void {
    const begun = this.bytes.subarray(this.from, this.to);
    const buffer = this.slabs.next(Math.max(this.size, 2 * (begun.length + size)));
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
    this.bytes.set(begun);
    this.from = 0;
    this.to = begun.length;
  }
}
