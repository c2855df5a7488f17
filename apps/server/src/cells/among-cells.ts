/** Joins one cell of several to the others. */
import type { Clock } from '@clearway/ports';
import type { Records } from '@clearway/store';
import type { AmongCells, RunningCell } from '../cell.ts';
import type { ServedPeer } from '../cell-link.ts';
import type { CellAddress } from './cell-address.ts';
import { startFollower } from './follower.ts';
import type { Peer } from './peer.ts';
import { createPeerDesk } from './peer-desk.ts';
import { openPeerLink } from './peer-link.ts';
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

/** How long a cell that has served before waits for others that are away, ms. */
const patienceMs = 3_000;
const againMs = 100;

/** Undefined for a cell that is alone. @param cells the home cell first */
export function amongCells(options: {
  readonly cells: readonly CellAddress[];
  readonly own: CellAddress;
  readonly clock: Clock;
  log(event: string, fields: Record<string, unknown>): void;
}): Joining | undefined {
  const { cells, own, clock, log } = options;
  if (cells.length === 1) return undefined;
  const links = cells.filter((one) => one !== own).map((address) => openPeerLink(address, clock));
  const home = own === cells[0] ? undefined : links[0];
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
    peers: links,
    attach(cell, records) {
      desk.attach(cell);
      const isNew = cell.state.shares.count === 0 && home !== undefined;
      const shares = createShareKeeper({ cell, clock, log, ...(home && { home }) });
      const followers = links.map((peer) =>
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
      for (const link of links) link.close();
    },
  };
}
