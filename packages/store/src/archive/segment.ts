/**
 * A segment: records that have ended, ordered by identifier, and for each participant which of them touch it in order of
 * submission. A segment never changes. The tail is the next segment as far as it has come, and besides the records in
 * flight; it is written anew, with more in it.
 */
import { readUint64 } from '@clearway/core';
import {
  blockBytes,
  blocksOf,
  contentBytes,
  DamagedArchiveError,
  type OpenFiles,
  Section,
  writeBlockFile,
} from './block-file.ts';
import type { FreshRecords } from './fresh-records.ts';
import { numbersUpTo, sortByKey } from './radix-sort.ts';
import {
  inlineReferenceBytes,
  largestParticipant,
  type Order,
  recordBytes,
  recordFields,
  submissionOrder,
} from './record.ts';

const directoryBytes = 12;
const postingBytes = 4;
const recordsPerBlock = contentBytes / recordBytes;
/** Read together where everything is read. */
const blocksAtOnce = 32;
/** Bits of a row in a locator; a batch has at most 2^16 commands. */
export const rowBits = 18;
export const largestSegment = 2 ** rowBits - 2 ** 16;

export interface SegmentHead {
  readonly format: 1;
  /** 0, 1, 2 … */
  readonly number: number;
  /** What it has come to by this batch. */
  readonly sequence: number;
  /** Time of that batch. */
  readonly at: number;
  /** Records that have ended, and records in flight: none but in the tail. */
  readonly records: number;
  readonly open: number;
  readonly participants: number;
  readonly postings: number;
  /** Of the submission of its records; zeros when there is none. */
  readonly firstOrder: Order;
  readonly lastOrder: Order;
  readonly firstSubmittedAt: number;
  readonly lastSubmittedAt: number;
  readonly lastChangedAt: number;
  /** Cycles of its successes; 0 when there is none. */
  readonly firstCycle: number;
  readonly lastCycle: number;
  /** First block of each section. */
  readonly sections: {
    readonly records: number;
    readonly open: number;
    readonly directory: number;
    readonly postings: number;
    readonly texts: number;
  };
}

/** What a segment is written from: copied or frozen, so that the cell's batches go on meanwhile. */
export interface SegmentContent {
  readonly number: number;
  readonly sequence: number;
  readonly at: number;
  readonly fresh: FreshRecords;
  /** Slots of ended records, in the order of their ends, which is nearly that in which they lie. */
  readonly ended: Uint32Array;
  /** Places in `ended` by identifier, and by submission. */
  readonly byId: Uint32Array;
  readonly bySubmission: Uint32Array;
  readonly institutions: Uint32Array;
  readonly banks: Uint32Array;
  readonly span: Pick<
    SegmentHead,
    'firstOrder' | 'lastOrder' | 'firstSubmittedAt' | 'lastSubmittedAt' | 'lastChangedAt' | 'firstCycle' | 'lastCycle'
  >;
  readonly open: OpenRecords;
}

/** Copies of records in flight, and of the texts that have no room in them. */
interface OpenRecords {
  readonly count: number;
  readonly bytes: Uint8Array;
  readonly longTexts: ReadonlyMap<number, Uint8Array>;
}

const noneOpen: OpenRecords = { count: 0, bytes: new Uint8Array(0), longTexts: new Map() };

/** Reads every record once, in the order in which they lie; what comes after works on columns. */
export function prepareSegment(
  fresh: FreshRecords,
  ended: Uint32Array,
  number: number,
  open: OpenRecords = noneOpen,
): SegmentContent {
  const { view } = fresh;
  const count = ended.length;
  const column = () => new Uint32Array(count);
  const idWords = [column(), column(), column(), column()];
  const requestHigh = column();
  const requestLow = column();
  const institutions = column();
  const banks = column();
  let lastChangedAt = 0;
  let firstCycle = 0xffff_ffff;
  let lastCycle = 0;
  for (let i = 0; i < count; i++) {
    const slot = ended[i];
    const at = slot * recordBytes;
    for (let word = 0; word < 4; word++) idWords[word][i] = view.getUint32(at + word * 4);
    requestHigh[i] = view.getUint32(at + recordFields.request);
    requestLow[i] = view.getUint32(at + recordFields.request + 4);
    institutions[i] = fresh.institutions[slot];
    banks[i] = fresh.banks[slot];
    const cycle = view.getUint32(at + recordFields.cycle);
    if (cycle > lastCycle) lastCycle = cycle;
    if (cycle !== 0 && cycle < firstCycle) firstCycle = cycle;
    lastChangedAt = Math.max(lastChangedAt, readUint64(view, at + recordFields.changedAt));
  }
  const bySubmission = orderBy([requestLow, requestHigh], count);
  const order = (i: number) => submissionOrder(view, ended[bySubmission[i]] * recordBytes);
  const submittedAt = (i: number) => readUint64(view, ended[bySubmission[i]] * recordBytes + recordFields.submittedAt);
  return {
    number,
    sequence: fresh.sequence,
    at: fresh.at,
    fresh,
    ended,
    byId: orderBy(idWords.reverse(), count),
    bySubmission,
    institutions,
    banks,
    span: {
      firstOrder: count === 0 ? [0, 0] : order(0),
      lastOrder: count === 0 ? [0, 0] : order(count - 1),
      firstSubmittedAt: count === 0 ? 0 : submittedAt(0),
      lastSubmittedAt: count === 0 ? 0 : submittedAt(count - 1),
      lastChangedAt,
      firstCycle: lastCycle === 0 ? 0 : firstCycle,
      lastCycle,
    },
    open,
  };
}

