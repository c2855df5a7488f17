/** Reads a segment: record after record in large pieces, or the state of its end. */
import { join } from 'node:path';
import type { DiskFile } from '@clearway/ports';
import type { CellPlace } from '../batch.ts';
import { DamagedJournalError } from '../journal-law.ts';
import { type JournalBatch, NewerJournalError } from '../port.ts';
import {
  batchOf,
  blockBytes,
  decodeRecordHead,
  decodeSegmentHead,
  isIntact,
  nextBlock,
  nextRecord,
  recordBytes,
  recordHeadBytes,
  segmentFormat,
} from './record.ts';

export interface Segment {
  readonly epoch: number;
  /** Sequence of its first batch. */
  readonly first: number;
  readonly path: string;
}

const digits = (number: number, width: number) => String(number).padStart(width, '0');

export const segmentAt = (folder: string, epoch: number, first: number): Segment => ({
  epoch,
  first,
  path: join(folder, `${digits(epoch, 10)}-${digits(first, 16)}.segment`),
});

/** Undefined for any other name. */
export function parseSegment(folder: string, name: string): Segment | undefined {
  const found = /^(\d{10})-(\d{16})\.segment$/.exec(name);
  return found ? segmentAt(folder, Number(found[1]), Number(found[2])) : undefined;
}

/** The segment of the epoch that a batch lies in, if the epoch has it. `segments` as in a survey. */
export function segmentOf(segments: readonly Segment[], epoch: number, sequence: number): Segment | undefined {
  for (let place = segments.length - 1; place >= 0; place--) {
    if (segments[place].epoch === epoch && segments[place].first <= sequence) return segments[place];
  }
  return undefined;
}

/** Bytes that are read at once, of a whole segment. */
const pieceBytes = 4 << 20;
/** And for one record. */
const smallPieceBytes = 256 << 10;
/** Room before a piece for the beginning of a record that ends in it. */
const carryBytes = 1 << 20;

interface Piece {
  readonly buffer: Uint8Array;
  /** Where in the file it begins and ends, without the room before. */
  readonly at: number;
  readonly end: number;
}

/** Views of a file from front to back; with `isWhole` the next piece is read while one is used. */
function forwardReader(file: DiskFile, size: number, start: number, isWhole: boolean) {
  let bytes: Uint8Array = new Uint8Array(0);
  let at = start;
  let ahead: Promise<Piece> | undefined;

  async function fetch(from: number): Promise<Piece> {
    const length = Math.min(isWhole ? pieceBytes : smallPieceBytes, size - from);
    // Not one of Node's pool: views of it are kept by whoever reads.
    const buffer = Buffer.allocUnsafeSlow(carryBytes + length);
    const count = await file.read(buffer.subarray(carryBytes), from);
    // The file became shorter than it was when it was opened: what is missing reads as zeros.
    buffer.fill(0, carryBytes + count);
    return { buffer, at: from, end: from + length };
  }

  return {
    /** `length` bytes from `position` on, or undefined if the file ends before. Positions never go back. */
    async view(position: number, length: number): Promise<Uint8Array | undefined> {
      if (position + length > size) return undefined;
      while (position + length > at + bytes.length) {
        const carried = position < at + bytes.length ? bytes.subarray(position - at) : bytes.subarray(0, 0);
        const piece = await (ahead ?? fetch(at + bytes.length));
        ahead = isWhole && piece.end < size ? fetch(piece.end) : undefined;
        // Whoever waits for it is told; one that nobody waits for any more is not missed.
        ahead?.catch(() => {});
        if (carried.length <= carryBytes) {
          piece.buffer.set(carried, carryBytes - carried.length);
          bytes = piece.buffer.subarray(carryBytes - carried.length);
        } else {
          bytes = Buffer.concat([carried, piece.buffer.subarray(carryBytes)]);
        }
        at = piece.at - carried.length;
      }
      return bytes.subarray(position - at, position - at + length);
    },
    async idle(): Promise<void> {
      await ahead?.catch(() => {});
    },
  };
}

export interface FoundRecord {
  readonly position: number;
  readonly batch: JournalBatch;
  readonly frontier: number;
}

/** Where a record begins, and which it is. */
export interface RecordStart {
  readonly position: number;
  readonly sequence: number;
}

export interface SegmentReader {
  /** The next record, or undefined where no whole one follows. */
  next(): Promise<FoundRecord | undefined>;
  /** Behind the last record that was found. */
  readonly position: number;
  /** Resolves when nothing is being read ahead any more: then the file may be closed. */
  idle(): Promise<void>;
}

/**
 * @param from where to begin: a record and its sequence; without it at the segment's first
 * @param isWhole whether many records are wanted: then they are read ahead
 * @throws DamagedJournalError if the segment is of another cell, NewerJournalError if of a later format
 */
