/** All of a cell's storage in PostgreSQL. */
import type { Chance, Clock, Crypto } from '@clearway/ports';
import type { CellPlace } from '../batch.ts';
import type { Store } from '../port.ts';
import { assertDurable, connectToPrimary, type PostgresConnection } from './connection.ts';
import { createPool } from './pool.ts';
import { postgresBodyKeys, postgresConfigurations, postgresSnapshots } from './postgres-documents.ts';
import { postgresJournal } from './postgres-journal.ts';
import { postgresRecords } from './postgres-records.ts';

export interface PostgresStoreOptions {
  /** The servers of one cluster; the one that is no standby is used. */
  readonly connections: readonly PostgresConnection[];
  readonly place: CellPlace;
  readonly clock: Pick<Clock, 'after'>;
  readonly chance: Chance;
  readonly crypto: Pick<Crypto, 'sha256'>;
  /** Appends that are in flight at once, each on a connection of its own. Default 4. */
  readonly appendConnections?: number;
  /** Default 3. */
  readonly queryConnections?: number;
  /** After this an append is indeterminate. Default 10,000. */
  readonly appendDeadlineMs?: number;
  /** For everything else; also how long a claim waits for appends of the old owner. Default 30,000. */
  readonly queryDeadlineMs?: number;
}

/** Routing digits as a number: what the tables call `cell`. */
export const routingNumber = ({ centre, cell }: CellPlace) => centre * 10_000 + cell;

/**
 * Connects once, so that a wrong setting shows at the start.
 * @throws UnavailableError, or its kind UnsafeDatabaseError if PostgreSQL would acknowledge what it can lose
 */
export async function postgresStore(options: PostgresStoreOptions): Promise<Store> {
  const { connections, clock, appendDeadlineMs = 10_000, queryDeadlineMs = 30_000 } = options;
  const open = () => connectToPrimary(connections, clock);
  const appends = createPool({
    size: options.appendConnections ?? 4,
    clock,
    async connect() {
      const client = await open();
      await assertDurable(client);
      return client;
    },
  });
  const queries = createPool({ size: options.queryConnections ?? 3, clock, connect: open });
  await appends.use(queryDeadlineMs, async () => {});

  const cell = routingNumber(options.place);
  const parts = { ...options, cell, appends, queries, appendDeadlineMs, queryDeadlineMs, connect: open };
  return {
    journal: postgresJournal(parts),
    snapshots: postgresSnapshots(parts),
    configurations: postgresConfigurations(parts),
    bodyKeys: postgresBodyKeys(parts),
    records: postgresRecords(cell, queries, queryDeadlineMs),
    async close() {
      await Promise.all([appends.close(), queries.close()]);
    },
  };
}
