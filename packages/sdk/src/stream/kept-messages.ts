/**
 * What was sent and has no outcome yet, by identifier: an open-addressed table over typed arrays. Entries are small
 * numbers, used again when released.
 */
import { MessagePages } from './message-pages.ts';

/** Where a kept message is in its life. */
export const keptStates = {
  free: 0,
  /** To be sent, or sent again. */
  waiting: 1,
  /** On a link, without an outcome. */
  sent: 2,
  /** The outcome is not known yet; a second one follows. Only the identifier is kept. */
  unknown: 3,
} as const;

export class KeptMessages {
  count = 0;
  /** By entry. */
  state = new Uint8Array(64);
  /** Number of the signer in its client. */
  signer = new Uint32Array(64);
  /** The attachment (one life of a link) that it was sent on last. */
  attachment = new Uint32Array(64);
  /** 1 if an earlier copy may have had its effect. */
  mayBeKnown = new Uint8Array(64);
  /** ms since 1970. */
  expiresAt = new Float64Array(64);
  /** When it was asked about last; elapsed ms. */
  askedAt = new Float64Array(64);
  private size = new Uint16Array(64);
  private place = new Int32Array(64);
  private ids = new Uint32Array(4 * 64);
  private readonly pages = new MessagePages();
  private readonly freed: number[] = [];
  private used = 0;
  /** Entry + 1, or 0. */
  private table = new Int32Array(256);

  /** Entries are below this. */
  get capacity(): number {
    return this.used;
  }

  /** Bytes of the messages that are kept, in whole pages. */
  get bytes(): number {
    return this.pages.size;
  }

  /** The entry with the identifier at `at`, or -1. */
  find(bytes: Uint8Array, at: number): number {
    return this.lookUp(wordAt(bytes, at), wordAt(bytes, at + 4), wordAt(bytes, at + 8), wordAt(bytes, at + 12));
  }

  findIn(view: DataView, at: number): number {
    return this.lookUp(view.getUint32(at), view.getUint32(at + 4), view.getUint32(at + 8), view.getUint32(at + 12));
  }

  /** Keeps a copy of the message, whose identifier lies at `id`; it must not be kept already. */
  add(bytes: Uint8Array, view: DataView, at: number, size: number, id: number): number {
    if (this.count * 2 >= this.table.length) this.spread(this.table.length * 2);
    const entry = this.freed.pop() ?? this.fresh();
    for (let word = 0; word < 4; word++) this.ids[entry * 4 + word] = view.getUint32(id + word * 4);
    this.enter(entry);
    this.count++;
    this.size[entry] = size;
    this.place[entry] = this.pages.keep(bytes, at, size);
    this.state[entry] = keptStates.waiting;
    this.mayBeKnown[entry] = 0;
    return entry;
  }

  sizeOf(entry: number): number {
    return this.size[entry];
  }

  copyTo(target: Uint8Array, at: number, entry: number): void {
    this.pages.copyTo(target, at, this.place[entry], this.size[entry]);
  }

  writeId(view: DataView, at: number, entry: number): void {
    for (let word = 0; word < 4; word++) view.setUint32(at + word * 4, this.ids[entry * 4 + word]);
  }

  /** From now on only the identifier is needed. */
  dropMessage(entry: number): void {
    if (this.size[entry] === 0) return;
    this.pages.release(this.place[entry], this.size[entry]);
    this.size[entry] = 0;
  }

  remove(entry: number): void {
    this.dropMessage(entry);
    this.leave(entry);
    this.state[entry] = keptStates.free;
    this.freed.push(entry);
    this.count--;
  }

  private lookUp(a: number, b: number, c: number, d: number): number {
    const { ids, table } = this;
    const mask = table.length - 1;
    for (let slot = hash(b, c, d) & mask; ; slot = (slot + 1) & mask) {
      const entry = table[slot] - 1;
      if (entry < 0) return -1;
      const id = entry * 4;
      if (ids[id + 2] === c && ids[id + 3] === d && ids[id + 1] === b && ids[id] === a) return entry;
    }
  }

  private fresh(): number {
    const entry = this.used++;
    if (entry >= this.state.length) {
      const length = this.state.length * 2;
      this.state = grown(this.state, new Uint8Array(length));
      this.signer = grown(this.signer, new Uint32Array(length));
      this.attachment = grown(this.attachment, new Uint32Array(length));
      this.mayBeKnown = grown(this.mayBeKnown, new Uint8Array(length));
      this.expiresAt = grown(this.expiresAt, new Float64Array(length));
      this.askedAt = grown(this.askedAt, new Float64Array(length));
      this.size = grown(this.size, new Uint16Array(length));
      this.place = grown(this.place, new Int32Array(length));
      this.ids = grown(this.ids, new Uint32Array(length * 4));
    }
    return entry;
  }

  private hashOf(entry: number): number {
    return hash(this.ids[entry * 4 + 1], this.ids[entry * 4 + 2], this.ids[entry * 4 + 3]);
  }

  private enter(entry: number): void {
    const mask = this.table.length - 1;
    let slot = this.hashOf(entry) & mask;
    while (this.table[slot] !== 0) slot = (slot + 1) & mask;
    this.table[slot] = entry + 1;
  }

  /** Moves up what was pushed behind, so that no tombstones pile up. */
  private leave(entry: number): void {
    const { table } = this;
    const mask = table.length - 1;
    let hole = this.hashOf(entry) & mask;
    while (table[hole] !== entry + 1) hole = (hole + 1) & mask;
    for (let slot = (hole + 1) & mask; table[slot] !== 0; slot = (slot + 1) & mask) {
      const wanted = this.hashOf(table[slot] - 1) & mask;
      if (((slot - wanted) & mask) < ((slot - hole) & mask)) continue;
      table[hole] = table[slot];
      hole = slot;
    }
    table[hole] = 0;
  }

  private spread(length: number): void {
    this.table = new Int32Array(length);
    for (let entry = 0; entry < this.used; entry++) if (this.state[entry] !== keptStates.free) this.enter(entry);
  }
}

function grown<A extends { set(from: A): void }>(from: A, to: A): A {
  to.set(from);
  return to;
}

/** Of the parts of an identifier that differ from payment to payment: signer, sequence, cell. */
function hash(b: number, c: number, d: number): number {
  let mixed = Math.imul(b, 0x9e3779b1) ^ Math.imul(c, 0x85ebca77) ^ Math.imul(d, 0xc2b2ae3d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  return mixed ^ (mixed >>> 13);
}

function wordAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}
