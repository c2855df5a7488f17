/** Reads a segment's headers and facts and skips the bodies, which are most of it. */
import type { DiskFile } from '@clearway/ports';
import type { CellPlace } from '../batch.ts';
import type { BatchFacts } from '../port.ts';
import {
  blockBytes,
  decodeRecordHead,
  nextBlock,
  nextRecord,
  type RecordHead,
  recordBytes,
  recordHeadBytes,
} from './record.ts';
import { hasHead, type RecordStart, type Segment } from './segment.ts';

/** Bytes that are read at least: several records where bodies are few. */
const leastBytes = 64 << 10;
/** So that the buffers do not grow with every batch that is a little larger. */
const spareBytes = 16 << 10;

interface Piece {
  readonly at: number;
  readonly bytes: Uint8Array;
  /** What the bytes lie in. */
  readonly buffer: Uint8Array;
}

/** Views of a file at positions that grow; what is expected next is read while the last is used. */
function skippingReader(file: DiskFile, size: number) {
  let piece: Piece = { at: 0, bytes: new Uint8Array(0), buffer: new Uint8Array(0) };
  /** Is read into while the buffer of the piece is used; then they change places. */
  let spare: Uint8Array = new Uint8Array(0);
  let ahead: { readonly at: number; readonly end: number; readonly read: Promise<Piece> } | undefined;

  async function fetch(at: number, length: number): Promise<Piece> {
    if (spare.length < length) spare = Buffer.allocUnsafeSlow(length + spareBytes);
    const buffer = spare;
    const count = await file.read(buffer.subarray(0, length), at);
    return { at, bytes: buffer.subarray(0, count), buffer };
  }

  const lengthFrom = (at: number, wanted: number) => Math.min(Math.max(wanted, leastBytes), size - at);
  const holds = (at: number, length: number) => at >= piece.at && at + length <= piece.at + piece.bytes.length;

  return {
    /** `length` bytes from `at` on, or undefined if the file ends before. */
    async view(at: number, length: number): Promise<Uint8Array | undefined> {
      if (at + length > size) return undefined;
      if (!holds(at, length)) {
        const next = ahead;
        ahead = undefined;
        const read = await next?.read;
        const isAhead = next !== undefined && at >= next.at && at + length <= next.end;
        const found = isAhead ? read! : await fetch(at, lengthFrom(at, length));
        spare = piece.buffer;
        piece = found;
      }
      return holds(at, length) ? piece.bytes.subarray(at - piece.at, at - piece.at + length) : undefined;
    },
    expect(at: number, length: number): void {
      const wanted = lengthFrom(at, length);
      if (ahead || wanted <= 0 || holds(at, Math.min(length, wanted))) return;
      const read = fetch(at, wanted);
      // Whoever waits for it is told; one that nobody waits for any more is not missed.
      read.catch(() => {});
      ahead = { at, end: at + wanted, read };
    },
    async idle(): Promise<void> {
      await ahead?.read.catch(() => {});
    },
  };
}

export interface FactsReader {
  /**
   * The next batch, or undefined where none follows. Its head alone was checked. The bytes are used again: they are
   * valid until the next one is asked for.
   */
  next(): Promise<BatchFacts | undefined>;
  idle(): Promise<void>;
}

/** @throws DamagedJournalError if the segment is of another cell or format */
export async function openFactsReader(
  file: DiskFile,
  segment: Segment,
  place: CellPlace,
  start?: RecordStart,
): Promise<FactsReader> {
  const source = skippingReader(file, await file.size());
  const isBegun = start !== undefined || (await hasHead(file, segment, place));
  let position = start?.position ?? blockBytes;
  let sequence = start?.sequence ?? segment.first;

  async function headAt(at: number): Promise<RecordHead | undefined> {
    const bytes = await source.view(at, recordHeadBytes);
    const head = bytes && decodeRecordHead(bytes);
    return head?.epoch === segment.epoch && head.sequence === sequence ? head : undefined;
  }

  return {
    async next() {
      if (!isBegun) return undefined;
      let at = nextRecord(position);
      let head = await headAt(at);
      if (!head && at !== nextBlock(at)) {
        at = nextBlock(at);
        head = await headAt(at);
      }
      if (!head) return undefined;
      const facts = recordHeadBytes + head.headerBytes;
      const bytes = await source.view(at, facts + head.factsBytes);
      if (!bytes) return undefined;
      position = at + recordBytes(head);
      sequence += 1;
      // The next one may begin at the next block as well.
      source.expect(nextRecord(position), bytes.length + blockBytes);
      return {
        sequence: head.sequence,
        epoch: head.epoch,
        header: bytes.subarray(recordHeadBytes, facts),
        facts: bytes.subarray(facts),
      };
    },
    idle: source.idle,
  };
}
