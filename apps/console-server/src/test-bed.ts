/** What tests of the console have in common: PostgreSQL, a running cell with traffic, the console, people who ask it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordCell } from '@clearway/cli/testing';
import type { Role } from '@clearway/console-api';
import { startPostgres } from '@clearway/embedded';
import { realChance, realClock, realCrypto } from '@clearway/ports/real';
import { connectOperator, copyEndToEndId, readBody, serveCellLink } from '@clearway/server';
import { migrate, openArchive, type PostgresConnection, postgresStore } from '@clearway/store';
import pg from 'pg';
import { createConsole } from './console.ts';
import { serveConsole } from './http/serve.ts';
import { readStaticFiles } from './http/static-files.ts';
import { sealSecret } from './people/logins.ts';
import { secretBytes } from './people/one-time-code.ts';
import { hashPassword } from './people/password.ts';
import { findPerson } from './people/people.ts';

export const ports = { clock: realClock, chance: realChance, crypto: realCrypto };
export const place = { centre: 1, cell: 1 };

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came
  readonly body: any;
}

export type Caller = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Answer>;

export type Bed = Awaited<ReturnType<typeof openBed>>;

/** `pages`: folder of the web application. `isArchived`: the cell keeps an archive of payments, as one with a stream does. */
export async function openBed({
  pages = 'none',
  isArchived = false,
  tls,
}: {
  readonly pages?: string;
  readonly isArchived?: boolean;
  readonly tls?: { readonly cert: string; readonly key: string };
} = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'clearway-console-'));
  const endings: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const postgres = await startPostgres({ directory: join(folder, 'postgres') });
  endings.push(() => postgres.stop('immediate'));
  const password = Buffer.from(realChance.bytes(18)).toString('base64url');
  await migrate(postgres.connection, { cell: password, console: password }, ports);
  const as = (role: string): PostgresConnection => ({ ...postgres.connection, user: `clearway_${role}`, password });

  const store = await postgresStore({ connections: [as('cell')], place, ...ports });
  endings.push(() => store.close());
  const archive = isArchived
    ? await openArchive({
        directory: join(folder, 'archive'),
        chance: realChance,
        copyReference: copyEndToEndId,
        segmentRecords: 5,
        failed(error) {
          throw error;
        },
        log() {},
      })
    : undefined;
  const recorded = await recordCell(store, ports, { ...(archive && { archive }) });
  endings.push(() => recorded.stop());
  const socketPath = join(folder, 'cell.sock');
  const openLink = () =>
    serveCellLink({
      cell: recorded.cell,
      records: recorded.cell.records,
      archive,
      socketPath,
      wake: recorded.wake,
      shortfalls: () => [],
      body: (sequence, index) => readBody(store, realCrypto, place, sequence, index),
      log() {},
    });
  let link = await openLink();
  endings.push(() => link.close());

  const reading = await postgresStore({ connections: [as('console')], place, ...ports, appendConnections: 1 });
  endings.push(() => reading.close());
  const key = realChance.bytes(32);
  const logged: { event: string; fields: Record<string, unknown> }[] = [];
  const log = (event: string, fields: Record<string, unknown>) => void logged.push({ event, fields });
  const desk = await createConsole({
    cells: [{ place, store: reading, connect: () => connectOperator(socketPath) }],
    connect: () => connectOperator(socketPath),
    ports,
    connection: as('console'),
    key,
    version: 'test',
    memory: () => 1,
    log,
  });
  endings.push(() => desk.stop());
  const server = await serveConsole({
    desk,
    files: readStaticFiles(pages),
    ports,
    host: '127.0.0.1',
    port: 0,
    tls,
    listening: desk.listensAt,
    log,
  });
  endings.push(() => server.close());
  const owner = new pg.Client(postgres.connection);
  await owner.connect();
  endings.push(() => owner.end());

  const call = async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> => {
    const response = await fetch(`${server.address}${path}`, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  };

  return {
    desk,
    recorded,
    store,
    server,
    owner,
    key,
    logged,
    call,
    /** Somebody with these roles, active, with a password and a second factor. */
    async person(login: string, roles: readonly Role[], participant: string | null = null) {
      const secret = realChance.bytes(secretBytes);
      const words = `pass phrase of nobody ${login.length}`;
      await owner.query(
        `INSERT INTO console.person (login, name, roles, participant, state, password, second_factor, created_at)
         VALUES ($1, $2, $3, $4, 'active', $5, $6, 0)`,
        [
          login,
          `Name of ${login}`,
          roles,
          participant,
          await hashPassword(realChance, words),
          Buffer.from(sealSecret(realCrypto, key, login, secret)),
        ],
      );
      return { secret, password: words };
    },
    /** Asks as somebody who has just logged in. */
    async as(login: string): Promise<Caller & { readonly token: string }> {
      const person = await findPerson(desk.ask, { login });
      const { token } = await desk.logins.openFor(person!);
      const caller: Caller = (method, path, body, headers) =>
        call(method, path, body, { authorization: `Bearer ${token}`, ...headers });
      return Object.assign(caller, { token });
    },
    /** The cell is there, but nobody reaches it. */
    async cutLink() {
      await link.close();
    },
    async mendLink() {
      link = await openLink();
    },
    async close() {
      for (const end of endings.reverse()) await end();
    },
  };
}
