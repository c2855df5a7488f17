/**
 * The audit log: every act, and every look of a supervisor. Each entry names the hash of the one before, and the
 * database lets nobody change or remove one, so a gap or a change shows to whoever reads the chain.
 */
import { createHash } from 'node:crypto';
import type { AuditEntry, AuditVerification } from '@clearway/console-api';
import { formatTime } from '@clearway/contract';
import type { Clock } from '@clearway/ports';
import type { Ask, Database } from './database.ts';

export interface Deed {
  /** Login, or `console` for what it does by itself. */
  readonly actor: string;
  readonly act: string;
  readonly subject: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

export interface AuditQuery {
  /** Only entries before this one. */
  readonly before?: number | undefined;
  readonly limit: number;
  readonly actor?: string | undefined;
  readonly subject?: string | undefined;
}

export interface Audit {
  /** In the transaction that does the deed: either both are kept or neither. */
  append(ask: Ask, deed: Deed): Promise<void>;
  record(deed: Deed): Promise<void>;
  /** Newest first. */
  entries(query: AuditQuery): Promise<AuditEntry[]>;
  verify(): Promise<AuditVerification>;
}

export const firstHash = '0'.repeat(64);
/** Any number; one entry after the other. */
const lock = 0x6175646974;
const pageRows = 2_000;

export function hashOfEntry(previousHash: string, content: string): string {
  return createHash('sha256').update(`${previousHash}\n${content}`).digest('hex');
}

export function createAudit(database: Database, clock: Pick<Clock, 'now'>): Audit {
  const append: Audit['append'] = async (ask, { actor, act, subject, detail = {} }) => {
    await ask('SELECT pg_advisory_xact_lock($1)', [lock]);
    const [last] = await ask<{ sequence: string; hash: string }>(
      'SELECT sequence, hash FROM console.audit ORDER BY sequence DESC LIMIT 1',
    );
    const sequence = Number(last?.sequence ?? 0) + 1;
    const previousHash = last?.hash ?? firstHash;
    const content = JSON.stringify({ sequence, at: formatTime(clock.now()), actor, act, subject, detail });
    await ask('INSERT INTO console.audit (sequence, content, previous_hash, hash) VALUES ($1, $2, $3, $4)', [
      sequence,
      content,
      previousHash,
      hashOfEntry(previousHash, content),
    ]);
  };

  return {
    append,
    record: (deed) => database.together((ask) => append(ask, deed)),

    async entries({ before, limit, actor, subject }) {
      const rows = await database.ask<StoredEntry>(
        `SELECT sequence, content, previous_hash, hash FROM console.audit
         WHERE ($1::bigint IS NULL OR sequence < $1)
           AND ($2::text IS NULL OR content::jsonb ->> 'actor' = $2)
           AND ($3::text IS NULL OR content::jsonb ->> 'subject' = $3)
         ORDER BY sequence DESC LIMIT $4`,
        [before ?? null, actor ?? null, subject ?? null, limit],
      );
      return rows.map(entryOf);
    },

    async verify() {
      let head = firstHash;
      let last = 0;
      for (;;) {
        const rows = await database.ask<StoredEntry>(
          'SELECT sequence, content, previous_hash, hash FROM console.audit WHERE sequence > $1 ORDER BY sequence LIMIT $2',
          [last, pageRows],
        );
        for (const entry of rows.map(entryOf)) {
          const problem = faultOf(entry, last, head);
          if (problem !== undefined) {
            const broken = { sequence: entry.sequence, problem };
            return { holds: false, entries: last, from: Math.min(1, last), to: last, head, broken };
          }
          last = entry.sequence;
          head = entry.hash;
        }
        if (rows.length < pageRows) {
          return { holds: true, entries: last, from: Math.min(1, last), to: last, head, broken: null };
        }
      }
    },
  };
}

/** What is wrong with an entry after the one before it, or undefined. */
export function faultOf(entry: AuditEntry, previous: number, previousHash: string): string | undefined {
  if (entry.sequence !== previous + 1) return `entry ${previous + 1} is missing`;
  if (entry.previousHash !== previousHash) return 'it does not name the hash of the entry before';
  if (entry.hash !== hashOfEntry(entry.previousHash, entry.content)) return 'its content is not what was hashed';
  return undefined;
}

interface StoredEntry {
  readonly sequence: string;
  readonly content: string;
  readonly previous_hash: string;
  readonly hash: string;
}

const entryOf = ({ sequence, content, previous_hash, hash }: StoredEntry): AuditEntry => ({
  sequence: Number(sequence),
  content,
  previousHash: previous_hash,
  hash,
});
