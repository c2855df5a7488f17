/** The records as a reader sees them. */
import { readFileSync } from 'node:fs';
import { realChance, realClock, realCrypto } from '@clearway/ports/real';
import { postgresStore, type Records } from '@clearway/store';

export interface OpenRecords {
  readonly records: Records;
  close(): Promise<void>;
}

export async function openRecords(databaseFile: string): Promise<OpenRecords> {
  const { reader } = JSON.parse(readFileSync(databaseFile, 'utf8'));
  const store = await postgresStore({
    connections: [reader],
    place: { centre: 1, cell: 1 },
    clock: realClock,
    chance: realChance,
    crypto: realCrypto,
    queryConnections: 1,
  });
  return { records: store.records, close: () => store.close() };
}
