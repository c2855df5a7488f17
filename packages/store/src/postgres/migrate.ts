/**
 * Brings a database to the schema of this program: roles, then the numbered files of migrations/, each in one SQL
 * transaction, each once. What was applied is remembered with its hash, since an edited file would be a lie.
 */
import { readdir, readFile } from 'node:fs/promises';
import type { Chance, Crypto } from '@clearway/ports';
import type { Client } from 'pg';
import { inTransaction } from './ask.ts';
import { connect, type PostgresConnection } from './connection.ts';
import { scramVerifier } from './scram.ts';

/** Passwords of the roles clearway_cell, clearway_gateway, clearway_reader and clearway_console, made by the caller; without one a role cannot log in, or keeps what it has. */
export interface RolePasswords {
  /** Writes the journal and the records of cells. */
  readonly cell?: string;
  /** Reads records and configurations. */
  readonly gateway?: string;
  /** Reads journal and records, for people and checks. */
  readonly reader?: string;
  /** Reads journal and records, and keeps the console's own tables. */
  readonly console?: string;
}

export interface Migrated {
  /** Names of the files that were applied now. */
  readonly applied: readonly string[];
}

/** The same place seen from src and from dist. */
const folder = new URL('../../src/postgres/migrations/', import.meta.url);
const roles = ['cell', 'gateway', 'reader', 'console'] as const;
/** Any number; who migrates waits for who migrates. */
const lock = 0x636c656172;

/**
 * Harmless when there is nothing to do.
 *
 * @param owner may create schemas and, where they are missing, roles
 * @param last file to apply: for tests, to have a database as it was
 */
export async function migrate(
  owner: PostgresConnection,
  passwords: RolePasswords,
  ports: { readonly crypto: Pick<Crypto, 'sha256'>; readonly chance: Chance },
  last?: string,
): Promise<Migrated> {
  const client = await connect(owner);
  try {
    await client.query('SELECT pg_advisory_lock($1)', [lock]);
    await client.query('SET client_min_messages = warning');
    await prepareRoles(client, passwords, ports);
    return { applied: await applyFiles(client, ports.crypto, last) };
  } finally {
    await client.end();
  }
}

async function prepareRoles(
  client: Client,
  passwords: RolePasswords,
  ports: Parameters<typeof scramVerifier>[0],
): Promise<void> {
  for (const role of roles) {
    const name = `clearway_${role}`;
    const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [name]);
    if (rowCount === 0) await client.query(`CREATE ROLE ${name} NOLOGIN`);
    const password = passwords[role];
    if (password !== undefined) {
      await client.query(`ALTER ROLE ${name} LOGIN PASSWORD ${client.escapeLiteral(scramVerifier(ports, password))}`);
    }
  }
}

async function applyFiles(client: Client, crypto: Pick<Crypto, 'sha256'>, last?: string): Promise<string[]> {
  await client.query(`CREATE SCHEMA IF NOT EXISTS clearway`);
  await client.query(`CREATE TABLE IF NOT EXISTS clearway.migration (
    name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT clock_timestamp())`);
  const { rows } = await client.query('SELECT name, sha256 FROM clearway.migration');
  const known = new Map<string, string>(rows.map((row) => [row.name, row.sha256]));
  const applied: string[] = [];
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  const unknown = [...known.keys()].find((name) => !names.includes(name));
  if (unknown) throw new Error(`The database has migration ${unknown}, which this program does not: use a newer one.`);
  for (const name of names) {
    const text = await readFile(new URL(name, folder));
    const sha256 = Buffer.from(crypto.sha256(text)).toString('hex');
    if (known.get(name) === sha256) continue;
    if (known.has(name)) {
      throw new Error(`Migration ${name} was changed after it was applied. Put it back, and add a new file instead.`);
    }
    await inTransaction(client, async () => {
      await client.query(text.toString());
      await client.query('INSERT INTO clearway.migration (name, sha256) VALUES ($1, $2)', [name, sha256]);
    });
    applied.push(name);
    if (name === last) break;
  }
  return applied;
}
