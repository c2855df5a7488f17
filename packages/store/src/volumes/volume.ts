/**
 * A volume: a stretch of a journal in one file that never changes, with batches as they lie in a segment (file/record.ts)
 * behind a segment's head of epoch 0, which no epoch has. It has its name, `<first>-<last>.volume`, when it has been read
 * back from the disk and every batch was found to follow the one before.
 */
import { join } from 'node:path';
import type { Disk, DiskFile } from '@clearway/ports';
import type { CellPlace } from '../batch.ts';
import {
  batchOf,
  blockBytes,
  decodeRecordHead,
  decodeSegmentHead,
  encodeRecord,
  encodeSegmentHead,
  isIntact,
  nextRecord,
  recordBytes,
  recordHeadBytes,
  segmentFormat,
} from '../file/record.ts';
import { DamagedJournalError } from '../journal-law.ts';
import type { JournalBatch } from '../port.ts';

export interface Volume {
  /** Sequences of its first and last batch. */
  readonly first: number;
  readonly last: number;
  readonly path: string;
}

const digits = (number: number) => String(number).padStart(16, '0');

export const volumeAt = (folder: string, first: number, last: number): Volume => ({
  first,
  last,
  path: join(folder, `${digits(first)}-${digits(last)}.volume`),
});

/** Undefined for any other name. */
export function parseVolume(folder: string, name: string): Volume | undefined {
  const found = /^(\d{16})-(\d{16})\.volume$/.exec(name);
  return found ? volumeAt(folder, Number(found[1]), Number(found[2])) : undefined;
}

const noEpoch = 0;
/** Records are gathered to about this much a write. */
const writeBytes = 1 << 20;

/** Resolves when all of it is on stable storage. */
export async function writeVolume(
  file: DiskFile,
  place: CellPlace,
  first: number,
  batches: AsyncIterable<JournalBatch>,
): Promise<void> {
  let parts: Uint8Array[] = [encodeSegmentHead(place, noEpoch, first)];
  let gathered = blockBytes;
  let position = 0;
  const flushParts = async () => {
    await file.write(parts, position);
    position += gathered;
    parts = [];
    gathered = 0;
  };
  for await (const batch of batches) {
    const record = encodeRecord(batch, batch.sequence);
    // A journal may use its bytes again when the next batch is asked for.
    const bytes = Buffer.concat(record);
    parts.push(bytes);
    gathered += bytes.length;
    if (gathered >= writeBytes) await flushParts();
  }
  if (parts.length > 0) await flushParts();
  await file.flush();
}

/**
 * The batches of a volume, whose records are checked; of those before `from` only the heads are read.
 * @throws DamagedJournalError for anything but a whole volume of this cell
 */
export async function* readVolume(
  disk: Disk,
  place: CellPlace,
  volume: Volume,
  from = volume.first,
): AsyncGenerator<JournalBatch> {
  const file = await disk.open(volume.path, 'read');
  try {
    const damaged = (what: string) => new DamagedJournalError(`${volume.path} ${what}: restore it from a copy.`);
    const read = async (position: number, length: number): Promise<Uint8Array> => {
      const bytes = new Uint8Array(length);
      if ((await file.read(bytes, position)) < length) throw damaged('ends too early');
      return bytes;
    };
    const head = decodeSegmentHead(await read(0, blockBytes));
    if (head?.format !== segmentFormat) throw damaged('has no head that can be read');
    const isOurs = head.centre === place.centre && head.cell === place.cell;
    if (!isOurs || head.epoch !== noEpoch || head.first !== volume.first)
      throw damaged('is another than its name says');
    let position = blockBytes;
    for (let sequence = volume.first; sequence <= volume.last; sequence++) {
      const record = decodeRecordHead(await read(position, recordHeadBytes));
      if (record === undefined || record.sequence !== sequence) throw damaged(`has no batch ${sequence}`);
      const length = recordBytes(record);
      if (sequence >= from) {
        const bytes = await read(position, length);
        if (!isIntact(bytes)) throw damaged(`has batch ${sequence} changed`);
        yield batchOf(bytes, record);
      }
      position = nextRecord(position + length);
    }
  } finally {
    await file.close();
  }
}
