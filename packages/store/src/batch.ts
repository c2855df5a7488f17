/**
 * How a batch is written: a header that chains it to the one before, and the layout of its bodies.
 *
 * Header, format 1, 128 bytes, all numbers big-endian:
 * ```
 *   0 format         u16   1
 *   2 rulesVersion   u16   rules that decided the outcomes
 *   4 centre         u8
 *   5 zero           u8
 *   6 cell           u16
 *   8 epoch          u32
 *  12 commands       u32   how many, and as many bodies
 *  16 sequence       u64
 *  24 at             u64   milliseconds since 1970
 *  32 previousHash   32    SHA-256 of the header before, zeros in the first
 *  64 factsHash      32    SHA-256 of the facts column
 *  96 bodiesHash     32    SHA-256 of the bodies column as stored, encrypted
 * ```
 * Bodies in the clear: for each command in order its length as u32 and its bytes. The column is one AES-256-GCM box of
 * that; the box is bound to its cell and sequence, so that no batch can pass for another.
 */
import { assert, readUint64, writeUint64 } from '@clearway/core';
import type { Crypto } from '@clearway/ports';
import { type JournalBatch, NewerJournalError } from './port.ts';

export const batchFormat = 1;
export const headerBytes = 128;
export const noHash: Uint8Array = new Uint8Array(32);

/** A cell's place: centre 1 to 99, cell 1 to 9999. */
export interface CellPlace {
  readonly centre: number;
  readonly cell: number;
}

export interface BatchHeader extends CellPlace {
  readonly rulesVersion: number;
  readonly epoch: number;
  readonly sequence: number;
  /** Milliseconds since 1970; never less than in the batch before. */
  readonly at: number;
  readonly commands: number;
  readonly previousHash: Uint8Array;
  readonly factsHash: Uint8Array;
  readonly bodiesHash: Uint8Array;
}

export function encodeHeader(header: BatchHeader): Uint8Array {
  const bytes = new Uint8Array(headerBytes);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, batchFormat);
  view.setUint16(2, header.rulesVersion);
  view.setUint8(4, header.centre);
  view.setUint16(6, header.cell);
  view.setUint32(8, header.epoch);
  view.setUint32(12, header.commands);
  writeUint64(view, 16, header.sequence);
  writeUint64(view, 24, header.at);
  setHash(bytes, 32, header.previousHash);
  setHash(bytes, 64, header.factsHash);
  setHash(bytes, 96, header.bodiesHash);
  return bytes;
}

function setHash(bytes: Uint8Array, offset: number, hash: Uint8Array): void {
  assert(hash.length === 32, 'a hash has 32 bytes');
  bytes.set(hash, offset);
}

/** @throws NewerJournalError for a later format, Error for anything else but a whole header of format 1 */
export function decodeHeader(bytes: Uint8Array): BatchHeader {
  const wrongLength = `a batch header has ${headerBytes} bytes, not ${bytes.length}`;
  if (bytes.length < headerBytes) throw new Error(wrongLength);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const format = view.getUint16(0);
  if (format > batchFormat)
    throw new NewerJournalError(`batch format ${format} is newer than this program, which reads ${batchFormat}`);
  if (bytes.length !== headerBytes) throw new Error(wrongLength);
  if (format !== batchFormat) throw new Error(`batch format ${format} is unknown, this program reads ${batchFormat}`);
  return {
    rulesVersion: view.getUint16(2),
    centre: view.getUint8(4),
    cell: view.getUint16(6),
    epoch: view.getUint32(8),
    commands: view.getUint32(12),
    sequence: readUint64(view, 16),
    at: readUint64(view, 24),
    previousHash: bytes.slice(32, 64),
    factsHash: bytes.slice(64, 96),
    bodiesHash: bytes.slice(96, 128),
  };
}

export const headerHash = (crypto: Pick<Crypto, 'sha256'>, header: Uint8Array): Uint8Array => crypto.sha256(header);

export interface BatchContent extends Omit<BatchHeader, 'factsHash' | 'bodiesHash'> {
  readonly facts: Uint8Array;
  /** As stored, from {@link encryptBodies}. */
  readonly bodies: Uint8Array;
}

/** Hashes the columns and writes the header. */
export function makeBatch(crypto: Pick<Crypto, 'sha256'>, content: BatchContent): JournalBatch {
  const { sequence, epoch, facts, bodies } = content;
  const header = encodeHeader({ ...content, factsHash: crypto.sha256(facts), bodiesHash: crypto.sha256(bodies) });
  return { sequence, epoch, header, facts, bodies };
}

export function packBodies(list: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(list.reduce((size, body) => size + 4 + body.length, 0));
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const body of list) {
    view.setUint32(offset, body.length);
    bytes.set(body, offset + 4);
    offset += 4 + body.length;
  }
  return bytes;
}

/** Views into `bytes`, no copies. @throws Error if the lengths do not add up */
export function unpackBodies(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const list: Uint8Array[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const start = offset + 4;
    const end = start <= bytes.length ? start + view.getUint32(offset) : start;
    if (end > bytes.length) throw new Error(`body ${list.length} reaches beyond the end of the column`);
    list.push(bytes.subarray(start, end));
    offset = end;
  }
  return list;
}

/** The bodies column: `list` under the key of the day. */
export function encryptBodies(
  crypto: Pick<Crypto, 'encrypt'>,
  key: Uint8Array,
  place: CellPlace & { readonly sequence: number },
  list: readonly Uint8Array[],
): Uint8Array {
  return encryptPacked(crypto, key, place, packBodies(list));
}

/** The same for bodies that lie packed already, in pieces that follow one another. */
export function encryptPacked(
  crypto: Pick<Crypto, 'encrypt'>,
  key: Uint8Array,
  place: CellPlace & { readonly sequence: number },
  packed: Uint8Array | readonly Uint8Array[],
  room?: (bytes: number) => Uint8Array,
): Uint8Array {
  return crypto.encrypt(key, packed, bodiesContext(place), room);
}

/** @throws Error if the column was changed, belongs to another batch, or the key is another */
export function decryptBodies(
  crypto: Pick<Crypto, 'decrypt'>,
  key: Uint8Array,
  place: CellPlace & { readonly sequence: number },
  column: Uint8Array,
): Uint8Array[] {
  return unpackBodies(decryptPacked(crypto, key, place, column));
}

/** The same, packed as it is. */
export function decryptPacked(
  crypto: Pick<Crypto, 'decrypt'>,
  key: Uint8Array,
  place: CellPlace & { readonly sequence: number },
  column: Uint8Array,
): Uint8Array {
  return crypto.decrypt(key, column, bodiesContext(place));
}

function bodiesContext({ centre, cell, sequence }: CellPlace & { readonly sequence: number }): Uint8Array {
  const bytes = new Uint8Array(11);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, centre);
  view.setUint16(1, cell);
  writeUint64(view, 3, sequence);
  return bytes;
}
