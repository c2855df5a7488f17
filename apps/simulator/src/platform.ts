/** All cells of the platform, and what is of all of them together. */
import { parseIdentifier } from '@clearway/core';
import type { Chance, Crypto } from '@clearway/ports';
import { type PlatformRecords, platformRecords } from '@clearway/server';
import { type CellPlace, memoryStore, type Store } from '@clearway/store';
import { type CellHost, type CellHostOptions, createCellHost } from './cell-host.ts';
import type { Draw } from './chance.ts';
import { type Disks, emptyDisks, seenFrom } from './disk.ts';
import { createPeerLines, numberOf, type PeerLines } from './peer-lines.ts';
import type { Process } from './process.ts';
import { createShareJudge, type ShareJudge } from './shares.ts';

export interface Platform {
  /** The home cell first. */
  readonly cells: readonly CellHost[];
  /** The cell of caps, money and configuration, and of the clearing house. */
  readonly home: CellHost;
  /** The one that the identifier of a payment or an agreement names. */
  cellOf(identifier: string): CellHost;
  readonly lines: PeerLines;
  /** Of all cells. */
  readonly records: PlatformRecords;
  readonly shares: ShareJudge;
}

type Shared = Omit<CellHostOptions, 'place' | 'disks' | 'chance' | 'peers' | 'isHome' | 'recordsOfAll' | 'appending'>;

/** Of so many cells, 1 or more; the home cell's first. */
export const placesOf = (count: number): CellPlace[] =>
  Array.from({ length: count }, (_, index) => ({ centre: 1, cell: index + 1 }));

export function createPlatform(
  places: readonly CellPlace[],
  draw: Draw,
  hasFiles: boolean,
  options: Shared & { readonly crypto: Crypto },
): Platform {
  const { time, faults, crypto, oracle } = options;
  const lines = createPeerLines(time, faults);
  const disks = places.map(() => emptyDisks(hasFiles));
  const recordsOn = ({ memory }: Disks, chance: Chance): Store['records'] =>
    memoryStore({ crypto, chance, disk: memory }).records;
  const ofAll = (own: Store['records'], ofOther: (index: number) => Store['records']): PlatformRecords => {
    const [home, ...others] = places.map((place, index) => ({
      cell: numberOf(place),
      records: index === 0 ? own : ofOther(index),
    }));
    return platformRecords([home, ...others]);
  };
  const recordsOf = (index: number) => recordsOn(disks[index], draw.stream(`records ${index}`));

  const cells: CellHost[] = places.map((place, index) =>
    createCellHost({
      ...options,
      place,
      disks: disks[index],
      chance: draw.stream(index === 0 ? 'chance of the cell' : `chance of cell ${index + 1}`),
      isHome: index === 0,
      ...(places.length > 1 && {
        peers: (process: Process) =>
          cells.filter((_, other) => other !== index).map((other) => lines.from(cells[index], process, other)),
      }),
      recordsOfAll: (own, process) =>
        ofAll(own, (other) => seenFrom(process, `records of cell ${other + 1}`, recordsOf(other))),
      appending: () => shares.check(),
    }),
  );
  const shares = createShareJudge(cells, oracle);

  return {
    cells,
    home: cells[0],
    cellOf(identifier) {
      const { centre, cell } = parseIdentifier(identifier)!;
      return cells.find(({ place }) => place.centre === centre && place.cell === cell) ?? cells[0];
    },
    lines,
    records: ofAll(recordsOf(0), recordsOf),
    shares,
  };
}
