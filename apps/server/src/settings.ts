/**
 * Settings of the server programs: read once from `CLEARWAY_*` and, below them, the JSON file that CLEARWAY_SETTINGS
 * names; checked whole, then frozen. docs/reference/settings.md lists the same.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { KeyPair, Suite } from '@clearway/ports';
import type { PostgresConnection } from '@clearway/store';
import type { ParticipantsDocument, SchemeDocument } from './documents.ts';

interface Setting<T> {
  readonly name: string;
  readonly means: string;
  readonly default: string | undefined;
  /** @throws Error that says what is allowed */
  read(text: string): T;
}

const text = (value: string) => value;
const path = (value: string) => resolve(value);
const integer = (least: number, most: number) => (value: string) => {
  const number = Number(value);
  if (!/^[0-9]+$/.test(value) || number < least || number > most)
    throw new Error(`give an integer from ${least} to ${most}`);
  return number;
};
const oneOf =
  <T extends string>(...allowed: readonly T[]) =>
  (value: string) => {
    if (!allowed.includes(value as T)) throw new Error(`give one of ${allowed.join(', ')}`);
    return value as T;
  };

const setting = <T>(
  name: string,
  means: string,
  fallback: string | undefined,
  read: (value: string) => T,
): Setting<T> => ({
  name,
  means,
  default: fallback,
  read,
});

export const settings = {
  data: setting('CLEARWAY_DATA', 'folder of everything that is kept', './data', path),
  host: setting(
    'CLEARWAY_HOST',
    'address that the gateway listens on; other than loopback only with TLS',
    '127.0.0.1',
    text,
  ),
  port: setting('CLEARWAY_PORT', 'port of the gateway, 0 for any', '7400', integer(0, 65535)),
  centre: setting('CLEARWAY_CENTRE', 'centre of the cell, 1 to 99', '1', integer(1, 99)),
  cell: setting('CLEARWAY_CELL', 'number of the cell, 1 to 9999', '1', integer(1, 9999)),
  cells: setting(
    'CLEARWAY_CELLS',
    'cells of the platform, 1 to 99; more than one are numbered from 1, and sockets, archives and journal folders of those after the first have their number behind: cell-2.sock',
    '1',
    integer(1, 99),
  ),
  database: setting(
    'CLEARWAY_DATABASE',
    'JSON file with the connections of the roles cell, gateway, reader, console',
    '',
    text,
  ),
  socket: setting('CLEARWAY_SOCKET', 'Unix socket that joins cell and gateways', '', text),
  configuration: setting('CLEARWAY_CONFIGURATION', 'folder with scheme.json and participants.json', '', text),
  platformKey: setting('CLEARWAY_PLATFORM_KEY', 'JSON file (0600) with the platform signing key', '', text),
  settlementAgent: setting(
    'CLEARWAY_SETTLEMENT_AGENT',
    'JSON, or a file of it: url, code, key version, suite and public key of the settlement agent; empty: cycles are not settled',
    '',
    text,
  ),
  authorities: setting(
    'CLEARWAY_CA',
    'PEM file of the authorities for endpoints of institutions; empty: those of the system',
    '',
    text,
  ),
  certificate: setting(
    'CLEARWAY_CERTIFICATE',
    'PEM file of the gateway certificate; empty: plain HTTP, on loopback only',
    '',
    text,
  ),
  certificateKey: setting('CLEARWAY_CERTIFICATE_KEY', 'PEM file of its private key', '', text),
  clientAuthorities: setting(
    'CLEARWAY_CLIENT_CA',
    'PEM file of the authorities for certificates of institutions; set: mutual TLS',
    '',
    text,
  ),
  archive: setting(
    'CLEARWAY_ARCHIVE',
    'folder of the archive of payments, kept from the first start with a stream on; empty: archive below the data',
    '',
    text,
  ),
  streamHost: setting('CLEARWAY_STREAM_HOST', 'address that the stream listens on', '127.0.0.1', text),
  streamPort: setting('CLEARWAY_STREAM_PORT', 'port of the stream, 0 for any; empty: no stream', '', (value) =>
    value === '' ? undefined : integer(0, 65535)(value),
  ),
  streamCertificate: setting('CLEARWAY_STREAM_CERTIFICATE', 'PEM file of the certificate of the stream', '', text),
  streamCertificateKey: setting('CLEARWAY_STREAM_CERTIFICATE_KEY', 'PEM file of its private key', '', text),
  streamWindow: setting(
    'CLEARWAY_STREAM_WINDOW',
    'payments without an outcome that one link may have under way, at most',
    '8192',
    integer(1, 1_000_000),
  ),
  streamPlain: setting(
    'CLEARWAY_STREAM_PLAIN',
    'no TLS and no certificates on the stream, on loopback only: to measure what they cost',
    'no',
    oneOf('no', 'yes'),
  ),
  cycleSeconds: setting(
    'CLEARWAY_CYCLE_SECONDS',
    'length of a clearing cycle in seconds, 0 for on demand',
    '60',
    integer(0, 86_400),
  ),
  journal: setting(
    'CLEARWAY_JOURNAL',
    'where the journal is: postgres, or file for a folder of this machine alone; decided once, before the first start',
    'postgres',
    oneOf('postgres', 'file'),
  ),
  journalFolder: setting('CLEARWAY_JOURNAL_FOLDER', 'folder of the journal in files, on a local disk', '', text),
  snapshotEvery: setting(
    'CLEARWAY_SNAPSHOT_EVERY',
    'batches from one snapshot to the next',
    '20000',
    integer(10, 10_000_000),
  ),
  consolePort: setting('CLEARWAY_CONSOLE_PORT', 'port of the console; 0 for any', '7480', integer(0, 65535)),
  consoleHost: setting(
    'CLEARWAY_CONSOLE_HOST',
    'address that the console listens on; other than loopback only with TLS',
    '127.0.0.1',
    text,
  ),
  consoleName: setting(
    'CLEARWAY_CONSOLE_NAME',
    'name by which browsers reach the console, with its port where that is another; empty: address and port',
    '',
    text,
  ),
  consoleCertificate: setting(
    'CLEARWAY_CONSOLE_CERTIFICATE',
    'PEM file of the certificate of the console; empty: plain HTTP, on loopback only',
    '',
    text,
  ),
  consoleCertificateKey: setting('CLEARWAY_CONSOLE_CERTIFICATE_KEY', 'PEM file of its private key', '', text),
  log: setting('CLEARWAY_LOG', 'least level that is logged', 'info', oneOf('error', 'warn', 'info', 'debug')),
} as const;

