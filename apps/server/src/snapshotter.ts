/**
 * Takes a snapshot every so many batches, a page at a time between batches. It is sealed only when its last batch is
 * durable and the records have reached it, so that a restart from it finds both.
 */
import { beginSnapshot, type State } from '@clearway/core';
import type { Clock, Crypto } from '@clearway/ports';
import type { Store } from '@clearway/store';
import type { EdgePage } from './recover.ts';
import type { Sequencer } from './sequencer.ts';

export interface Snapshotter {
  batchReleased(): void;
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

  const take = async () => {
    const started = clock.elapsed();
    const copy = beginSnapshot(state);
    last = copy.sequence;
    const hashes: Uint8Array[] = [];
    let page = 0;
    const write = async (bytes: Uint8Array) => {
      hashes.push(crypto.sha256(bytes));
      await store.snapshots.write(copy.sequence, page++, bytes);
    };
    try {
      for (let bytes = copy.next(); bytes !== undefined && !stopping; bytes = copy.next()) await write(bytes);
      if (stopping) return;
      await sequencer.durable(copy.sequence);
      // Only now: the notices of a batch are known to the outbox when it is durable. Later ones are told again, that is all.
      await write(new TextEncoder().encode(JSON.stringify(options.edge())));
      await options.recorded(copy.sequence);
      await store.snapshots.seal(copy.sequence, page, crypto.sha256(...hashes));
      log('snapshot.sealed', { sequence: copy.sequence, pages: page, ms: Math.round(clock.elapsed() - started) });
    } finally {
      copy.end();
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
    async stop() {
      stopping = true;
      await running;
    },
  };
}
