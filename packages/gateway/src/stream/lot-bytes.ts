/**
 * Bytes of lots, put together piece by piece. Lots lie one behind the other in large buffers that they share: each is
 * cut off without a copy, and a buffer goes when its last lot has gone.
 */
export class LotBytes {
  bytes = new Uint8Array(0);
  view = new DataView(this.bytes.buffer);
  /** Where the lot begins. */
  from = 0;
  private to = 0;
  private readonly size: number;

  /** @param size of a buffer, bytes */
  constructor(size: number) {
    this.size = size;
  }

  /** Room for so many bytes, none of them zeroed; gives their place in `bytes`. What was put before may have moved. */
  take(size: number): number {
    if (this.to + size > this.bytes.length) this.renew(size);
    const at = this.to;
    this.to += size;
    return at;
  }

  /** The lot as it is; the next begins. */
  cut(): Uint8Array {
    const lot = this.bytes.subarray(this.from, this.to);
    this.from = this.to;
    return lot;
  }

  private renew(size: number): void {
    const lot = this.cut();
    const { buffer } = Buffer.allocUnsafeSlow(Math.max(this.size, 2 * (lot.length + size)));
    this.bytes = new Uint8Array(buffer as ArrayBuffer);
    this.view = new DataView(buffer);
    this.bytes.set(lot);
    this.from = 0;
    this.to = lot.length;
  }
}
