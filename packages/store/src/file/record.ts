/**
 * How a batch lies in a segment, and how a segment begins. All numbers are big-endian.
 *
 * A segment begins with one block of 4096 bytes, zeros after its head:
 * ```
 *   0 magic     u64   "clearway"
 *   8 format    u16   1
 *  10 centre    u8
 *  11 zero      u8
 *  12 cell      u16
 *  14 zero      u16
 *  16 epoch     u32
 *  20 crc       u32   CRC-32 of the other 28 bytes
 *  24 first     u64   sequence of its first batch
 * ```
 * Then records, each a head of 64 bytes and the batch's header, facts and bodies, padded with zeros to 64:
 * ```
 *   0 magic     u32
 *   4 crc       u32   CRC-32 of all that follows, to the end of the bodies
 *   8 epoch     u32
 *  12 header    u32   bytes of the header
 *  16 facts     u32   bytes of the facts
 *  20 bodies    u32   bytes of the bodies
 *  24 sequence  u64
 *  32 frontier  u64   last batch that was durable, with all before it, when this record was written
 *  40 zero      24
 * ```
 * What is flushed together begins at a block of its own: no write ever touches a block that holds something durable.
 * The frontier is what tells a torn end from damage: a record that cannot be read was durable if a later record says so.
 *
 * CRC-32 (IEEE 802.3) by zlib: as fast as memory is read, and enough against chance; SHA-256 in the header and the
 * chain of headers are what stands against everything else.
 */
import { crc32 } from 'node:zlib';
import { readUint64, writeUint64 } from '@clearway/core';
import type { CellPlace } from '../batch.ts';
import type { JournalBatch } from '../port.ts';

export const blockBytes = 4096;
export const recordHeadBytes = 64;
const recordMagic = 0xc1ea_ba7c;
const segmentMagic = 'clearway';
export const segmentFormat = 1;
const segmentHeadBytes = 32;

const roundUp = (bytes: number, unit: number) => Math.ceil(bytes / unit) * unit;
export const nextRecord = (position: number) => roundUp(position, recordHeadBytes);
export const nextBlock = (position: number) => roundUp(position, blockBytes);

export interface RecordHead {
  readonly epoch: number;
  readonly sequence: number;
  readonly frontier: number;
  readonly headerBytes: number;
  readonly factsBytes: number;
  readonly bodiesBytes: number;
}

/** Head and columns of a record without the padding. */
export const recordBytes = ({
  headerBytes,
  factsBytes,
  bodiesBytes,
}: Omit<RecordHead, 'epoch' | 'sequence' | 'frontier'>) => recordHeadBytes + headerBytes + factsBytes + bodiesBytes;

/** Head, header, facts, bodies and padding: the columns are the batch's own bytes, not copies. */
export function encodeRecord(batch: JournalBatch, frontier: number): Uint8Array[] {
  const { header, facts, bodies } = batch;
  const head = new Uint8Array(recordHeadBytes);
  const view = new DataView(head.buffer);
  view.setUint32(0, recordMagic);
  view.setUint32(8, batch.epoch);
  view.setUint32(12, header.length);
  view.setUint32(16, facts.length);
  view.setUint32(20, bodies.length);
  writeUint64(view, 24, batch.sequence);
  writeUint64(view, 32, frontier);
  view.setUint32(4, crcOf(head.subarray(8), header, facts, bodies));
  const bytes = recordHeadBytes + header.length + facts.length + bodies.length;
  return [head, header, facts, bodies, padding(nextRecord(bytes) - bytes)];
}

/** zlib begins anew at an empty part. */
const crcOf = (...parts: Uint8Array[]) => parts.reduce((crc, part) => (part.length === 0 ? crc : crc32(part, crc)), 0);

const zeros = new Uint8Array(blockBytes);
export const padding = (bytes: number): Uint8Array => zeros.subarray(0, bytes);

/** Undefined if no record begins here; whether it is whole says {@link isIntact}. */
export function decodeRecordHead(bytes: Uint8Array): RecordHead | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) !== recordMagic) return undefined;
  return {
    epoch: view.getUint32(8),
    headerBytes: view.getUint32(12),
    factsBytes: view.getUint32(16),
    bodiesBytes: view.getUint32(20),
    sequence: readUint64(view, 24),
    frontier: readUint64(view, 32),
  };
}

/** `record`: exactly as many bytes as {@link recordBytes} of its head. */
export function isIntact(record: Uint8Array): boolean {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  return view.getUint32(4) === crc32(record.subarray(8));
}

/** Views into `record`, no copies. */
export function batchOf(record: Uint8Array, head: RecordHead): JournalBatch {
  const facts = recordHeadBytes + head.headerBytes;
  const bodies = facts + head.factsBytes;
  return {
    sequence: head.sequence,
    epoch: head.epoch,
    header: record.subarray(recordHeadBytes, facts),
    facts: record.subarray(facts, bodies),
    bodies: record.subarray(bodies),
  };
}

/** One block. */
export function encodeSegmentHead({ centre, cell }: CellPlace, epoch: number, first: number): Uint8Array {
  const block = new Uint8Array(blockBytes);
  const view = new DataView(block.buffer);
  block.set(new TextEncoder().encode(segmentMagic));
  view.setUint16(8, segmentFormat);
  view.setUint8(10, centre);
  view.setUint16(12, cell);
  view.setUint32(16, epoch);
  writeUint64(view, 24, first);
  view.setUint32(20, segmentCrc(block));
  return block;
}

const segmentCrc = (block: Uint8Array) => crcOf(block.subarray(0, 20), block.subarray(24, segmentHeadBytes));

export interface SegmentHead extends CellPlace {
  readonly format: number;
  readonly epoch: number;
  readonly first: number;
}

/** Undefined if these bytes are not the whole head of a segment. */
export function decodeSegmentHead(bytes: Uint8Array): SegmentHead | undefined {
  if (bytes.length < segmentHeadBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (new TextDecoder().decode(bytes.subarray(0, 8)) !== segmentMagic || view.getUint32(20) !== segmentCrc(bytes))
    return undefined;
  return {
    format: view.getUint16(8),
    centre: view.getUint8(10),
    cell: view.getUint16(12),
    epoch: view.getUint32(16),
    first: readUint64(view, 24),
  };
}
