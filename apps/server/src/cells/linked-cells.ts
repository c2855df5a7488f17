/** Several links of a gateway as one: each message goes to the cell that it names, new identifiers to those that are there. */
import { type Cell, type Configuration, routedCell } from '@clearway/gateway';
import { routingNumber } from '@clearway/store';
import type { GatewayLink } from '../gateway-link.ts';

/** What is needed of each link. */
export type LinkedCell = Cell & Pick<GatewayLink, 'configuration' | 'isOpen'>;

export interface LinkedCells {
  readonly cell: Cell;
  /** The newest that any cell has told; those that cannot be reached take no new payments in it. */
  configuration(): Configuration | undefined;
}

/** @param links by routing digits as a number, the home cell's first */
export function linkedCells(links: ReadonlyMap<number, LinkedCell>): LinkedCells {
  const all = [...links];
  const home = all[0][1];
  let told: { readonly of: Configuration; readonly away: string; readonly is: Configuration } | undefined;

  return {
    cell: all.length === 1 ? home : routedCell((centre, cell) => links.get(routingNumber({ centre, cell })) ?? home),
    configuration() {
      const newest = all
        .map(([, link]) => link.configuration())
        .reduce(
          (best, one) => (best === undefined || (one !== undefined && isNewer(one, best)) ? one : best),
          undefined,
        );
      const away = all.filter(([, { isOpen }]) => !isOpen).map(([cell]) => cell);
      if (newest === undefined || away.length === 0) return newest;
      // The same object as long as it says the same: much is remembered by it.
      if (told?.of !== newest || told.away !== away.join())
        told = { of: newest, away: away.join(), is: steered(newest, away) };
      return told.is;
    },
  };
}

const isNewer = (one: Configuration, other: Configuration) =>
  one.participantsVersion > other.participantsVersion ||
  one.schemeVersion > other.schemeVersion ||
  one.businessDate > other.businessDate;

/** New identifiers are steered to the others, if any of them takes some: an identifier needs a cell. */
function steered(configuration: Configuration, away: readonly number[]): Configuration {
  const { scheme } = configuration;
  const routing = scheme.routing.map((one) => (away.includes(routingNumber(one)) ? { ...one, weight: 0 } : one));
  if (routing.every(({ weight }) => weight === 0)) return configuration;
  return { ...configuration, scheme: { ...scheme, routing } };
}
