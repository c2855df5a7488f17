/** All of a cell's storage in memory, for tests and the simulator. */
import type { Chance, Crypto } from '@clearway/ports';
import { checkSameConfiguration, checkSealable, checkUnsealed, keepSnapshots, missingPage } from '../document-law.ts';
import type { BodyKeyStore, ConfigurationStore, SnapshotStore, Store } from '../port.ts';
import { type JournalDisk, journalDisk, memoryJournal, type OnAppend } from './memory-journal.ts';
import { memoryRecords, type RecordsDisk, recordsDisk } from './memory-records.ts';

export interface MemoryDisk {
  readonly journal: JournalDisk;
  readonly records: RecordsDisk;
  readonly pages: Map<number, Map<number, Uint8Array>>;
  readonly sealed: Map<number, { readonly pages: number; readonly hash: Uint8Array }>;
  readonly configurations: Map<string, { readonly hash: Uint8Array; readonly content: Uint8Array }>;
  readonly bodyKeys: Map<number, Uint8Array>;
}

export const memoryDisk = (): MemoryDisk => ({
  journal: journalDisk(),
  records: recordsDisk(),
  pages: new Map(),
  sealed: new Map(),
  configurations: new Map(),
  bodyKeys: new Map(),
});

export interface MemoryStoreOptions {
  readonly crypto: Pick<Crypto, 'sha256'>;
  readonly chance: Chance;
  /** Give the same disk to several stores and they are several processes, or one that started again. */
  readonly disk?: MemoryDisk;
  readonly onAppend?: OnAppend;
}

export function memoryStore(options: MemoryStoreOptions): Store {
  const disk = options.disk ?? memoryDisk();
  return {
    journal: memoryJournal(disk.journal, options.crypto, options.onAppend),
    snapshots: snapshots(disk),
    configurations: configurations(disk),
    bodyKeys: bodyKeys(disk, options.chance),
    records: memoryRecords(disk.records),
    async close() {},
  };
}

function snapshots({ pages, sealed }: MemoryDisk): SnapshotStore {
  function put(sequence: number, page: number, bytes: Uint8Array): void {
    checkUnsealed(sequence, sealed.has(sequence));
    if (page === 0) {
      for (const other of [...pages.keys()]) if (!sealed.has(other)) pages.delete(other);
      pages.set(sequence, new Map());
    }
    pages.get(sequence)?.set(page, bytes);
  }
  return {
    async write(sequence, page, bytes) {
      put(sequence, page, bytes.slice());
    },
    async writeSame(sequence, page, source, sourcePage) {
      const bytes = sealed.has(source) ? pages.get(source)?.get(sourcePage) : undefined;
      if (bytes === undefined) throw missingPage(source, sourcePage);
      put(sequence, page, bytes);
    },
    async seal(sequence, count, hash) {
      checkSealable(sequence, count, pages.get(sequence)?.size ?? 0);
      sealed.set(sequence, { pages: count, hash });
      const old = [...sealed.keys()].sort((a, b) => b - a).slice(keepSnapshots);
      for (const dropped of old) {
        sealed.delete(dropped);
        pages.delete(dropped);
      }
    },
    async latest() {
      if (sealed.size === 0) return undefined;
      const sequence = Math.max(...sealed.keys());
      return { sequence, ...sealed.get(sequence)! };
    },
    async *read(sequence) {
      const count = sealed.get(sequence)?.pages;
      if (count === undefined) throw missingPage(sequence, 0);
      for (let page = 0; page < count; page++) yield pages.get(sequence)!.get(page)!;
    },
  };
}

function configurations({ configurations: documents }: MemoryDisk): ConfigurationStore {
  return {
    async put(kind, version, hash, content) {
      const known = documents.get(`${kind}/${version}`);
      if (known) checkSameConfiguration(kind, version, hash, known.hash);
      else documents.set(`${kind}/${version}`, { hash: hash.slice(), content: content.slice() });
    },
    async get(kind, version) {
      return documents.get(`${kind}/${version}`)?.content;
    },
  };
}

function bodyKeys({ bodyKeys: keys }: MemoryDisk, chance: Chance): BodyKeyStore {
  return {
    async key(day) {
      const key = keys.get(day) ?? chance.bytes(32);
      keys.set(day, key);
      return key;
    },
  };
}
