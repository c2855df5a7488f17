/** Sessions of PostgreSQL's superuser, who can do everything that an operator in error or a burglar could. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from '@clearway/start';
import type { PostgresConnection } from '@clearway/store';
import pg from 'pg';

export function superuser(world: World) {
  const { superuser: user, password } = JSON.parse(readFileSync(join(world.dataFolder, 'postgres', 'secrets'), 'utf8'));
  const { host, port, database } = JSON.parse(readFileSync(world.databaseFile, 'utf8')).cell;
  return { host, port, database, user, password } as PostgresConnection;
}

/** `work` may connect as often as it likes; what is open at its end is ended. */
export async function asSuperuser<T>(
  world: World,
  work: (connect: () => Promise<pg.Client>) => Promise<T>,
): Promise<T> {
  const open = new Set<pg.Client>();
  try {
    return await work(async () => {
      const client = new pg.Client({ ...superuser(world), connectionTimeoutMillis: 10_000 });
      client.on('error', () => {}); // the next query tells
      await client.connect();
      open.add(client);
      client.on('end', () => open.delete(client));
      return client;
    });
  } finally {
    await Promise.all([...open].map((client) => client.end()));
  }
}
