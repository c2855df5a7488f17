/**
 * Takes a snapshot every so many batches, a page at a time between batches. Pages that nobody has written to since the
 * last one are not copied, hashed or written again. It is sealed only when its last batch is durable and the records
 * have reached it, so that a restart from it finds both.
 */
import { beginSnapshot, type State } from '@clearway/core';
import type { Clock, Crypto } from '@clearway/ports';
import type { Store } from '@clearway/store';
import type { EdgePage } from './recover.ts';
import type { Sequencer } from './sequencer.ts';

interface PlacedPage {
  readonly page: number;
  readonly hash: Uint8Array;
}

/** Copying a page and hashing it take half a millisecond each: a batch may come between. */
const turn = (clock: Pick<Clock, 'after'>) => new Promise<void>((resolve) => clock.after(0, resolve));

export interface Snapshotter {
  batchReleased(): void;
  /** Sequence of the last one that is sealed, 0 for none. */
  readonly sealed: number;
  stop(): Promise<void>;
}

export function createSnapshotter(options: {
  readonly state: State;
  readonly store: Store;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly sequencer: Sequencer;
  /** Resolves when records and archive have everything up to this batch. */
  recorded(sequence: number): Promise<void>;
  /** Batches from one to the next. */
  readonly every: number;
  /** Sequence of the last one. */
  readonly last: number;
  edge(): EdgePage;
  log(event: string, fields: Record<string, unknown>): void;
}): Snapshotter {
  const { state, store, crypto, clock, sequencer, every, log } = options;
  let last = options.last;
  let running: Promise<void> | undefined;
  let stopping = false;

  /** Where the pages of the last one are that was sealed in this life, with their hashes. */
  let sealed = new Map<object, PlacedPage[]>();
  let sealedAt = 0;
  let sealedLast = options.last;

  const take = async () => {
    const started = clock.elapsed();
    const copy = beginSnapshot(state, true);
    last = copy.sequence;
    const hashes: Uint8Array[] = [];
    const placed = new Map<object, PlacedPage[]>();
    let isSealed = false;
    let written = 0;
    const write = async (bytes: Uint8Array) => {
      await turn(clock);
      hashes.push(crypto.sha256(bytes));
      await store.snapshots.write(copy.sequence, hashes.length - 1, bytes);
      written += bytes.length;
    };
    const writeSame = async ({ page, hash }: PlacedPage) => {
      hashes.push(hash);
      await store.snapshots.writeSame(copy.sequence, hashes.length - 1, sealedAt, page);
    };
    try {
      for (let next = copy.next(); next !== undefined && !stopping; next = copy.next()) {
        const { table, page, bytes } = next;
        if (bytes !== undefined) await write(bytes);
        else await writeSame(sealed.get(table!)![page]);
        if (table === undefined) continue;
        const pages = placed.get(table) ?? [];
        placed.set(table, pages);
        pages.push({ page: hashes.length - 1, hash: hashes[hashes.length - 1] });
      }
      if (stopping) return;
      await sequencer.durable(copy.sequence);
      // Only now: the notices of a batch are known to the outbox when it is durable. Later ones are told again, that is all.
      await write(new TextEncoder().encode(JSON.stringify(options.edge())));
      await options.recorded(copy.sequence);
      await store.snapshots.seal(copy.sequence, hashes.length, crypto.sha256(...hashes));
      isSealed = true;
      sealedAt = copy.sequence;
      sealedLast = copy.sequence;
      const ms = Math.round(clock.elapsed() - started);
      log('snapshot.sealed', { sequence: copy.sequence, pages: hashes.length, written, ms });
    } finally {
      copy.end(isSealed);
      sealed = isSealed ? placed : new Map();
    }
  };

  return {
    batchReleased() {
      if (running !== undefined || stopping || state.sequence - last < every) return;
      running = take()
        .catch((error: Error) => log('snapshot.failed', { detail: error.message }))
        .finally(() => {
          running = undefined;
        });
    },
    get sealed() {
      return sealedLast;
    },
    async stop() {
      stopping = true;
      await running;
    },
  };
}
