/** Memory for messages of many sizes in a few large pages, so that keeping one makes no object. */

const pageBytes = 1 << 18;
/** Places are counted in these. */
const unit = 64;
const unitsPerPage = pageBytes / unit;
/** Slots of so many bytes; a message takes the next larger one. */
const slotBytes = [64, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192];

/** Index into `slotBytes` by size in units, rounded up. */
const classOf = new Uint8Array(slotBytes.at(-1)! / unit + 1);
for (let units = 1; units < classOf.length; units++) {
  classOf[units] = slotBytes.findIndex((bytes) => bytes >= units * unit);
}

export class MessagePages {
  private readonly pages: Uint8Array[] = [];
  /** For each size of slots: places that are free, and how much of its newest page has never been used. */
  private readonly free: number[][] = slotBytes.map(() => []);
  private readonly next: number[] = slotBytes.map(() => 0);
  private readonly end: number[] = slotBytes.map(() => 0);

  /** Bytes that the pages take. */
  get size(): number {
    return this.pages.length * pageBytes;
  }

  /** Copies `size` bytes, at most 8192; gives their place. */
  keep(bytes: Uint8Array, at: number, size: number): number {
    const slots = classOf[(size + unit - 1) >>> 6];
    const place = this.free[slots].pop() ?? this.fresh(slots);
    this.pages[place >>> 12].set(bytes.subarray(at, at + size), (place & (unitsPerPage - 1)) * unit);
    return place;
  }

  copyTo(target: Uint8Array, at: number, place: number, size: number): void {
    const start = (place & (unitsPerPage - 1)) * unit;
    target.set(this.pages[place >>> 12].subarray(start, start + size), at);
  }

  release(place: number, size: number): void {
    this.free[classOf[(size + unit - 1) >>> 6]].push(place);
  }

  private fresh(slots: number): number {
    const units = slotBytes[slots] / unit;
    if (this.next[slots] + units > this.end[slots]) {
      this.next[slots] = this.pages.length * unitsPerPage;
      this.end[slots] = this.next[slots] + unitsPerPage;
      this.pages.push(new Uint8Array(pageBytes));
    }
    const place = this.next[slots];
    this.next[slots] = place + units;
    return place;
  }
}
