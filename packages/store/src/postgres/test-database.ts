/** For tests: a real PostgreSQL in a temporary folder, migrated, with stores on it under the cell's own role. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Chance, Clock, Crypto } from '@clearway/ports';
import { Client } from 'pg';
import type { Store } from '../port.ts';
import type { PostgresConnection } from './connection.ts';
import { migrate } from './migrate.ts';
import { type PostgresStoreOptions, postgresStore } from './postgres-store.ts';

export interface TestWorld {
  startPostgres(options: { directory: string; settings?: Record<string, string> }): Promise<{
    readonly connection: PostgresConnection;
    readonly pid: number;
    stop(mode: 'fast' | 'immediate'): Promise<void>;
  }>;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly crypto: Crypto;
}

export interface TestDatabase {
  /** As superuser. */
  readonly owner: PostgresConnection;
  role(name: 'cell' | 'gateway' | 'reader' | 'console'): PostgresConnection;
  store(options?: Partial<PostgresStoreOptions> & { readonly cell?: number }): Promise<Store>;
  /** A session, ended with the database. */
  session(connection?: PostgresConnection): Promise<Client>;
  crash(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

export async function openTestDatabase(world: TestWorld, settings: Record<string, string> = {}): Promise<TestDatabase> {
  const directory = await mkdtemp(join(tmpdir(), 'clearway-store-'));
  const password = () => Buffer.from(world.chance.bytes(18)).toString('base64url');
  const passwords = { cell: password(), gateway: password(), reader: password(), console: password() };
  const start = () => world.startPostgres({ directory, settings });
  const removeAll = () => rm(directory, { recursive: true, force: true });
  let running = await start().catch(async (error) => {
    await removeAll();
    throw error;
  });
  await migrate(running.connection, passwords, world);
  const closing: (() => Promise<unknown>)[] = [];
  const role: TestDatabase['role'] = (name) => ({
    ...running.connection,
    user: `clearway_${name}`,
    password: passwords[name],
  });

  return {
    get owner() {
      return running.connection;
    },
    role,
    store({ cell = 1, ...options } = {}) {
      const place = { centre: 1, cell };
      return postgresStore({ ...world, connections: [role('cell')], place, ...options });
    },
    async session(connection = running.connection) {
      const client = new Client(connection);
      client.on('error', () => {});
      await client.connect();
      closing.push(() => client.end());
      return client;
    },
    crash: () => running.stop('immediate'),
    async start() {
      running = await start();
    },
    async close() {
      await Promise.all(closing.map((close) => close()));
      await running.stop('immediate');
      await removeAll();
    },
  };
}
