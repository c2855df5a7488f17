/**
 * The succeeded payments of a cycle that touch a participant, in order of identifier, from the files alone: any thread
 * or process may do it. Every segment is in that order already, so this is a merge that reads each file once, forwards.
 */
import { paymentStates } from '@clearway/core';
import { openTail, segmentNumbers, segmentPath } from './archive-folder.ts';
import { blockBytes, contentBytes, OpenFiles } from './block-file.ts';
import type { RecordBlock } from './port.ts';
import { compareIds, inlineReferenceBytes, recordBytes, recordFields } from './record.ts';
import { Segment, type SegmentHead } from './segment.ts';

const recordsPerBlock = contentBytes / recordBytes;
/** Memory for what is read ahead, shared by all segments. */
const readAheadBytes = 64 << 20;
const largestWindow = 32;
const blockRecords = 4096;

/**
 * @param folder of an archive that has kept the cut-off of the cycle
 * @param heads give the same map for each participant of a cycle: what is known of a segment is not read again
 */
export async function* recordsOfCycle(
  folder: string,
  cycle: number,
  participant: number,
  heads: Map<number, SegmentHead> = new Map(),
): AsyncGenerator<RecordBlock> {
  const files = new OpenFiles();
  // The tail first: what was in it is later found in a segment. It has a file of its own, since it may be replaced.
  const tailFile = new OpenFiles(1);
  try {
    const tail = openTail(folder, tailFile);
    const segments = (await segmentNumbers(folder)).map((number) => {
      const segment = new Segment(files, segmentPath(folder, number), heads.get(number));
      heads.set(number, segment.head);
      return segment;
    });
    if (tail !== undefined && tail.head.number > (segments.at(-1)?.head.number ?? -1)) segments.push(tail);
    const touched = segments.filter(({ head }) => head.firstCycle <= cycle && head.lastCycle >= cycle);
    const window = Math.floor(readAheadBytes / blockBytes / Math.max(1, touched.length));
    const sources = touched
      .map((segment) => new Source(segment, cycle, participant, Math.max(1, Math.min(window, largestWindow))))
      .filter((source) => source.advance());
    yield* merged(sources);
  } finally {
    files.close();
    tailFile.close();
  }
}

function* merged(sources: Source[]): Generator<RecordBlock> {
  const bytes = new Uint8Array(blockRecords * recordBytes);
  const words = new Uint32Array(bytes.buffer);
  const block: RecordBlock = { bytes, view: new DataView(bytes.buffer), count: 0, longTexts: new Map() };
  const heap = sources;
  for (let i = heap.length >> 1; i >= 0; i--) sink(heap, i);
  while (heap.length > 0) {
    const source = heap[0];
    const from = source.at >> 2;
    const to = (block.count * recordBytes) >> 2;
    for (let i = 0; i < recordBytes >> 2; i++) words[to + i] = source.words[from + i];
    const length = source.bytes[source.at + recordFields.endToEndIdLength];
    if (length > inlineReferenceBytes) block.longTexts.set(block.count, source.longText(length));
    block.count++;
    if (!source.advance()) {
      const other = heap.pop()!;
      if (heap.length > 0) heap[0] = other;
    }
    sink(heap, 0);
    if (block.count < blockRecords) continue;
    yield block;
    block.count = 0;
    block.longTexts.clear();
  }
  if (block.count > 0) yield block;
}

/** Lets an item of a heap sink to where those below it are greater. */
function sink(heap: Source[], from: number): void {
  const item = heap[from];
  for (let place = from; ; ) {
    let child = place * 2 + 1;
    if (child >= heap.length) return;
    if (child + 1 < heap.length && heap[child + 1].isBefore(heap[child])) child++;
    if (!heap[child].isBefore(item)) return;
    heap[place] = heap[child];
    heap[child] = item;
    place = child;
  }
}

/** One segment's records of a participant and cycle, one by one. */
class Source {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly words: Uint32Array;
  /** Where the record at hand lies in {@link bytes}. */
  at = 0;
  private readonly segment: Segment;
  private readonly cycle: number;
  /** A bit for each row that touches the participant. */
  private readonly rows: Uint32Array;
  private readonly window: number;
  private readonly blocks: number;
  private row = -1;
  private firstBlock = 0;
  private lastBlock = 0;
  /** First and second eight bytes of the identifier, the second without what all of a cell's share. */
  private upper = 0;
  private lower = 0;

  constructor(segment: Segment, cycle: number, participant: number, window: number) {
    const { records } = segment.head;
    const { count, row } = segment.postings(participant);
    this.segment = segment;
    this.cycle = cycle;
    this.rows = new Uint32Array((records + 31) >> 5);
    for (let index = 0; index < count; index++) {
      const one = row(index);
      this.rows[one >> 5] |= 1 << (one & 31);
    }
    this.blocks = Math.ceil(records / recordsPerBlock);
    // Reading ahead pays when most blocks hold something of the participant.
    this.window = count * 4 > this.blocks ? window : 1;
    this.bytes = new Uint8Array(this.window * blockBytes);
    this.view = new DataView(this.bytes.buffer);
    this.words = new Uint32Array(this.bytes.buffer);
  }

  /** Goes to the next record. @returns false when there is none */
  advance(): boolean {
    for (;;) {
      const row = this.nextRow();
      if (row < 0) return false;
      this.row = row;
      const block = Math.floor(row / recordsPerBlock);
      if (block >= this.lastBlock) this.read(block);
      const at = (block - this.firstBlock) * blockBytes + (row - block * recordsPerBlock) * recordBytes;
      if (this.view.getUint32(at + recordFields.cycle) !== this.cycle) continue;
      if (this.view.getUint8(at + recordFields.state) !== paymentStates.succeeded) continue;
      this.at = at;
      this.upper = this.view.getUint32(at) * 0x200_0000 + (this.view.getUint32(at + 4) & 0x1ff_ffff);
      this.lower = this.view.getUint32(at + 8) * 0x100 + this.view.getUint8(at + 12);
      return true;
    }
  }

  isBefore(other: Source): boolean {
    if (this.upper !== other.upper) return this.upper < other.upper;
    if (this.lower !== other.lower) return this.lower < other.lower;
    return compareIds(this.view, this.at, other.view, other.at) < 0;
  }

  longText(length: number): Uint8Array {
    return this.segment.text(this.view.getUint32(this.at + recordFields.endToEndId), length);
  }

  private nextRow(): number {
    const { rows } = this;
    let row = this.row + 1;
    for (let word = row >> 5; word < rows.length; word++, row = word << 5) {
      const left = rows[word] >>> (row & 31);
      if (left !== 0) return row + 31 - Math.clz32(left & -left);
    }
    return -1;
  }

  private read(block: number): void {
    this.firstBlock = block;
    this.lastBlock = Math.min(block + this.window, this.blocks);
    this.segment.recordBlocks(block, this.lastBlock, this.bytes);
  }
}
