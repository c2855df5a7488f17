/** Snapshots, configurations and body keys in PostgreSQL. */
import type { Chance, Clock } from '@clearway/ports';
import type { Client } from 'pg';
import { checkSameConfiguration, checkSealable, checkUnsealed, keepSnapshots, missingPage } from '../document-law.ts';
import type { BodyKeyStore, ConfigurationStore, SnapshotStore } from '../port.ts';
import { ask, inTransaction } from './ask.ts';
import { copyRows } from './copy-rows.ts';
import type { Pool } from './pool.ts';

export interface DocumentOptions {
  readonly cell: number;
  readonly queries: Pool;
  readonly queryDeadlineMs: number;
  readonly clock: Pick<Clock, 'after'>;
  readonly chance: Chance;
  connect(): Promise<Client>;
}

export function postgresSnapshots(options: DocumentOptions): SnapshotStore {
  const { cell, queries, queryDeadlineMs } = options;
  const whole = <T>(work: (client: Client) => Promise<T>) =>
    ask(queries, queryDeadlineMs, (client) => inTransaction(client, () => work(client)));

  async function find(rest: string, values: readonly unknown[]) {
    const { rows } = await ask(queries, queryDeadlineMs, (client) =>
      client.query(`SELECT sequence, pages, hash FROM journal.snapshot WHERE cell = $1 ${rest}`, [cell, ...values]),
    );
    return rows[0] && { ...rows[0], sequence: Number(rows[0].sequence) };
  }

  async function put(sequence: number, page: number, insert: (client: Client) => Promise<unknown>): Promise<void> {
    checkUnsealed(sequence, (await find('AND sequence = $2', [sequence])) !== undefined);
    await whole(async (client) => {
      if (page === 0) await dropUnsealed(client, cell);
      await insert(client);
    });
  }

  return {
    write: (sequence, page, bytes) =>
      put(sequence, page, (client) =>
        client.query('INSERT INTO journal.snapshot_page (cell, sequence, page, bytes) VALUES ($1, $2, $3, $4)', [
          cell,
          sequence,
          page,
          bytes,
        ]),
      ),

    writeSame: (sequence, page, source, sourcePage) =>
      put(sequence, page, async (client) => {
        const { rowCount } = await client.query(insertSameText, [cell, sequence, page, source, sourcePage]);
        if (rowCount !== 1) throw missingPage(source, sourcePage);
      }),

    async seal(sequence, pages, hash) {
      const { rows } = await ask(queries, queryDeadlineMs, (client) =>
        client.query('SELECT count(*)::integer AS pages FROM journal.snapshot_page WHERE cell = $1 AND sequence = $2', [
          cell,
          sequence,
        ]),
      );
      checkSealable(sequence, pages, rows[0].pages);
      await whole(async (client) => {
        await client.query('INSERT INTO journal.snapshot (cell, sequence, pages, hash) VALUES ($1, $2, $3, $4)', [
          cell,
          sequence,
          pages,
          hash,
        ]);
        await client.query(
          `DELETE FROM journal.snapshot WHERE cell = $1 AND sequence NOT IN
           (SELECT sequence FROM journal.snapshot WHERE cell = $1 ORDER BY sequence DESC LIMIT $2)`,
          [cell, keepSnapshots],
        );
        await dropUnsealed(client, cell);
      });
    },

    latest: () => find('ORDER BY sequence DESC LIMIT 1', []),

    async *read(sequence) {
      const sealed = await find('AND sequence = $2', [sequence]);
      if (!sealed) throw missingPage(sequence, 0);
      const client = await options.connect();
      try {
        let expected = 0;
        for await (const [page, bytes] of copyRows(client, selectPages(cell, sequence), {
          clock: options.clock,
          deadlineMs: queryDeadlineMs,
        })) {
          if (page.readUInt32BE() !== expected) throw missingPage(sequence, expected);
          yield bytes;
          expected += 1;
        }
        if (expected !== sealed.pages) throw missingPage(sequence, expected);
      } finally {
        void client.end();
      }
    },
  };
}

const selectPages = (cell: number, sequence: number) =>
  `SELECT page.page, coalesce(page.bytes, source.bytes) FROM journal.snapshot_page page
   LEFT JOIN journal.snapshot_page source
     ON (source.cell, source.sequence, source.page) = (page.cell, page.source, page.source_page)
   WHERE page.cell = ${cell} AND page.sequence = ${sequence} ORDER BY 1`;

/** Names where the bytes are, also when the source names it too. */
const insertSameText = `
  INSERT INTO journal.snapshot_page (cell, sequence, page, source, source_page)
  SELECT cell, $2, $3, coalesce(source, sequence), coalesce(source_page, page) FROM journal.snapshot_page
  WHERE cell = $1 AND sequence = $4 AND page = $5
    AND EXISTS (SELECT FROM journal.snapshot WHERE cell = $1 AND sequence = $4)`;

/** Pages of snapshots that are not sealed, or not any more, unless a sealed one has the bytes of them. */
async function dropUnsealed(client: Client, cell: number): Promise<void> {
  await client.query(
    `WITH sealed AS (SELECT sequence FROM journal.snapshot WHERE cell = $1)
     DELETE FROM journal.snapshot_page page WHERE cell = $1 AND sequence NOT IN (SELECT sequence FROM sealed)
     AND NOT EXISTS (SELECT FROM journal.snapshot_page heir
       WHERE heir.cell = $1 AND heir.source = page.sequence AND heir.source_page = page.page
       AND heir.sequence IN (SELECT sequence FROM sealed))`,
    [cell],
  );
}

export function postgresConfigurations({ cell, queries, queryDeadlineMs }: DocumentOptions): ConfigurationStore {
  return {
    async put(kind, version, hash, content) {
      const { rows } = await ask(queries, queryDeadlineMs, async (client) => {
        await client.query(
          `INSERT INTO journal.configuration (cell, kind, version, hash, content) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT DO NOTHING`,
          [cell, kind, version, hash, content],
        );
        return client.query('SELECT hash FROM journal.configuration WHERE cell = $1 AND kind = $2 AND version = $3', [
          cell,
          kind,
          version,
        ]);
      });
      checkSameConfiguration(kind, version, hash, rows[0].hash);
    },

    async get(kind, version) {
      const { rows } = await ask(queries, queryDeadlineMs, (client) =>
        client.query('SELECT content FROM journal.configuration WHERE cell = $1 AND kind = $2 AND version = $3', [
          cell,
          kind,
          version,
        ]),
      );
      return rows[0]?.content;
    },
  };
}

export function postgresBodyKeys({ cell, queries, queryDeadlineMs, chance }: DocumentOptions): BodyKeyStore {
  const known = new Map<number, Uint8Array>();
  return {
    async key(day) {
      const cached = known.get(day);
      if (cached) return cached;
      const { rows } = await ask(queries, queryDeadlineMs, async (client) => {
        await client.query('INSERT INTO secret.body_key (cell, day, key) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', [
          cell,
          day,
          chance.bytes(32),
        ]);
        return client.query('SELECT key FROM secret.body_key WHERE cell = $1 AND day = $2', [cell, day]);
      });
      const key: Uint8Array | null = rows[0].key;
      if (key === null) throw new Error(`The key of day ${day} was destroyed: its bodies are erased.`);
      known.set(day, key);
      return key;
    },
  };
}
