/**
 * The payment identifier: 31 decimal digits, 16 bytes, and the routing key of everything.
 *
 * ```
 *  digits  date 8 | version 1 | participant 5 | sequence 11 | centre 2 | cell 4
 *  bytes   date 4 | version 1 | participant 3 | sequence  5 | centre 1 | cell 2     big-endian
 * ```
 * Bytes sort as digits do. Agreements carry numbers of the same shape: their last six digits name the home cell.
 */
export const identifierBytes = 16;
/** Eleven digits. */
export const largestSequence = 99_999_999_999;

export interface Identifier {
  /** Business date as the number yyyymmdd. */
  readonly date: number;
  /** 0 to 9; this code makes and accepts 1. */
  readonly version: number;
  /** The instructing participant, 1 to 99999. */
  readonly participant: number;
  /** 0 to 10^11 - 1, the participant's own. */
  readonly sequence: number;
  /** 1 to 99. */
  readonly centre: number;
  /** 1 to 9999. */
  readonly cell: number;
}

export function readIdentifier(view: DataView, offset: number): Identifier {
  return {
    date: view.getUint32(offset),
    version: view.getUint8(offset + 4),
    participant: view.getUint32(offset + 4) & 0xffffff,
    sequence: view.getUint8(offset + 8) * 0x1_0000_0000 + view.getUint32(offset + 9),
    centre: view.getUint8(offset + 13),
    cell: view.getUint16(offset + 14),
  };
}

export function writeIdentifier(view: DataView, offset: number, id: Identifier): void {
  view.setUint32(offset, id.date);
  view.setUint32(offset + 4, id.version * 0x100_0000 + id.participant);
  view.setUint8(offset + 8, Math.floor(id.sequence / 0x1_0000_0000));
  view.setUint32(offset + 9, id.sequence % 0x1_0000_0000);
  view.setUint8(offset + 13, id.centre);
  view.setUint16(offset + 14, id.cell);
}

/** The 31 digits. */
export function identifierText(id: Identifier): string {
  const pad = (value: number, width: number) => String(value).padStart(width, '0');
  return `${pad(id.date, 8)}${id.version}${pad(id.participant, 5)}${pad(id.sequence, 11)}${pad(id.centre, 2)}${pad(id.cell, 4)}`;
}

/** The identifier in 31 digits, or undefined for anything else. Whether its date exists is not looked at here. */
export function parseIdentifier(text: string): Identifier | undefined {
  if (!/^[0-9]{31}$/.test(text)) return undefined;
  return {
    date: Number(text.slice(0, 8)),
    version: Number(text.slice(8, 9)),
    participant: Number(text.slice(9, 14)),
    sequence: Number(text.slice(14, 25)),
    centre: Number(text.slice(25, 27)),
    cell: Number(text.slice(27, 31)),
  };
}

export function identifierToBytes(id: Identifier): Uint8Array {
  const bytes = new Uint8Array(identifierBytes);
  writeIdentifier(new DataView(bytes.buffer), 0, id);
  return bytes;
}

export function identifierFromBytes(bytes: Uint8Array): Identifier {
  return readIdentifier(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0);
}
