/** A store as one process sees it: what the process does when it is dead is not done, what it hears then not heard. */

import type { Chance, Crypto } from '@clearway/ports';
import type { OnAppend, Store } from '@clearway/store';
import { type MemoryDisk, memoryStore } from '@clearway/store';
import type { Faults } from './faults.ts';
import type { Process } from './process.ts';
import type { Time } from './time.ts';

export interface DiskOptions {
  readonly process: Process;
  readonly time: Time;
  readonly faults: Faults;
  readonly crypto: Crypto;
  readonly chance: Chance;
  readonly disk: MemoryDisk;
  /** Before each append, with the core's state as it will be told. */
  beforeAppend(): void;
}

export function openStore(options: DiskOptions): Store {
  const { process, time, faults, crypto, chance, disk } = options;

  const onAppend: OnAppend = async () => {
    options.beforeAppend();
    if (faults.strikes('cellDiesBeforeAppend')) {
      process.die();
      return new Promise(() => {});
    }
    await time.rest(faults.strikes('appendSlow') ? 10 ** faults.draw.between(1, 4.5) : faults.draw.between(0.2, 3));
    if (faults.strikes('appendRefused')) return 'refused';
    if (faults.strikes('appendLost')) return 'lost';
    if (faults.strikes('cellDiesAfterAppend')) process.die();
    return faults.strikes('appendAnswerLost') ? 'answerLost' : undefined;
  };

  const store = memoryStore({ crypto, chance, disk, onAppend });
  const records = seenFrom(process, 'records', store.records);
  return {
    journal: seenFrom(process, 'journal', store.journal),
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
