/** Questions and writes that can be repeated, whatever became of the first try. */
import type { Client } from 'pg';
import { DamagedJournalError } from '../journal-law.ts';
import { UnavailableError } from '../port.ts';
import { StaleRecordsError } from '../records-law.ts';
import type { Pool } from './pool.ts';

/** @throws UnavailableError when the database failed; asking again is safe */
export async function ask<T>(pool: Pool, deadlineMs: number, work: (client: Client) => Promise<T>): Promise<T> {
  try {
    return await pool.use(deadlineMs, work);
  } catch (error) {
    throw asUnavailable(error);
  }
}

/** What we say ourselves stays as it is; anything else is the database's or the driver's. */
export function asUnavailable(error: unknown): unknown {
  const isOwn = [UnavailableError, DamagedJournalError, StaleRecordsError].some((kind) => error instanceof kind);
  return isOwn ? error : new UnavailableError(`PostgreSQL failed: ${(error as Error).message}`, { cause: error });
}

/** All of `work` or nothing. */
export async function inTransaction<T>(client: Client, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN');
  const result = await work();
  await client.query('COMMIT');
  return result;
}
