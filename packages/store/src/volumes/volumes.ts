/**
 * Old days of a journal, bound: a copy in volumes from its first batch on, which was checked against the chain before it
 * counts. What is bound can be read as the journal is.
 *
 * A crash at any point leaves whole volumes, and perhaps a file without a volume's name, which is removed by the next that
 * binds. Binding again goes on behind the last volume.
 */
import { join } from 'node:path';
import type { Crypto, Disk } from '@clearway/ports';
import { type CellPlace, decodeHeader, headerHash } from '../batch.ts';
import { DamagedJournalError } from '../journal-law.ts';
import type { Journal, JournalBatch } from '../port.ts';
import { type ChainLink, chainStart, verifyChain } from '../verify-chain.ts';
import { parseVolume, readVolume, type Volume, volumeAt, writeVolume } from './volume.ts';

export interface VolumesOptions {
  readonly disk: Disk;
  readonly folder: string;
  readonly place: CellPlace;
  readonly crypto: Pick<Crypto, 'sha256'>;
  /** Of one volume, about; default 256 MiB. */
  readonly volumeBytes?: number;
}

export interface Volumes {
  /** The last batch that is bound: the anchor from which the rest of the journal follows. */
  last(): Promise<ChainLink>;
  /**
   * Binds what is not bound yet, up to and with batch `through`; gives the last of each volume when it is there for good.
   * @throws ChainError, and nothing is bound that does not follow; DamagedJournalError for volumes that are not whole
   */
  bind(journal: Pick<Journal, 'read'>, through: number): AsyncGenerator<ChainLink>;
  /** Bound batches in order, from `from` on. */
  read(from: number): AsyncGenerator<JournalBatch>;
  readOne(sequence: number): Promise<JournalBatch | undefined>;
}

const usualVolumeBytes = 256 << 20;
const unfinished = 'next.unfinished';

export function openVolumes(options: VolumesOptions): Volumes {
  const { disk, folder, place, crypto, volumeBytes = usualVolumeBytes } = options;

  /** In order. @throws DamagedJournalError if one is missing between them */
  async function list(): Promise<Volume[]> {
    const volumes = (await disk.list(folder))
      .map((name) => parseVolume(folder, name))
      .filter((volume) => volume !== undefined)
      .sort((a, b) => a.first - b.first);
    let next = 1;
    for (const { first, last, path } of volumes) {
      if (first !== next) throw new DamagedJournalError(`Batches ${next} to ${first - 1} are missing before ${path}.`);
      next = last + 1;
    }
    return volumes;
  }

  async function last(): Promise<ChainLink> {
    const volume = (await list()).at(-1);
    const batch = volume && (await readOne(volume.last));
    if (batch === undefined) return chainStart;
    const { sequence, epoch, at } = decodeHeader(batch.header);
    return { sequence, epoch, at, hash: headerHash(crypto, batch.header) };
  }

  async function readOne(sequence: number): Promise<JournalBatch | undefined> {
    const volume = (await list()).find((one) => one.first <= sequence && sequence <= one.last);
    if (volume === undefined) return undefined;
    for await (const batch of readVolume(disk, place, volume, sequence)) return batch;
    return undefined;
  }

  /** One more volume. */
  async function bindOne(journal: Pick<Journal, 'read'>, after: ChainLink, through: number): Promise<ChainLink> {
    const path = join(folder, unfinished);
    if (await disk.exists(path)) await disk.remove(path);
    const file = await disk.create(path);
    if (file === undefined) throw new DamagedJournalError(`${path} is being written by another process.`);
    let written = after;
    async function* stretch() {
      let bytes = 0;
      for await (const { batch, link } of verifyChain(crypto, place, journal.read(after.sequence + 1), after)) {
        yield batch;
        written = link;
        bytes += batch.header.length + batch.facts.length + batch.bodies.length;
        if (link.sequence === through || bytes >= volumeBytes) return;
      }
      throw new DamagedJournalError(`The journal ends at batch ${written.sequence}, before ${through}.`);
    }
    try {
      await writeVolume(file, place, after.sequence + 1, stretch());
    } finally {
      await file.close();
    }
    const found = { ...volumeAt(folder, after.sequence + 1, written.sequence), path };
    let read = after;
    for await (const { link } of verifyChain(crypto, place, readVolume(disk, place, found), after)) read = link;
    if (!Buffer.from(read.hash).equals(written.hash)) throw new DamagedJournalError(`${path} is not what was written.`);
    await disk.link(path, volumeAt(folder, found.first, found.last).path);
    await disk.flushFolder(folder);
    await disk.remove(path);
    return read;
  }

  return {
    last,
    readOne,
    async *bind(journal, through) {
      await disk.makeFolder(folder);
      const lock = await disk.lock(folder);
      if (lock === undefined) throw new DamagedJournalError(`Another process binds volumes in ${folder}: let it end.`);
      try {
        for (let link = await last(); link.sequence < through; ) {
          link = await bindOne(journal, link, through);
          yield link;
        }
      } finally {
        await lock.release();
      }
    },
    async *read(from) {
      for (const volume of await list()) {
        if (volume.last < from) continue;
        yield* readVolume(disk, place, volume, from);
      }
    },
  };
}

/** A journal of which the beginning is read from its volumes: what is bound need not be in it any more. */
export function withVolumes(journal: Journal, volumes: Volumes): Journal {
  async function* read(from: number): AsyncGenerator<JournalBatch> {
    const { sequence } = await volumes.last();
    if (from <= sequence) yield* volumes.read(from);
    yield* journal.read(Math.max(from, sequence + 1));
  }
  return {
    ...journal,
    read,
    async *readFacts(from) {
      const { sequence } = await volumes.last();
      if (from <= sequence) for await (const { bodies: _, ...facts } of volumes.read(from)) yield facts;
      yield* journal.readFacts(Math.max(from, sequence + 1));
    },
    readOne: async (sequence) => (await volumes.readOne(sequence)) ?? journal.readOne(sequence),
  };
}
