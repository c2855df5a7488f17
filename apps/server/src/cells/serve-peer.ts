/** What a running cell answers the others. */
import { findCycle, positionsOf } from '@clearway/core';
import type { PositionRecord, Records } from '@clearway/store';
import type { RunningCell } from '../cell.ts';
import type { ServedPeer } from '../cell-link.ts';
import { code } from '../projector.ts';
import type { PeerDesk } from './peer-desk.ts';
import type { ShareKeeper } from './share-keeper.ts';

export function servePeer(
  cell: RunningCell,
  records: Pick<Records, 'positions'>,
  desk: PeerDesk,
  shares: Pick<ShareKeeper, 'exchange'>,
): ServedPeer {
  return {
    follow: desk.follow,
    left: desk.left,
    exchangeShares: shares.exchange,
    async cycles() {
      const standings = cell.state.cycles.map(({ number, state }) => ({ cycle: number, state }));
      await cell.durable();
      return standings;
    },
    positions: (cycle) => positionsIn(cell, records, cycle),
    command: cell.command,
    covered: cell.covered,
    recordsWritten: cell.recordsWritten,
    suspend: cell.suspend,
  };
}

/** Positions of a cycle that is cut: from the core, or when it has let go of it, from the records. */
export async function positionsIn(
  cell: Pick<RunningCell, 'state' | 'recordsWritten'>,
  records: Pick<Records, 'positions'>,
  number: number,
): Promise<readonly PositionRecord[]> {
  const cycle = findCycle(cell.state, number);
  if (cycle?.state === 'open') throw new Error(`cycle ${number} is still open`);
  if (cycle === undefined) {
    await cell.recordsWritten();
    return records.positions(number);
  }
  return positionsOf(cell.state, cycle).map((line) => ({
    ...line,
    cycle: number,
    participant: code(line.participant),
    credits: BigInt(line.credits),
    debits: BigInt(line.debits),
  }));
}
