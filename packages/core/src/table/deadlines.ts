/**
 * What is due first: a binary heap of slot numbers, ordered by time and, at the same time, by the order in which the
 * matters were opened. That order is total, so the heap's inner shape never shows and a rebuilt heap gives the same.
 */
export class Deadlines {
  private heap = new Int32Array(1024);
  /** By slot: its place in the heap or -1, when it is due, and the order of its opening. */
  private places = new Int32Array(1024).fill(-1);
  private dueAts = new Float64Array(1024);
  private serials = new Float64Array(1024);
  size = 0;

  /** The slot due first, or -1. */
  first(): number {
    return this.size === 0 ? -1 : this.heap[0];
  }

  /** Puts a slot in, or to its new place when its time changes. `dueAt` in ms; `serial`: order of opening, unique. */
  set(slot: number, dueAt: number, serial: number): void {
    this.reserve(slot);
    this.dueAts[slot] = dueAt;
    this.serials[slot] = serial;
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
    const difference = this.dueAts[a] - this.dueAts[b];
    return difference !== 0 ? difference < 0 : this.serials[a] < this.serials[b];
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
    if (this.size === this.heap.length) this.heap = copied(this.heap, new Int32Array(this.size * 2));
    if (slot >= this.places.length) {
      const length = Math.max(slot + 1, this.places.length * 2);
      this.places = copied(this.places, new Int32Array(length).fill(-1));
      this.dueAts = copied(this.dueAts, new Float64Array(length));
      this.serials = copied(this.serials, new Float64Array(length));
    }
  }
}

function copied<T extends Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