/** Places 0 to `count` ordered by keys, the least important first. */
function orderBy(keys: readonly Uint32Array[], count: number): Uint32Array {
  let order = numbersUpTo(count);
  let spare = new Uint32Array(count);
  for (const key of keys) {
    const sorted = sortByKey(order, spare, key);
    if (sorted === spare) spare = order;
    order = sorted;
  }
  return order;
}

export function copyOpen(fresh: FreshRecords): OpenRecords {
  const slots = fresh.openList();
  const bytes = new Uint8Array(slots.length * recordBytes);
  const words = new Uint32Array(bytes.buffer);
  const longTexts = new Map<number, Uint8Array>();
  for (let i = 0; i < slots.length; i++) {
    fresh.copy(slots[i], words, i * recordBytes);
    if (bytes[i * recordBytes + recordFields.endToEndIdLength] > inlineReferenceBytes) {
      longTexts.set(i, fresh.endToEndId(slots[i]));
    }
  }
  return { count: slots.length, bytes, longTexts };
}

/** Rows of each participant in order of submission, one participant after the other. */
function postingsOf({ byId, bySubmission, institutions, banks }: SegmentContent) {
  const count = byId.length;
  const places = new Uint32Array(largestParticipant + 2);
  for (let i = 0; i < count; i++) {
    places[institutions[i] + 1]++;
    if (banks[i] !== 0 && banks[i] !== institutions[i]) places[banks[i] + 1]++;
  }
  const directory: { code: number; start: number; count: number }[] = [];
  for (let code = 0; code <= largestParticipant; code++) {
    if (places[code + 1] > 0) directory.push({ code, start: places[code], count: places[code + 1] });
    places[code + 1] += places[code];
  }
  const rowOf = new Uint32Array(count);
  for (let row = 0; row < count; row++) rowOf[byId[row]] = row;
  const rows = new Uint32Array(places[largestParticipant + 1]);
  for (let i = 0; i < count; i++) {
    const place = bySubmission[i];
    rows[places[institutions[place]]++] = rowOf[place];
    if (banks[place] !== 0 && banks[place] !== institutions[place]) rows[places[banks[place]]++] = rowOf[place];
  }
  return { directory, rows };
}

/** Slots of the records by row. */
export function slotsByRow({ ended, byId }: SegmentContent): Uint32Array {
  const slots = new Uint32Array(byId.length);
  for (let row = 0; row < byId.length; row++) slots[row] = ended[byId[row]];
  return slots;
}

export async function writeSegment(path: string, content: SegmentContent): Promise<SegmentHead> {
  const { fresh, open } = content;
  const { directory, rows } = postingsOf(content);
  const slots = slotsByRow(content);
  const recordsAt = 1;
  const openAt = recordsAt + blocksOf(slots.length, recordBytes);
  const directoryAt = openAt + blocksOf(open.count, recordBytes);
  const postingsAt = directoryAt + blocksOf(directory.length, directoryBytes);
  const head: SegmentHead = {
    format: 1,
    number: content.number,
    sequence: content.sequence,
    at: content.at,
    records: slots.length,
    open: open.count,
    participants: directory.length,
    postings: rows.length,
    ...content.span,
    sections: {
      records: recordsAt,
      open: openAt,
      directory: directoryAt,
      postings: postingsAt,
      texts: postingsAt + blocksOf(rows.length, postingBytes),
    },
  };
  await writeBlockFile(path, head, async (writer) => {
    const texts: Uint8Array[] = [];
    let textBytes = 0;
    /** A record whose text is long points to where it will stand. */
    const place = (to: number, text: Uint8Array) => {
      writer.view.setUint32(to + recordFields.endToEndId, textBytes);
      texts.push(text);
      textBytes += text.length;
    };
    await writer.items(slots.length, recordBytes, (row, to) => {
      fresh.copy(slots[row], writer.words, to);
      if (writer.bytes[to + recordFields.endToEndIdLength] > inlineReferenceBytes) {
        place(to, fresh.endToEndId(slots[row]));
      }
    });
    writer.endSection();
    await writer.items(open.count, recordBytes, (i, to) => {
      writer.bytes.set(open.bytes.subarray(i * recordBytes, (i + 1) * recordBytes), to);
      const text = open.longTexts.get(i);
      if (text !== undefined) place(to, text);
    });
    writer.endSection();
    await writer.items(directory.length, directoryBytes, (i, to) => {
      writer.view.setUint32(to, directory[i].code);
      writer.view.setUint32(to + 4, directory[i].start);
      writer.view.setUint32(to + 8, directory[i].count);
    });
    writer.endSection();
    await writer.numbers(rows);
    writer.endSection();
    for (const text of texts) await writer.append(text);
  });
  return head;
}

