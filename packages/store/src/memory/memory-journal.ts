/** The journal in memory: as strict as the real one, and it can be made to fail. */
import type { Crypto } from '@clearway/ports';
import { headerHash, noHash } from '../batch.ts';
import { checkAppend, fenced } from '../journal-law.ts';
import { type Claim, IndeterminateError, type Journal, type JournalBatch, UnavailableError } from '../port.ts';

/** What outlives a handle: as it were, the disk. Two handles on one are two processes. */
export interface JournalDisk {
  epoch: number;
  /** Batch n at index n - 1. */
  readonly batches: JournalBatch[];
  /** Batches of the current epoch behind a gap; the next claim makes them void. */
  readonly ahead: Map<number, JournalBatch>;
}

export const journalDisk = (): JournalDisk => ({ epoch: 0, batches: [], ahead: new Map() });

/** `refused`: not written, and that is known. `lost`: not written, not known. `answerLost`: written, not known. */
export type AppendFault = 'refused' | 'lost' | 'answerLost';

/** Asked before each append; while its promise is open the append is in flight. */
export type OnAppend = (batch: JournalBatch) => AppendFault | undefined | Promise<AppendFault | undefined>;

export function memoryJournal(disk: JournalDisk, crypto: Pick<Crypto, 'sha256'>, onAppend?: OnAppend): Journal {
  let claimed: Claim | undefined;
  let isIndeterminate = false;

  function write(batch: JournalBatch): void {
    disk.ahead.set(batch.sequence, batch);
    for (;;) {
      const next = disk.ahead.get(disk.batches.length + 1);
      if (!next) return;
      disk.batches.push(next);
      disk.ahead.delete(next.sequence);
    }
  }

  const isWritten = (sequence: number) => sequence <= disk.batches.length || disk.ahead.has(sequence);

  return {
    async claim() {
      disk.ahead.clear();
      disk.epoch += 1;
      isIndeterminate = false;
      const last = disk.batches.at(-1);
      claimed = {
        epoch: disk.epoch,
        last: disk.batches.length,
        lastHash: last ? headerHash(crypto, last.header) : noHash,
      };
      return claimed;
    },

    async append(batch) {
      checkAppend(batch, claimed, isIndeterminate);
      const copy = { ...batch, header: batch.header.slice(), facts: batch.facts.slice(), bodies: batch.bodies.slice() };
      const fault = await onAppend?.(batch);
      if (fault === 'refused') throw new UnavailableError(`batch ${batch.sequence} was refused by a made fault`);
      if (fault === 'lost') throw indeterminate(batch);
      if (batch.epoch !== disk.epoch) throw fenced(batch);
      if (isWritten(batch.sequence)) throw indeterminate(batch);
      write(copy);
      if (fault === 'answerLost') throw indeterminate(batch);
    },

    async *read(from) {
      const last = disk.batches.length;
      for (let sequence = from; sequence <= last; sequence++) yield disk.batches[sequence - 1];
    },

    async *readFacts(from) {
      const last = disk.batches.length;
      for (let sequence = from; sequence <= last; sequence++) {
        const { bodies: _, ...facts } = disk.batches[sequence - 1];
        yield facts;
      }
    },

    async readOne(sequence) {
      return disk.batches[sequence - 1];
    },

    async close() {},
  };

  function indeterminate(batch: JournalBatch): IndeterminateError {
    isIndeterminate = true;
    return new IndeterminateError(`It is not known whether batch ${batch.sequence} is durable.`);
  }
}
