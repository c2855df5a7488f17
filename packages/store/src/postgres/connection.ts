/** One connection to the primary. */
import type { Clock } from '@clearway/ports';
import { Client, type ClientConfig } from 'pg';
import { UnavailableError } from '../port.ts';
import { within } from './deadline.ts';

/** `host` may be the folder of a Unix socket. */
export interface PostgresConnection {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly ssl?: ClientConfig['ssl'];
}

/** The database would acknowledge what it has not made durable; nothing is written to it. */
export class UnsafeDatabaseError extends UnavailableError {
  override name = 'UnsafeDatabaseError';
}

const connectMs = 5_000;

/** @throws Error of the driver */
export async function connect(server: PostgresConnection): Promise<Client> {
  const client = new Client({
    ...server,
    connectionTimeoutMillis: connectMs,
    keepAlive: true,
    application_name: 'clearway',
  });
  client.on('error', () => {}); // the query in hand fails as well, or the next one
  await client.connect();
  return client;
}

/**
 * Connects to the first of the servers that is not a standby.
 * @throws UnavailableError if there is none
 */
export async function connectToPrimary(
  servers: readonly PostgresConnection[],
  clock: Pick<Clock, 'after'>,
): Promise<Client> {
  const refusals: string[] = [];
  for (const server of servers) {
    try {
      const client = await connect(server);
      if (servers.length === 1 || (await isPrimary(client, clock))) return client;
      refusals.push(`${server.host}:${server.port} is a standby`);
    } catch (error) {
      refusals.push(`${server.host}:${server.port}: ${(error as Error).message}`);
    }
  }
  throw new UnavailableError(`PostgreSQL cannot be reached (${refusals.join('; ')}). Nothing was sent.`);
}

/** Ends the connection unless it is. */
async function isPrimary(client: Client, clock: Pick<Clock, 'after'>): Promise<boolean> {
  let primary = false;
  try {
    const { rows } = await within(clock, connectMs, client.query('SELECT NOT pg_is_in_recovery() AS primary'));
    primary = rows[0].primary;
    return primary;
  } finally {
    if (!primary) void client.end();
  }
}

/** `remote_write` and weaker can lose what was acknowledged when a machine dies. */
const safeSettings: Readonly<Record<string, readonly string[]>> = {
  fsync: ['on'],
  full_page_writes: ['on'],
  synchronous_commit: ['on', 'remote_apply'],
};

/** @throws UnsafeDatabaseError unless what this session commits is durable */
export async function assertDurable(client: Client): Promise<void> {
  const { rows } = await client.query('SELECT name, setting FROM pg_settings WHERE name = ANY ($1)', [
    Object.keys(safeSettings),
  ]);
  for (const { name, setting } of rows) {
    if (!safeSettings[name].includes(setting)) {
      throw new UnsafeDatabaseError(
        `PostgreSQL has ${name} = ${setting}, so it could lose payments that it acknowledged. Set it to ${safeSettings[name][0]} for the server and the role ${client.user}.`,
      );
    }
  }
}

/**
 * Runs `work` and fails if the server warned meanwhile: "canceling wait for synchronous replication" comes as a
 * warning beside a commit that looks good and is not (reliability: trap P1).
 */
export async function withoutWarning<T>(client: Client, work: () => Promise<T>): Promise<T> {
  let warning: string | undefined;
  const listen = (notice: { code?: string | undefined; message?: string | undefined }) => {
    if (notice.code !== successfulCompletion) warning ??= `${notice.code} ${notice.message}`;
  };
  client.on('notice', listen);
  try {
    const result = await work();
    if (warning !== undefined) throw new Error(`PostgreSQL warned: ${warning}`);
    return result;
  } finally {
    client.off('notice', listen);
  }
}

/** SQLSTATE of a mere notice. */
const successfulCompletion = '00000';