export async function openReader(
  file: DiskFile,
  segment: Segment,
  place: CellPlace,
  from?: RecordStart,
  isWhole = true,
): Promise<SegmentReader> {
  const size = await file.size();
  let position = from?.position ?? blockBytes;
  let sequence = from?.sequence ?? segment.first;
  const isBegun = from !== undefined || (await hasHead(file, segment, place));
  const source = forwardReader(file, size, position, isWhole);

  async function recordAt(at: number): Promise<FoundRecord | undefined> {
    const headView = await source.view(at, recordHeadBytes);
    const head = headView && decodeRecordHead(headView);
    if (!head || head.epoch !== segment.epoch || head.sequence !== sequence) return undefined;
    const record = await source.view(at, recordBytes(head));
    if (!record || !isIntact(record)) return undefined;
    return { position: at, batch: batchOf(record, head), frontier: head.frontier };
  }

  return {
    async next() {
      if (!isBegun) return undefined;
      const at = nextRecord(position);
      const found = (await recordAt(at)) ?? (at === nextBlock(at) ? undefined : await recordAt(nextBlock(at)));
      if (!found) return undefined;
      position = found.position + recordBytes(columnsOf(found.batch));
      sequence += 1;
      return found;
    },
    get position() {
      return position;
    },
    idle: source.idle,
  };
}

const columnsOf = ({ header, facts, bodies }: JournalBatch) => ({
  headerBytes: header.length,
  factsBytes: facts.length,
  bodiesBytes: bodies.length,
});

/** False if its head was never written whole: then nothing in it was ever durable. */
export async function hasHead(file: DiskFile, segment: Segment, place: CellPlace): Promise<boolean> {
  const block = new Uint8Array(blockBytes);
  const count = await file.read(block, 0);
  const head = decodeSegmentHead(block.subarray(0, count));
  if (!head) return false;
  const { path, epoch, first } = segment;
  if (head.format > segmentFormat)
    throw new NewerJournalError(`${path} has format ${head.format}, this program reads ${segmentFormat}.`);
  if (head.format !== segmentFormat) throw new DamagedJournalError(`${path} has format ${head.format}.`);
  if (head.centre !== place.centre || head.cell !== place.cell) {
    throw new DamagedJournalError(
      `${path} belongs to cell ${head.centre}/${head.cell}, not to ${place.centre}/${place.cell}: check the folder of the journal.`,
    );
  }
  if (head.epoch !== epoch || head.first !== first) {
    throw new DamagedJournalError(
      `${path} says that it begins at batch ${head.first} of epoch ${head.epoch}: it was renamed.`,
    );
  }
  return true;
}

export interface SegmentEnd {
  /** Last batch that can be read with all before it; one less than the segment's first if there is none. */
  readonly last: number;
  /** Header of that batch; undefined if there is none. */
  readonly header: Uint8Array | undefined;
  /** Last batch that is proven to have been durable. */
  readonly frontier: number;
  /** What is readable and not proven durable, as bytes of the file. */
  readonly unproven: { readonly from: number; readonly to: number };
}

/**
 * Where the last segment of an epoch ends, also while its writer goes on.
 *
 * @throws DamagedJournalError if a batch cannot be read that a later record says was durable
 */
export async function findEnd(file: DiskFile, segment: Segment, place: CellPlace): Promise<SegmentEnd> {
  const starts: number[] = [];
  let header: Uint8Array | undefined;
  // The segment's name was made when all before its first batch was durable.
  let frontier = segment.first - 1;
  let last = frontier;
  let position = blockBytes;
  /** Of a record that says that the batch behind the last one can be read. */
  let proof: number | undefined;
  do {
    const missing = last + 1;
    const from = starts.length === 0 ? undefined : { position, sequence: missing };
    const reader = await openReader(file, segment, place, from);
    for (let found = await reader.next(); found; found = await reader.next()) {
      starts.push(found.position);
      header = found.batch.header;
      frontier = Math.max(frontier, found.frontier);
    }
    await reader.idle();
    last = segment.first - 1 + starts.length;
    // Its proof was read before it, so it was not just being written this time.
    if (proof !== undefined && last < missing) {
      throw new DamagedJournalError(
        `Batch ${missing} in ${segment.path} cannot be read, though the record at byte ${proof} shows that it was durable: ` +
          'the file is damaged. Nothing was changed; restore it from a copy.',
      );
    }
    ({ position } = reader);
    proof = await laterProof(file, segment, position, last);
  } while (proof !== undefined);
  const from = frontier < segment.first ? 0 : (starts[frontier + 1 - segment.first] ?? position);
  return { last, header: header?.slice(), frontier, unproven: { from, to: position } };
}

/** Position of a whole record behind `position` that says that batch `last` + 1 was durable. */
async function laterProof(
  file: DiskFile,
  segment: Segment,
  position: number,
  last: number,
): Promise<number | undefined> {
  const size = await file.size();
  const piece = Buffer.allocUnsafeSlow(pieceBytes);
  for (let at = nextBlock(position); at < size; at += pieceBytes) {
    const count = await file.read(piece, at);
    for (let offset = 0; offset + recordHeadBytes <= count; offset += blockBytes) {
      const head = decodeRecordHead(piece.subarray(offset, offset + recordHeadBytes));
      if (!head || head.epoch !== segment.epoch || head.frontier <= last) continue;
      const length = recordBytes(head);
      if (at + offset + length > size) continue;
      const record = Buffer.allocUnsafeSlow(length);
      if ((await file.read(record, at + offset)) === length && isIntact(record)) return at + offset;
    }
  }
  return undefined;
}
