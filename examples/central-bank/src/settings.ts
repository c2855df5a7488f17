import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Suite, suites } from '@clearway/ports';

/** Relative paths are relative to the folder of the settings file. */
export interface CentralBankSettings {
  /** Five digits, 00001 in the simulation. */
  readonly code: string;
  /** HTTPS endpoint that the platform calls; port 0 for any free one. Files are PEM. */
  readonly endpoint: {
    readonly host: string;
    readonly port: number;
    readonly certificateFile: string;
    readonly keyFile: string;
    readonly clientCertificateAuthorityFile?: string;
  };
  /** PEM, PKCS#8; signs the responses. */
  readonly signingKey: { readonly version: number; readonly suite: Suite; readonly file: string };
  /** Code and keys of who may instruct settlement, PEM, SPKI. */
  readonly platform: {
    readonly code: string;
    readonly keys: readonly { readonly version: number; readonly suite: Suite; readonly publicKey: string }[];
  };
  /** Settlement accounts. An opening balance is booked once, as a deposit with the reference `opening`. Major units. */
  readonly accounts: readonly {
    readonly participant: string;
    readonly currency: string;
    readonly openingBalance: string;
  }[];
  /** Where the journal is kept. Made if missing. */
  readonly dataFolder: string;
  /** How often a `statistics` message is sent, ms. */
  readonly statisticsEveryMs: number;
}

/** Everything that is wrong with the settings, a line each. */
export class SettingsError extends Error {
  override name = 'SettingsError';
}

/**
 * Reads the JSON file named by the program's first argument; without one, the variables CLEARWAY_CODE,
 * CLEARWAY_SIGNING_KEY and so on, objects and lists as JSON.
 * @throws SettingsError naming every fault
 */
export function readSettings(
  file: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): CentralBankSettings {
  const given = file === undefined ? fromEnvironment(environment) : fromFile(file);
  const problems = findProblems(given);
  if (problems.length > 0) throw new SettingsError(`settings of ${file ?? 'the environment'}:\n${problems.join('\n')}`);
  const settings = given as unknown as CentralBankSettings;
  const folder = file === undefined ? process.cwd() : dirname(resolve(file));
  const absolute = (path: string) => resolve(folder, path);
  const { endpoint, signingKey } = settings;
  const authority = endpoint.clientCertificateAuthorityFile;
  return Object.freeze({
    ...settings,
    endpoint: {
      ...endpoint,
      certificateFile: absolute(endpoint.certificateFile),
      keyFile: absolute(endpoint.keyFile),
      ...(authority !== undefined && { clientCertificateAuthorityFile: absolute(authority) }),
    },
    signingKey: { ...signingKey, file: absolute(signingKey.file) },
    dataFolder: absolute(settings.dataFolder),
  });
}

type Given = Record<string, unknown>;

const isText = (value: unknown) => typeof value === 'string' && value !== '';
const isCode = (value: unknown) => typeof value === 'string' && /^[0-9]{5}$/.test(value);
const isCurrency = (value: unknown) => typeof value === 'string' && /^[A-Z]{3}$/.test(value);
const isAmount = (value: unknown) => typeof value === 'string' && /^[0-9]+(\.[0-9]+)?$/.test(value);
const isSuite = (value: unknown) => typeof value === 'string' && Object.hasOwn(suites, value);
const within = (least: number, most: number) => (value: unknown) =>
  Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
const listOf = (item: Record<string, Rule>) => (value: unknown) =>
  Array.isArray(value) && value.every((one) => faultsOf(Object(one), item).length === 0);

type Rule = readonly [holds: (value: unknown) => boolean, expected: string];

const code: Rule = [isCode, 'a code of five digits'];
const text: Rule = [isText, 'a text'];
const keyVersion: Rule = [within(1, 65_535), 'a key version from 1 to 65535'];
const suite: Rule = [isSuite, `one of ${Object.keys(suites).join(', ')}`];
const keys: Rule = [listOf({ version: keyVersion, suite, publicKey: text }), 'a list of {version, suite, publicKey}'];
const accounts: Rule = [
  listOf({ participant: code, currency: [isCurrency, ''], openingBalance: [isAmount, ''] }),
  'a list of {participant, currency, openingBalance}',
];

/** By dotted name. */
const rules: Record<string, Rule> = {
  code,
  'endpoint.host': text,
  'endpoint.port': [within(0, 65_535), 'a port'],
  'endpoint.certificateFile': text,
  'endpoint.keyFile': text,
  'signingKey.version': keyVersion,
  'signingKey.suite': suite,
  'signingKey.file': text,
  'platform.code': code,
  'platform.keys': keys,
  accounts,
  dataFolder: text,
  statisticsEveryMs: [within(100, 86_400_000), 'milliseconds, at least 100'],
};

function faultsOf(given: Given, expected: Record<string, Rule>): string[] {
  return Object.entries(expected)
    .filter(([name, [holds]]) => !holds(valueAt(given, name)))
    .map(([name, [, what]]) => `${name}: expected ${what}`);
}

function findProblems(given: Given): string[] {
  const names = new Set(Object.keys(rules).map((name) => name.split('.')[0]));
  const unknown = Object.keys(given).filter((name) => !names.has(name));
  return [...unknown.map((name) => `${name}: no such setting`), ...faultsOf(given, rules)];
}

function valueAt(given: Given, name: string): unknown {
  return name.split('.').reduce<unknown>((value, part) => (Object(value) as Given)[part], given);
}

function fromFile(file: string): Given {
  try {
    return Object(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new SettingsError(`cannot read the settings file ${file}: ${(error as Error).message}`);
  }
}

function fromEnvironment(environment: Readonly<Record<string, string | undefined>>): Given {
  const given: Given = {};
  for (const name of ['code', 'endpoint', 'signingKey', 'platform', 'accounts', 'dataFolder', 'statisticsEveryMs']) {
    const variable = `CLEARWAY_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
    const value = environment[variable];
    if (value !== undefined) given[name] = name === 'code' || name === 'dataFolder' ? value : fromJson(variable, value);
  }
  return given;
}

function fromJson(variable: string, value: string): unknown {
  try {
    return JSON.parse(value);
  } catch (error) {
    throw new SettingsError(`${variable} is not JSON: ${(error as Error).message}`);
  }
}
