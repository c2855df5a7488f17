/** A gateway's links to all cells, as the one cell that it knows. */
import type { Clock } from '@clearway/ports';
import { routingNumber } from '@clearway/store';
import { type GatewayLink, openGatewayLink } from '../gateway-link.ts';
import type { CellAddress } from './cell-address.ts';
import { type LinkedCells, linkedCells } from './linked-cells.ts';
import { mergeMetrics } from './merge-metrics.ts';

export interface CellLinks
  extends LinkedCells,
    Pick<GatewayLink, 'addKey' | 'endKey' | 'metricsText' | 'connected' | 'close'> {}

export interface CellLinksOptions extends Pick<Parameters<typeof openGatewayLink>[0], 'deliverer' | 'log'> {
  readonly cells: readonly [CellAddress, ...CellAddress[]];
  readonly clock: Clock;
}

export function openCellLinks({ cells, clock, deliverer, log }: CellLinksOptions): CellLinks {
  const links = new Map<number, GatewayLink>();
  for (const { place, socket: socketPath } of cells)
    links.set(routingNumber(place), openGatewayLink({ socketPath, clock, deliverer, log }));
  const all = [...links];
  const home = all[0][1];
  return {
    ...linkedCells(links),
    addKey: home.addKey,
    endKey: home.endKey,
    async metricsText() {
      if (all.length === 1) return home.metricsText();
      const texts = all.map(async ([cell, link]) => [cell, await link.metricsText().catch(() => '')] as const);
      return mergeMetrics(await Promise.all(texts));
    },
    async connected() {
      await Promise.all(all.map(([, link]) => link.connected()));
    },
    close() {
      for (const [, link] of all) link.close();
    },
  };
}
