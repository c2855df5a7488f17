/** Joins one cell of several to the others over their sockets. */
import type { Clock } from '@clearway/ports';
import type { CellAddress } from './cell-address.ts';
import { type Joining, joinCells } from './join-cells.ts';
import { openPeerLink } from './peer-link.ts';

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
  const joining = joinCells({ peers: links, home, clock, log });
  return {
    ...joining,
    stop() {
      joining.stop();
      for (const link of links) link.close();
    },
  };
}