export type Settings = { readonly [K in keyof typeof settings]: ReturnType<(typeof settings)[K]['read']> };

export class SettingsError extends Error {
  override name = 'SettingsError';
}

/** @throws SettingsError that names every setting that is wrong, and what is allowed */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const file = readSettingsFile(environment.CLEARWAY_SETTINGS);
  const wrong: string[] = [];
  const names = new Set<string>(Object.values(settings).map(({ name }) => name));
  for (const name of Object.keys(file)) if (!names.has(name)) wrong.push(`${name}: no such setting`);
  const values = Object.entries(settings).map(([key, { name, read, default: fallback }]) => {
    const given = environment[name] ?? file[name] ?? fallback ?? '';
    try {
      return [key, read(given)];
    } catch (error) {
      wrong.push(`${name} is "${given}": ${(error as Error).message}`);
      return [key, undefined];
    }
  });
  if (wrong.length > 0) throw new SettingsError(`settings are wrong:\n  ${wrong.join('\n  ')}`);
  const read = Object.fromEntries(values) as Settings;
  if (read.cells > 1 && read.cell > read.cells)
    throw new SettingsError(`CLEARWAY_CELL is ${read.cell}, but CLEARWAY_CELLS says that there are ${read.cells}`);
  const in_ = (name: string) => join(read.data, name);
  return Object.freeze({
    ...read,
    database: read.database || in_('database.json'),
    archive: read.archive || in_('archive'),
    socket: read.socket || in_('cell.sock'),
    configuration: read.configuration || in_('configuration'),
    platformKey: read.platformKey || in_('secrets/platform-key.json'),
    journalFolder: resolve(read.journalFolder || in_('journal')),
  });
}

function readSettingsFile(file: string | undefined): Record<string, string> {
  if (file === undefined || file === '') return {};
  const json = readJson<Record<string, unknown>>(file, 'CLEARWAY_SETTINGS');
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, String(value)]));
}

/** @throws SettingsError that names the file and what is wrong with it */
export function readJson<T>(file: string, whatFor: string): T {
  if (!existsSync(file)) throw new SettingsError(`${whatFor}: there is no file ${file}`);
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch (error) {
    throw new SettingsError(`${whatFor}: ${file} cannot be read: ${(error as Error).message}`);
  }
}

export interface DatabaseFile {
  readonly cell: PostgresConnection;
  readonly gateway: PostgresConnection;
  readonly reader: PostgresConnection;
  readonly console: PostgresConnection;
}

export interface PlatformKeyFile extends KeyPair {
  readonly suite: Suite;
  readonly version: number;
}

/** The settlement agent as the platform knows it. */
export interface SettlementAgentAddress {
  readonly url: string;
  /** Code of the agent, five digits. */
  readonly code: string;
  readonly version: number;
  readonly suite: Suite;
  readonly publicKey: string;
}

/** Undefined when cycles are not to be settled. @throws SettingsError */
export function readSettlementAgent(value: string): SettlementAgentAddress | undefined {
  if (value === '') return undefined;
  if (!value.startsWith('{')) return readJson(value, 'CLEARWAY_SETTLEMENT_AGENT');
  try {
    return JSON.parse(value) as SettlementAgentAddress;
  } catch (error) {
    throw new SettingsError(`CLEARWAY_SETTLEMENT_AGENT is neither a file nor JSON: ${(error as Error).message}`);
  }
}

export function readDocuments(folder: string): { scheme: SchemeDocument; participants: ParticipantsDocument } {
  return {
    scheme: readJson(join(folder, 'scheme.json'), 'CLEARWAY_CONFIGURATION'),
    participants: readJson(join(folder, 'participants.json'), 'CLEARWAY_CONFIGURATION'),
  };
}

/** For the start: every setting with its value; files are named, their contents never shown. */
export function describeSettings(values: Settings): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).map(([key, { name }]) => [name, String(values[key as keyof Settings])]),
  );
}
