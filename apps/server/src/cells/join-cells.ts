/** Joins one cell of several to the others, by whatever way it reaches them. */
import type { Clock } from '@clearway/ports';
import type { Records } from '@clearway/store';
import type { AmongCells, RunningCell } from '../cell.ts';
import type { ServedPeer } from '../cell-link.ts';
import { startFollower } from './follower.ts';
import type { Peer } from './peer.ts';
import { createPeerDesk } from './peer-desk.ts';
import { servePeer } from './serve-peer.ts';
import { createShareKeeper } from './share-keeper.ts';

export interface JoinedCell {
  readonly served: ServedPeer;
  /** Resolves when this cell knows what it must to serve; a cell that has served before does not wait for the others long. */
  readonly ready: Promise<void>;
}

export interface Joining {
  /** For `createCell`. */
  readonly ofCell: AmongCells;
  /** All other cells. */
  readonly peers: readonly Peer[];
  attach(cell: RunningCell, records: Pick<Records, 'positions'>): JoinedCell;
  stop(): void;
}

export interface JoiningOptions {
  /** All other cells. */
  readonly peers: readonly Peer[];
  /** One of them; absent in the home cell itself. */
  readonly home: Peer | undefined;
  readonly clock: Clock;
  log(event: string, fields: Record<string, unknown>): void;
}

/** How long a cell that has served before waits for others that are away, ms. */
const patienceMs = 3_000;
const againMs = 100;

export function joinCells({ peers, home, clock, log }: JoiningOptions): Joining {
  const desk = createPeerDesk(clock);
  const ends: (() => void)[] = [];

  /** For what a new cell cannot do without. */
  const insist = async <T>(ask: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        log('cells.away', { cell: home?.cell, detail: (error as Error).message });
        await new Promise<void>((resolve) => void clock.after(againMs, resolve));
      }
    }
  };

  return {
    ofCell: {
      spread: desk.spread,
      ...(home && { home: { ...home, cycles: () => insist(() => home.cycles()) } }),
    },
    peers,
    attach(cell, records) {
      desk.attach(cell);
      const isNew = cell.state.shares.count === 0 && home !== undefined;
      const shares = createShareKeeper({ cell, clock, log, ...(home && { home }) });
      const followers = peers.map((peer) =>
        startFollower({
          ...{ cell, peer, clock, log },
          isHome: peer === home,
          lagged: (lagMs) => cell.agreementLagged(lagMs),
        }),
      );
      ends.push(shares.stop, ...followers.map(({ stop }) => stop));
      const learned = Promise.all([...(isNew ? [shares.begun] : []), ...followers.map(({ caughtUp }) => caughtUp)]);
      const waited = new Promise<void>((resolve) => void clock.after(patienceMs, resolve));
      return {
        served: servePeer(cell, records, desk, shares),
        ready: (isNew ? learned : Promise.race([learned, waited])).then(() => {}),
      };
    },
    stop() {
      for (const end of ends) end();
    },
  };
}
