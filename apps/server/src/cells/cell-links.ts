/** A gateway's links to all cells, as the one cell that it knows. */
import { type Cell, type Configuration, routedCell } from '@clearway/gateway';
import type { Clock } from '@clearway/ports';
import { routingNumber } from '@clearway/store';
import { type GatewayLink, openGatewayLink } from '../gateway-link.ts';
import type { CellAddress } from './cell-address.ts';
import { mergeMetrics } from './merge-metrics.ts';

export interface CellLinks extends Pick<GatewayLink, 'addKey' | 'endKey' | 'metricsText' | 'connected' | 'close'> {
  readonly cell: Cell;
  /** The newest that any cell has told; those that cannot be reached take no new payments in it. */
  configuration(): Configuration | undefined;
}

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
  let told: { readonly of: Configuration; readonly away: string; readonly is: Configuration } | undefined;

  const configuration = (): Configuration | undefined => {
    const newest = all
      .map(([, link]) => link.configuration())
      .reduce((best, one) => (best === undefined || (one !== undefined && isNewer(one, best)) ? one : best), undefined);
    const away = all.filter(([, { isOpen }]) => !isOpen).map(([cell]) => cell);
    if (newest === undefined || away.length === 0 || away.length === all.length) return newest;
    // The same object as long as it says the same: much is remembered by it.
    if (told?.of !== newest || told.away !== away.join())
      told = { of: newest, away: away.join(), is: without(newest, away) };
    return told.is;
  };

  return {
    cell: all.length === 1 ? home : routedCell((centre, cell) => links.get(routingNumber({ centre, cell })) ?? home),
    configuration,
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

const isNewer = (one: Configuration, other: Configuration) =>
  one.participantsVersion > other.participantsVersion ||
  one.schemeVersion > other.schemeVersion ||
  one.businessDate > other.businessDate;

/** New identifiers are steered to the others. */
function without(configuration: Configuration, away: readonly number[]): Configuration {
  const { scheme } = configuration;
  const routing = scheme.routing.map((one) => (away.includes(routingNumber(one)) ? { ...one, weight: 0 } : one));
  return { ...configuration, scheme: { ...scheme, routing } };
}
