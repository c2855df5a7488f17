/**
 * The journal in PostgreSQL: one row a batch, several appends in flight, one writer at a time.
 *
 * Fencing. An append inserts through a SELECT of the cell's row FOR SHARE where the epoch is still its own; a claim
 * updates that row. So a claim waits for appends that have begun, and an append that comes later finds no row: what
 * the claim then reads is all that the old epoch will ever have. (A foreign key would block the claim; `WHERE EXISTS`
 * and CHECK functions let a stale open SQL transaction commit after the claim.)
 *
 * Fairness. Row locks have no queue: a writer that always has an append in flight could keep a claim waiting for ever.
 * Advisory locks have one, so appends take one shared before the row, a claim takes it alone, and later appends wait
 * behind the claim.
 */
import type { Clock, Crypto } from '@clearway/ports';
import { type Client, DatabaseError } from 'pg';
import { type AppendWindow, appendWindow, openWindow } from '../append-window.ts';
import { headerHash, noHash } from '../batch.ts';
import { checkAppend, fenced, missingBatch } from '../journal-law.ts';
import {
  type BatchFacts,
  type Claim,
  FencedError,
  IndeterminateError,
  type Journal,
  type JournalBatch,
  UnavailableError,
} from '../port.ts';
import { ask, asUnavailable } from './ask.ts';
import { assertDurable, withoutWarning } from './connection.ts';
import { copyRows } from './copy-rows.ts';
import type { Pool } from './pool.ts';

export interface PostgresJournalOptions {
  /** Routing digits as a number. */
  readonly cell: number;
  readonly clock: Pick<Clock, 'after'>;
  readonly crypto: Pick<Crypto, 'sha256'>;
  /** For appends alone, so that no long query ever stands before one. */
  readonly appends: Pool;
  readonly queries: Pool;
  connect(): Promise<Client>;
  readonly appendDeadlineMs: number;
  readonly queryDeadlineMs: number;
}

/** The batches of one epoch that are valid, both ends included. */
interface Range {
  readonly epoch: number;
  readonly first: number;
  readonly last: number;
}

export function postgresJournal(options: PostgresJournalOptions): Journal {
  const { cell, clock, crypto, appends, queries, appendDeadlineMs, queryDeadlineMs } = options;
  let claimed: Claim | undefined;
  let window: AppendWindow = openWindow(0, appends.size);
  let isIndeterminate = false;

  async function append(batch: JournalBatch): Promise<void> {
    checkAppend(batch, claimed, isIndeterminate);
    const own = window;
    await own.enter(batch.sequence);
    let isDurable = false;
    try {
      await appends.use(appendDeadlineMs, (client) => insert(client, cell, batch));
      isDurable = true;
    } catch (cause) {
      if (cause instanceof UnavailableError) throw cause;
      if (cause instanceof FencedError) {
        own.shut(cause);
        throw cause;
      }
      if (own === window) isIndeterminate = true;
      own.shut(notSent);
      throw new IndeterminateError(
        `It is not known whether batch ${batch.sequence} is durable (${(cause as Error).message}). Claim again and read.`,
        { cause },
      );
    } finally {
      own.leave(batch.sequence, isDurable);
    }
  }

  async function claim(): Promise<Claim> {
    window.shut(notSent);
    const taken = await ask(queries, queryDeadlineMs, (client) => claimCell(client, cell, crypto));
    window = openWindow(taken.last, appends.size);
    isIndeterminate = false;
    claimed = taken;
    return taken;
  }

  const ranges = () => ask(queries, queryDeadlineMs, (client) => readRanges(client, cell));

  async function* read(from: number): AsyncGenerator<JournalBatch> {
    for await (const { sequence, epoch, columns } of readColumns(from, 'header, facts, bodies')) {
      const [header, facts, bodies] = columns;
      yield { sequence, epoch, header, facts, bodies };
    }
  }

  async function* readFacts(from: number): AsyncGenerator<BatchFacts> {
    for await (const { sequence, epoch, columns } of readColumns(from, 'header, facts')) {
      const [header, facts] = columns;
      yield { sequence, epoch, header, facts };
    }
  }

  async function* readColumns(from: number, names: string) {
    const found = (await ranges()).filter((range) => range.last >= from);
    if (found.length === 0) return;
    const client = await options.connect();
    try {
      for (const { epoch, first, last } of found) {
        let expected = Math.max(first, from);
        const rows = copyRows(client, selectBatches(names, cell, epoch, expected, last), {
          clock,
          deadlineMs: queryDeadlineMs,
        });
        for await (const [sequence, ...columns] of rows) {
          if (Number(sequence.readBigUInt64BE()) !== expected) throw missingBatch(expected, epoch);
          yield { sequence: expected, epoch, columns };
          expected += 1;
        }
        if (expected <= last) throw missingBatch(expected, epoch);
      }
    } catch (error) {
      throw asUnavailable(error);
    } finally {
      void client.end();
    }
  }

  async function readOne(sequence: number): Promise<JournalBatch | undefined> {
    const range = (await ranges()).find(({ first, last }) => first <= sequence && sequence <= last);
    if (!range) return undefined;
    const { rows } = await ask(queries, queryDeadlineMs, (client) =>
      client.query('SELECT header, facts, bodies FROM journal.batch WHERE cell = $1 AND epoch = $2 AND sequence = $3', [
        cell,
        range.epoch,
        sequence,
      ]),
    );
    if (rows.length === 0) throw missingBatch(sequence, range.epoch);
    return { sequence, epoch: range.epoch, ...rows[0] };
  }

  return { claim, append, read, readFacts, readOne, async close() {} };
}

