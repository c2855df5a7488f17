/** A store as one process sees it: what the process does when it is dead is not done, what it hears then not heard. */

import type { Chance, Clock, Crypto } from '@clearway/ports';
import {
  type CellPlace,
  fileJournal,
  type MemoryDisk,
  memoryDisk,
  memoryStore,
  type OnAppend,
  type Store,
} from '@clearway/store';
import type { Faults } from './faults.ts';
import { diskSeenFrom, type Medium, medium, plainDisk } from './file-disk.ts';
import type { Process } from './process.ts';
import type { Time } from './time.ts';

/** What outlives every process of a cell. */
export interface Disks {
  readonly memory: MemoryDisk;
  /** The journal is in files here; without it, in memory with the rest. */
  readonly files: Medium | undefined;
}

export const emptyDisks = (hasFiles: boolean): Disks => ({
  memory: memoryDisk(),
  files: hasFiles ? medium() : undefined,
});

export interface DiskOptions {
  readonly process: Process;
  readonly time: Time;
  readonly faults: Faults;
  readonly crypto: Crypto;
  readonly chance: Chance;
  readonly disks: Disks;
  readonly place: CellPlace;
  /** Before each append, with the core's state as it will be told. */
  beforeAppend(): void;
}

/** Small, so that a run has many. */
const segmentBytes = 64 << 10;
const inFiles = (options: Pick<Parameters<typeof fileJournal>[0], 'disk' | 'clock' | 'crypto' | 'place'>) =>
  fileJournal({ ...options, folder: '/journal', segmentBytes });

export function openStore(options: DiskOptions): Store {
  const { process, time, faults, crypto, chance, disks, place } = options;

  /** True when the process is dead before anything was written. */
  const diesBefore = () => {
    options.beforeAppend();
    if (!faults.strikes('cellDiesBeforeAppend')) return false;
    process.die();
    return true;
  };

  const onAppend: OnAppend = async () => {
    if (diesBefore()) return new Promise(() => {});
    await time.rest(faults.strikes('appendSlow') ? 10 ** faults.draw.between(1, 4.5) : faults.draw.between(0.2, 3));
    if (faults.strikes('appendRefused')) return 'refused';
    if (faults.strikes('appendLost')) return 'lost';
    if (faults.strikes('cellDiesAfterAppend')) process.die();
    return faults.strikes('appendAnswerLost') ? 'answerLost' : undefined;
  };

  const journalInFiles = (files: Medium): Store['journal'] => {
    const disk = diskSeenFrom(files, { process, time, faults });
    const journal = inFiles({ disk, clock: process.clock, crypto, place });
    return {
      ...journal,
      async append(batch) {
        if (diesBefore()) return new Promise(() => {});
        await journal.append(batch);
        if (!faults.strikes('cellDiesAfterAppend')) return;
        process.die();
        await new Promise(() => {});
      },
    };
  };

  const store = memoryStore({ crypto, chance, disk: disks.memory, onAppend });
  const records = seenFrom(process, 'records', store.records);
  return {
    journal: disks.files === undefined ? seenFrom(process, 'journal', store.journal) : journalInFiles(disks.files),
    snapshots: seenFrom(process, 'snapshots', store.snapshots),
    configurations: seenFrom(process, 'configurations', store.configurations),
    bodyKeys: seenFrom(process, 'body keys', store.bodyKeys),
    records: {
      ...records,
      async write(change) {
        if (faults.strikes('recordsRefuse')) throw new Error('the records cannot be written now');
        await records.write(change);
      },
    },
    close: () => store.close(),
  };
}

type PlainPorts = { readonly clock: Clock; readonly crypto: Crypto; readonly chance: Chance };

/** A store over a copy of the disks, on which nothing goes wrong. `change` is made to the copy. */
export function openCopy(disks: Disks, place: CellPlace, ports: PlainPorts, change: (copy: Disks) => void): Store {
  const copy = structuredClone(disks);
  change(copy);
  return openPlain(copy, place, ports);
}

/** A store over the disks themselves, on which nothing goes wrong: to be read only. */
export function openPlain(disks: Disks, place: CellPlace, ports: PlainPorts): Store {
  const store = memoryStore({ ...ports, disk: disks.memory });
  if (disks.files === undefined) return store;
  return { ...store, journal: inFiles({ ...ports, place, disk: plainDisk(disks.files) }) };
}

/** Every method goes through the process; methods that read step by step do at each step. */
export function seenFrom<T extends object>(process: Process, part: string, methods: T): T {
  const seen: Record<string, unknown> = {};
  for (const [name, method] of Object.entries(methods)) {
    const call = method as (...values: unknown[]) => unknown;
    seen[name] = (...values: unknown[]) => {
      const what = `${part}: ${name}`;
      if (isStepwise.has(name)) return steps(process, what, () => call(...values) as AsyncIterable<unknown>);
      return process.outside(what, async () => call(...values));
    };
  }
  return seen as T;
}

const isStepwise = new Set(['read', 'readFacts', 'paymentsOfCycle']);

async function* steps<T>(process: Process, what: string, open: () => AsyncIterable<T>): AsyncIterable<T> {
  const iterator = open()[Symbol.asyncIterator]();
  for (;;) {
    const step = await process.outside(what, () => iterator.next());
    if (step.done === true) return;
    yield step.value;
  }
}
