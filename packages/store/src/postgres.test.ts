import { startPostgres } from '@clearway/embedded';
import { realChance, realClock, realCrypto } from '@clearway/ports/real';
import { storeConformance } from './conformance.ts';
import { openTestDatabase } from './postgres/test-database.ts';

storeConformance('PostgreSQL store', realCrypto, async () => {
  const database = await openTestDatabase({ startPostgres, clock: realClock, chance: realChance, crypto: realCrypto });
  const cells = new Map<string, number>();
  return {
    open(cellName) {
      const cell = cells.get(cellName) ?? cells.size + 1;
      cells.set(cellName, cell);
      return database.store({ cell });
    },
    close: () => database.close(),
  };
});
