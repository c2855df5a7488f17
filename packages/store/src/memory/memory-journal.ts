/** The journal in memory: as strict as the real one, and it can be made to fail. */
import type { Crypto } from '@clearway/ports';
import { headerHash, noHash } from '../batch.ts';
import { checkAppend, fenced } from '../journal-law.ts';
import { type Claim, IndeterminateError, type Journal, type JournalBatch, UnavailableError } from '../port.ts';

/** What outlives a handle: as it were, the disk. Two handles on one are two processes. */
export interface JournalDisk {
  epoch: number;
  /** Where each epoch that is over ended. */
  readonly lastOf: Map<number, number>;
  /** By epoch and sequence; rows of an ended epoch beyond its end stay, and are void. */
  readonly rows: Map<string, JournalBatch>;
}

export const journalDisk = (): JournalDisk => ({ epoch: 0, lastOf: new Map(), rows: new Map() });

/** `refused`: not written, and that is known. `lost`: not written, not known. `answerLost`: written, not known. */
export type AppendFault = 'refused' | 'lost' | 'answerLost';

/** Asked before each append; while its promise is open the append is in flight. */
export type OnAppend = (batch: JournalBatch) => AppendFault | undefined | Promise<AppendFault | undefined>;

const key = (epoch: number, sequence: number) => `${epoch}/${sequence}`;

export function memoryJournal(disk: JournalDisk, crypto: Pick<Crypto, 'sha256'>, onAppend?: OnAppend): Journal {
  let claimed: Claim | undefined;
  let isIndeterminate = false;

  function endOf(epoch: number): number {
    return disk.lastOf.get(epoch) ?? lastWithoutGap(epoch);
  }

  function lastWithoutGap(epoch: number): number {
    let last = epoch === 0 ? 0 : endOf(epoch - 1);
    while (disk.rows.has(key(epoch, last + 1))) last += 1;
    return last;
  }

  function find(sequence: number): JournalBatch | undefined {
    for (let epoch = 1; epoch <= disk.epoch; epoch++) {
      if (sequence <= endOf(epoch)) return disk.rows.get(key(epoch, sequence));
    }
    return undefined;
  }

  return {
    async claim() {
      const old = disk.epoch;
      disk.lastOf.set(old, endOf(old));
      disk.epoch = old + 1;
      const last = endOf(old);
      const batch = find(last);
      isIndeterminate = false;
      claimed = { epoch: disk.epoch, last, lastHash: batch ? headerHash(crypto, batch.header) : noHash };
      return claimed;
    },

    async append(batch) {
      checkAppend(batch, claimed, isIndeterminate);
      const copy = { ...batch, header: batch.header.slice(), facts: batch.facts.slice(), bodies: batch.bodies.slice() };
      const fault = await onAppend?.(batch);
      if (fault === 'refused') throw new UnavailableError(`batch ${batch.sequence} was refused by a made fault`);
      if (fault === 'lost') throw indeterminate(batch);
      if (batch.epoch !== disk.epoch) throw fenced(batch);
      if (disk.rows.has(key(batch.epoch, batch.sequence))) throw indeterminate(batch);
      disk.rows.set(key(batch.epoch, batch.sequence), copy);
      if (fault === 'answerLost') throw indeterminate(batch);
    },

    async *read(from) {
      const last = endOf(disk.epoch);
      for (let sequence = from; sequence <= last; sequence++) yield find(sequence)!;
    },

    async readOne(sequence) {
      return find(sequence);
    },

    async close() {},
  };

  function indeterminate(batch: JournalBatch): IndeterminateError {
    isIndeterminate = true;
    return new IndeterminateError(`It is not known whether batch ${batch.sequence} is durable.`);
  }
}