const notSent = new UnavailableError('The journal must be claimed before this batch; it was not sent.');

/** First half of the advisory lock; the second is the cell. */
const claimLock = 0x636c_7761;

/**
 * Each append is its own SQL transaction: no round trip ever holds a lock. The condition is judged before the row is
 * locked, so the locks are taken in the same order as by a claim.
 */
export const insertText = `
  INSERT INTO journal.batch (cell, epoch, sequence, header, facts, bodies)
  SELECT cell, epoch, $3, $4, $5, $6 FROM journal.cell
  WHERE cell = $1 AND epoch = $2 AND pg_advisory_xact_lock_shared(${claimLock}, cell) IS NOT NULL FOR SHARE`;

/** @throws FencedError, UnavailableError; anything else leaves it open whether the row is durable */
async function insert(client: Client, cell: number, batch: JournalBatch): Promise<void> {
  const { epoch, sequence, header, facts, bodies } = batch;
  const values = [cell, epoch, sequence, header, facts, bodies];
  try {
    const { rowCount } = await withoutWarning(client, () => client.query({ name: 'append', text: insertText, values }));
    if (rowCount !== 1) throw fenced(batch);
  } catch (error) {
    if (error instanceof DatabaseError && error.code !== uniqueViolation && (await survived(client))) {
      throw new UnavailableError(`PostgreSQL refused batch ${sequence}: ${error.code} ${error.message}`, {
        cause: error,
      });
    }
    throw error;
  }
}

/** A row with this epoch and sequence is there: an earlier attempt may have been durable after all. */
const uniqueViolation = '23505';

/**
 * After an error that the session survives the statement was rolled back for certain. A session that ends with the
 * error may have ended after its commit; the SQLSTATE alone does not tell (a full disk is 53100 in either case).
 */
async function survived(client: Client): Promise<boolean> {
  try {
    await client.query('SELECT');
    return true;
  } catch {
    return false;
  }
}

async function claimCell(client: Client, cell: number, crypto: Pick<Crypto, 'sha256'>): Promise<Claim> {
  await assertDurable(client);
  return withoutWarning(client, async () => {
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock($1, $2)', [claimLock, cell]);
    await client.query('INSERT INTO journal.cell (cell, epoch) VALUES ($1, 0) ON CONFLICT DO NOTHING', [cell]);
    const raised = await client.query('UPDATE journal.cell SET epoch = epoch + 1 WHERE cell = $1 RETURNING epoch', [
      cell,
    ]);
    const epoch = Number(raised.rows[0].epoch);
    const previous = await client.query('SELECT coalesce(max(last), 0) AS last FROM journal.epoch WHERE cell = $1', [
      cell,
    ]);
    const last = await lastWithoutGap(client, cell, epoch - 1, Number(previous.rows[0].last));
    await client.query('INSERT INTO journal.epoch (cell, epoch, last) VALUES ($1, $2, $3)', [cell, epoch - 1, last]);
    const header = await client.query(
      `SELECT header FROM journal.batch WHERE cell = $1 AND sequence = $2
       AND epoch = (SELECT min(epoch) FROM journal.epoch WHERE cell = $1 AND last >= $2)`,
      [cell, last],
    );
    await client.query('COMMIT');
    return { epoch, last, lastHash: last === 0 ? noHash : headerHash(crypto, header.rows[0].header) };
  });
}

/** Where the epoch ends: before its first gap. `previous`: last batch of the epoch before. */
async function lastWithoutGap(client: Client, cell: number, epoch: number, previous: number): Promise<number> {
  const { rows } = await client.query(
    `WITH newest AS (SELECT max(sequence) AS sequence FROM journal.batch WHERE cell = $1 AND epoch = $2)
     SELECT batch.sequence FROM journal.batch, newest
     WHERE cell = $1 AND epoch = $2 AND batch.sequence >= newest.sequence - $3::bigint ORDER BY 1`,
    [cell, epoch, appendWindow],
  );
  if (rows.length === 0) return previous;
  const sequences = rows.map((row) => Number(row.sequence));
  const newest = sequences[sequences.length - 1];
  let last = Math.max(previous, newest - appendWindow - 1);
  for (const sequence of sequences) if (sequence === last + 1) last = sequence;
  if (last < newest - appendWindow) throw missingBatch(last + 1, epoch);
  return last;
}

async function readRanges(client: Client, cell: number): Promise<Range[]> {
  // One statement, so that no claim comes between: it ends the current epoch and begins another.
  const { rows } = await client.query(
    `SELECT cell.epoch AS current, epoch.epoch, epoch.last FROM journal.cell LEFT JOIN journal.epoch USING (cell)
     WHERE cell = $1 ORDER BY epoch.epoch`,
    [cell],
  );
  if (rows.length === 0) return [];
  const ranges: Range[] = [];
  let last = 0;
  for (const row of rows) {
    ranges.push({ epoch: Number(row.epoch), first: last + 1, last: Number(row.last) });
    last = Number(row.last);
  }
  const current = Number(rows[0].current);
  ranges.push({ epoch: current, first: last + 1, last: await lastWithoutGap(client, cell, current, last) });
  return ranges.filter((range) => range.first <= range.last);
}

/** COPY takes no parameters; these are all names and numbers of our own. */
const selectBatches = (columns: string, cell: number, epoch: number, first: number, last: number) =>
  `SELECT sequence, ${columns} FROM journal.batch
   WHERE cell = ${cell} AND epoch = ${epoch} AND sequence BETWEEN ${first} AND ${last} ORDER BY sequence`;
