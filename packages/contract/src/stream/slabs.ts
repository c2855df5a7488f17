/**
 * Memory that pieces are cut from, one behind the other, and that is used again when all of them have been given back.
 *
 * V8 counts what lies outside its heap, and marks the whole heap whenever some 64 MB of that are new: whoever makes a
 * buffer for each lot of messages pays for it with a tenth of a core. What is never given back is collected as ever.
 */
interface Slab {
  readonly buffer: ArrayBuffer;
  /** Pieces of it that are out. */
  out: number;
}

export class Slabs {
  /** For tests: what is given back is overwritten, so that whoever reads it later is found. */
  static overwrites = false;
  private current: Slab = { buffer: new ArrayBuffer(0), out: 0 };
  /** Those before the current one that have pieces out. */
  private readonly lent = new Map<ArrayBufferLike, Slab>();
  /** The newest first: it is still in the nearest caches. */
  private readonly spare: Slab[] = [];
  private readonly mostSpare: number;

  /** @param mostSpare buffers that are kept while nothing of them is out */
  constructor(mostSpare = 2) {
    this.mostSpare = mostSpare;
  }

  /** Nothing of the current buffer is out: it can be filled from its beginning. */
  get isWhole(): boolean {
    return this.current.out === 0;
  }

  /** Another buffer, of at least `size` bytes, none of them zeroed; it is the current one from now on. */
  next(size: number): ArrayBuffer {
    this.put(this.current);
    if (this.current.out > 0) this.lent.set(this.current.buffer, this.current);
    this.current = this.spared(size) ?? { buffer: Buffer.allocUnsafeSlow(size).buffer as ArrayBuffer, out: 0 };
    return this.current.buffer;
  }

  /** A piece of the current buffer goes out. */
  lend(): void {
    this.current.out++;
  }

  /** It is not needed any more. Bytes that are not of these buffers are let go of. */
  giveBack(piece: Uint8Array): void {
    const slab = piece.buffer === this.current.buffer ? this.current : this.lent.get(piece.buffer);
    if (slab === undefined) return;
    if (slab.out === 0) throw new Error('a piece is given back once');
    if (Slabs.overwrites) piece.fill(0xdb);
    slab.out--;
    if (slab === this.current || slab.out > 0) return;
    this.lent.delete(slab.buffer);
    this.put(slab);
  }

  private put(slab: Slab): void {
    if (slab.out === 0 && slab.buffer.byteLength > 0 && this.spare.length < this.mostSpare) this.spare.unshift(slab);
  }

  /** One that is large enough. Where there is none the oldest is let go of, since more is needed now. */
  private spared(size: number): Slab | undefined {
    const found = this.spare.findIndex(({ buffer }) => buffer.byteLength >= size);
    if (found >= 0) return this.spare.splice(found, 1)[0];
    this.spare.pop();
    return undefined;
  }
}