/** Reads a segment. */
export class Segment {
  readonly head: SegmentHead;
  readonly path: string;
  private readonly files: OpenFiles;

  /** @param head if it was read before */
  constructor(files: OpenFiles, path: string, head = files.head(path) as SegmentHead) {
    this.files = files;
    this.path = path;
    this.head = head;
    if (this.head.format !== 1) throw new DamagedArchiveError(`${path} is of format ${this.head.format}, not 1`);
  }

  /** Sections are read through a block of their own each. */
  records(): Section {
    return new Section(this.files, this.path, this.head.sections.records);
  }

  /** Bytes of blocks `from` to `to` of the records, as they lie in the file. */
  recordBlocks(from: number, to: number, into: Uint8Array): void {
    this.files.read(this.path, this.head.sections.records + from, to - from, into);
  }

  /** The record in `row` and its endToEndId, copied. */
  record(row: number, records: Section = this.records()): { bytes: Uint8Array; endToEndId: Uint8Array } {
    const at = records.item(row, recordBytes);
    return this.copy(new Uint8Array(records.view.buffer, at, recordBytes));
  }

  /** Visits every record that has ended, in order of its row; what is given is used again for the next. */
  each(visit: (view: DataView, at: number, row: number) => void): void {
    const blocks = blocksOf(this.head.records, recordBytes);
    const bytes = new Uint8Array(Math.min(blocks, blocksAtOnce) * blockBytes);
    const view = new DataView(bytes.buffer);
    for (let from = 0; from < blocks; from += blocksAtOnce) {
      const to = Math.min(blocks, from + blocksAtOnce);
      this.recordBlocks(from, to, bytes.subarray(0, (to - from) * blockBytes));
      const end = Math.min(this.head.records, to * recordsPerBlock);
      for (let row = from * recordsPerBlock; row < end; row++) {
        const block = Math.floor(row / recordsPerBlock) - from;
        visit(view, block * blockBytes + (row % recordsPerBlock) * recordBytes, row);
      }
    }
  }

  /** Every record in it, ended or in flight. */
  *everything(): Generator<{ bytes: Uint8Array; endToEndId: Uint8Array }> {
    const records = this.records();
    for (let row = 0; row < this.head.records; row++) yield this.record(row, records);
    const open = new Section(this.files, this.path, this.head.sections.open);
    for (let i = 0; i < this.head.open; i++) {
      yield this.copy(new Uint8Array(open.view.buffer, open.item(i, recordBytes), recordBytes));
    }
  }

  /** Bytes of the text at a place among the long ones. */
  text(from: number, length: number): Uint8Array {
    return new Section(this.files, this.path, this.head.sections.texts).slice(from, length);
  }

  /** Where the rows of a participant stand among the postings. */
  postings(participant: number): { readonly count: number; row(index: number): number } {
    const directory = new Section(this.files, this.path, this.head.sections.directory);
    let low = 0;
    let high = this.head.participants;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (directory.view.getUint32(directory.item(middle, directoryBytes)) < participant) low = middle + 1;
      else high = middle;
    }
    if (low === this.head.participants) return noPostings;
    const at = directory.item(low, directoryBytes);
    if (directory.view.getUint32(at) !== participant) return noPostings;
    const start = directory.view.getUint32(at + 4);
    const rows = new Section(this.files, this.path, this.head.sections.postings);
    return {
      count: directory.view.getUint32(at + 8),
      row: (index) => rows.view.getUint32(rows.item(start + index, postingBytes)),
    };
  }

  private copy(record: Uint8Array): { bytes: Uint8Array; endToEndId: Uint8Array } {
    const bytes = record.slice();
    const length = bytes[recordFields.endToEndIdLength];
    if (length <= inlineReferenceBytes) {
      return { bytes, endToEndId: bytes.subarray(recordFields.endToEndId, recordFields.endToEndId + length) };
    }
    const from = new DataView(bytes.buffer).getUint32(recordFields.endToEndId);
    return { bytes, endToEndId: this.text(from, length) };
  }
}

const noPostings = { count: 0, row: () => -1 };
