/** The records of the other cells, read from the same database. */
import { type PostgresStoreOptions, postgresStore, type Records, routingNumber } from '@clearway/store';
import type { CellAddress } from './cell-address.ts';
import { type PlatformRecords, platformRecords } from './platform-records.ts';

export interface OtherRecords {
  /** With those of the home cell. */
  readonly ofAll: PlatformRecords;
  close(): Promise<void>;
}

export async function openOtherRecords(
  cells: readonly [CellAddress, ...CellAddress[]],
  home: Records,
  options: Omit<PostgresStoreOptions, 'place'>,
): Promise<OtherRecords> {
  const [first, ...others] = cells;
  const stores = await Promise.all(
    others.map(({ place }) => postgresStore({ ...options, place, appendConnections: 1, queryConnections: 1 })),
  );
  const parts = stores.map(({ records }, index) => ({ cell: routingNumber(others[index].place), records }));
  return {
    ofAll: platformRecords([{ cell: routingNumber(first.place), records: home }, ...parts]),
    async close() {
      await Promise.all(stores.map((store) => store.close()));
    },
  };
}
