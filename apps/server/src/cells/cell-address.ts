/** Where each cell of the platform is, by convention from one setting: the first as if it were alone, the others beside it. */
import { dirname, extname, join } from 'node:path';
import type { CellPlace } from '@clearway/store';
import type { Settings } from '../settings.ts';

export interface CellAddress {
  readonly place: CellPlace;
  /** Unix socket at which it answers. */
  readonly socket: string;
  /** Folder of its archive of payments. */
  readonly archive: string;
  /** Folder of its journal, when that is in files. */
  readonly journalFolder: string;
  /** Folder of the volumes that old days of its journal are bound into, wherever the journal is. */
  readonly volumes: string;
}

/** The first is the home cell: of caps, of money at the settlement agent, of the configuration, and of the clearing. */
export function cellsOf(settings: Settings): readonly [CellAddress, ...CellAddress[]] {
  const { centre, cell, cells, socket, archive, journalFolder } = settings;
  const volumes = `${journalFolder}-volumes`;
  const first = { place: { centre, cell: cells === 1 ? cell : 1 }, socket, archive, journalFolder, volumes };
  const others = Array.from({ length: cells - 1 }, (_, index) => {
    const number = index + 2;
    return {
      place: { centre, cell: number },
      socket: beside(socket, number),
      archive: beside(archive, number),
      journalFolder: beside(journalFolder, number),
      volumes: beside(volumes, number),
    };
  });
  return [first, ...others];
}

/** cell.sock → cell-2.sock */
function beside(path: string, number: number): string {
  const end = extname(path);
  return join(dirname(path), `${path.slice(dirname(path).length + 1, path.length - end.length)}-${number}${end}`);
}
