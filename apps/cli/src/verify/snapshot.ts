/** Compares the newest sealed snapshot with the state that the journal gives at the same batch. */
import { type State, snapshotPages } from '@clearway/core';
import type { Crypto } from '@clearway/ports';
import type { SnapshotStore } from '@clearway/store';
import type { Findings } from './report.ts';

export interface SnapshotCheck {
  /** Batch of the snapshot that is waited for, 0 for none. */
  readonly sequence: number;
  /** Called with the state after each batch. */
  look(state: State): Promise<void>;
  /** The journal ends at `last`; it was replayed up to `replayed`. */
  end(last: number, replayed: number): void;
}

export async function createSnapshotCheck(
  snapshots: SnapshotStore,
  crypto: Pick<Crypto, 'sha256'>,
  findings: Findings,
): Promise<SnapshotCheck> {
  let sealed = await snapshots.latest();
  let isCompared = false;

  const compare = async (state: State, { sequence, pages, hash }: NonNullable<typeof sealed>) => {
    const about = { sequence };
    const expected = pageHashes(state, crypto);
    const stored: Uint8Array[] = [];
    for await (const page of snapshots.read(sequence)) stored.push(crypto.sha256(page));
    isCompared = true;
    if (stored.length !== pages || !equal(crypto.sha256(...stored), hash)) {
      findings.breach('snapshot', 'the pages of the snapshot are not those that were sealed', about);
    }
    // The last page is the edge's own: notices not told yet, which no replay can know.
    if (stored.length - 1 !== expected.length) {
      findings.breach(
        'snapshot',
        `the snapshot has ${stored.length - 1} pages of state, the replay ${expected.length}`,
        about,
      );
    }
    expected.forEach((hashOfPage, page) => {
      if (page < stored.length - 1 && !equal(hashOfPage, stored[page])) {
        findings.breach('snapshot', `page ${page} of the snapshot is not what the journal gives`, about);
      }
    });
  };

  return {
    get sequence() {
      return isCompared ? (sealed?.sequence ?? 0) : 0;
    },
    async look(state) {
      if (sealed === undefined || isCompared || state.sequence !== sealed.sequence) return;
      try {
        await compare(state, sealed);
      } catch (error) {
        // A running cell drops old snapshots when it seals new ones.
        const newest = await snapshots.latest();
        if (newest === undefined || newest.sequence === sealed.sequence) {
          isCompared = true;
          findings.breach('snapshot', (error as Error).message, { sequence: sealed.sequence });
        } else sealed = newest;
      }
    },
    end(last, replayed) {
      if (sealed === undefined) findings.notChecked('No snapshot: none has been taken yet.');
      else if (isCompared) return;
      else if (last < sealed.sequence) {
        findings.breach('snapshot', `it is later than the end of the journal, ${last}`, { sequence: sealed.sequence });
      } else if (replayed >= sealed.sequence) {
        findings.notChecked('The newest snapshot: newer ones were sealed meanwhile.');
      }
    },
  };
}

/** SHA-256 over the SHA-256 of the pages of a state, hex. */
export function stateHash(state: State, crypto: Pick<Crypto, 'sha256'>): string {
  return Buffer.from(crypto.sha256(...pageHashes(state, crypto))).toString('hex');
}

function pageHashes(state: State, crypto: Pick<Crypto, 'sha256'>): Uint8Array[] {
  return Array.from(snapshotPages(state), (page) => crypto.sha256(page));
}

const equal = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
