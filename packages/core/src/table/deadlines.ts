/**
 * What is due first: a binary heap of slot numbers, ordered by time and, at the same time, by the order in which the
 * matters were opened. That order is total, so the heap's inner shape never shows and a rebuilt heap gives the same.
 */
export interface Due {
  /** When the slot is due, ms. */
  dueAt(slot: number): number;
  /** The slot's matter in order of opening; unique. */
  serial(slot: number): number;
}

export class Deadlines {
  private readonly due: Due;
  private heap = new Int32Array(1024);
  private places = new Int32Array(1024).fill(-1);
  size = 0;

  constructor(due: Due) {
    this.due = due;
  }

  /** The slot due first, or -1. */
  first(): number {
    return this.size === 0 ? -1 : this.heap[0];
  }

  /** Puts a slot in, or to its new place after its time has changed. */
  set(slot: number): void {
    this.reserve(slot);
    let place = this.places[slot];
    if (place < 0) {
      place = this.size++;
      this.heap[place] = slot;
      this.places[slot] = place;
    }
    this.up(place);
    this.down(this.places[slot]);
  }

  remove(slot: number): void {
    const place = slot < this.places.length ? this.places[slot] : -1;
    if (place < 0) return;
    const last = this.heap[--this.size];
    this.places[slot] = -1;
    if (last === slot) return;
    this.heap[place] = last;
    this.places[last] = place;
    this.up(place);
    this.down(this.places[last]);
  }

  private before(a: number, b: number): boolean {
    const difference = this.due.dueAt(a) - this.due.dueAt(b);
    return difference !== 0 ? difference < 0 : this.due.serial(a) < this.due.serial(b);
  }

  private up(place: number): void {
    const slot = this.heap[place];
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.before(slot, this.heap[parent])) break;
      this.move(this.heap[parent], place);
      place = parent;
    }
    this.move(slot, place);
  }

  private down(place: number): void {
    const slot = this.heap[place];
    for (;;) {
      let child = place * 2 + 1;
      if (child >= this.size) break;
      if (child + 1 < this.size && this.before(this.heap[child + 1], this.heap[child])) child++;
      if (!this.before(this.heap[child], slot)) break;
      this.move(this.heap[child], place);
      place = child;
    }
    this.move(slot, place);
  }

  private move(slot: number, place: number): void {
    this.heap[place] = slot;
    this.places[slot] = place;
  }

  private reserve(slot: number): void {
    if (this.size === this.heap.length) this.heap = grown(this.heap, this.heap.length * 2, 0);
    if (slot >= this.places.length) {
      this.places = grown(this.places, Math.max(slot + 1, this.places.length * 2), -1);
    }
  }
}

function grown(array: Int32Array, length: number, filler: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(length).fill(filler);
  larger.set(array);
  return larger;
}
