/** The records of all cells as a reader sees them. */
import { readFileSync } from 'node:fs';
import { realChance, realClock, realCrypto } from '@clearway/ports/real';
import { cellsOf, type PlatformRecords, readSettings, recordsOf } from '@clearway/server';
import { postgresStore } from '@clearway/store';

export interface OpenRecords {
  readonly records: PlatformRecords;
  close(): Promise<void>;
}

/** @param environment settings by which the cells are found */
export async function openRecords(
  databaseFile: string,
  environment: Readonly<Record<string, string>>,
): Promise<OpenRecords> {
  const { reader } = JSON.parse(readFileSync(databaseFile, 'utf8'));
  const ports = { clock: realClock, chance: realChance, crypto: realCrypto };
  const cells = cellsOf(readSettings(environment));
  const stores = await Promise.all(
    cells.map(({ place }) => postgresStore({ connections: [reader], place, ...ports, queryConnections: 1 })),
  );
  return {
    records: recordsOf(cells, stores),
    async close() {
      await Promise.all(stores.map((store) => store.close()));
    },
  };
}
