/** The console's own connections: few, and no question takes longer than it may, so that the cell never waits for a page. */
import type { PostgresConnection } from '@clearway/store';
import pg from 'pg';
import { Refusal } from './refusal.ts';

export type Row = Record<string, unknown>;
/** Columns that are bigint or numeric come as text. */
export type Ask = <R extends object = Row>(text: string, values?: readonly unknown[]) => Promise<R[]>;

export interface Database {
  readonly ask: Ask;
  /** All of `work` or nothing. */
  together<T>(work: (ask: Ask) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  readonly connections: number;
  readonly statementTimeoutMs: number;
}

const connectMs = 3_000;
/** SQLSTATE: cancelled, which here is always by the time-out. */
const queryCanceled = '57014';

export function openDatabase(connection: PostgresConnection, options: DatabaseOptions): Database {
  const pool = new pg.Pool({
    ...connection,
    max: options.connections,
    connectionTimeoutMillis: connectMs,
    statement_timeout: options.statementTimeoutMs,
    application_name: 'clearway-console',
    // A page never makes PostgreSQL spread one question over the processors that payments need.
    options: `-c max_parallel_workers_per_gather=0 -c idle_in_transaction_session_timeout=${options.statementTimeoutMs}`,
  });
  pool.on('error', () => {}); // of an idle connection; whoever asks next hears it

  const askOn =
    (client: Pick<pg.PoolClient, 'query'>): Ask =>
    async <R extends object>(text: string, values: readonly unknown[] = []) => {
      try {
        return (await client.query(text, [...values])).rows as R[];
      } catch (error) {
        throw refusalOf(error);
      }
    };

  return {
    ask: askOn(pool as unknown as pg.PoolClient),
    async together(work) {
      const client = await pool.connect().catch((error) => {
        throw refusalOf(error);
      });
      try {
        await client.query('BEGIN');
        const result = await work(askOn(client));
        await client.query('COMMIT');
        client.release();
        return result;
      } catch (error) {
        client.release(true); // what a failed statement left behind ends with the connection
        throw error;
      }
    },
    close: () => pool.end(),
  };
}

function refusalOf(error: unknown): unknown {
  const { code, message } = error as { code?: string; message: string };
  if (code === queryCanceled) return new Refusal('tooSlow');
  // Five characters beginning with 08, 53 or 57: connection, resources, shutdown. Without SQLSTATE it is the network.
  if (code === undefined || code.length !== 5 || /^(08|53|57)/.test(code)) {
    return new Refusal('recordsUnavailable', `PostgreSQL cannot be reached: ${message}`);
  }
  return error;
}
