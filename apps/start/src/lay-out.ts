/** Writes down a whole world before it starts: keys, certificates, scheme, participants, and each program's settings. */
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BankSettings } from '@clearway/example-bank';
import type { CentralBankSettings } from '@clearway/example-central-bank';
import type { WalletSettings } from '@clearway/example-wallet';
import type { ParticipantConfiguration, SchemeConfiguration } from '@clearway/gateway';
import type { Suite } from '@clearway/ports';
import { realCrypto } from '@clearway/ports/real';
import {
  bankBehaviour,
  banks,
  mix,
  money,
  type Player,
  paymentInstitutions,
  platformCode,
  settlementAgentCode,
  times,
} from './cast.ts';
import { freePort, isFree } from './free-port.ts';
import { repositoryFile } from './repository.ts';
import { authorityFile, certificate, platformKey, publicKeyOf, writePrivately } from './secrets.ts';
import type { Program } from './supervise.ts';

export interface LayOutOptions {
  readonly dataFolder: string;
  /** Of the gateway; 0 for any free one. */
  readonly port: number;
  /** Of the console; 0 for any free one. */
  readonly consolePort: number;
  readonly socket: string;
  readonly databaseFile: string;
  readonly cells: number;
  /** 0: cycles are closed on demand. */
  readonly cycleSeconds: number;
  readonly logLevel: string;
  readonly seed: number;
  readonly mostInFlight: number;
  readonly stream?: StreamedOptions;
  readonly detour?: Detour;
  readonly environment?: ProgramEnvironment;
}

/**
 * What stands between: given who listens and where, the address for those who connect to it. `who` is `gateway`,
 * `stream`, `cell`, `database` or an institution's program, as `bank-00201`; addresses are `host:port` or the path of a
 * Unix socket.
 */
export type Detour = (who: string, address: string) => Promise<string>;

/** What a program's process finds in its environment over all else; asked at each of its starts. */
export type ProgramEnvironment = (program: string) => Readonly<Record<string, string>>;

/** Who is on the stream. They are known by their certificates, so the gateway has TLS then. */
export interface StreamedOptions {
  /** Codes of institutions and banks. */
  readonly codes: readonly string[];
  /** Payments without an outcome that one link may have under way; the cell's default when left out. */
  readonly window?: number;
}

export interface Laid {
  readonly gatewayUrl: string;
  /** Of each cell. */
  readonly streamAddresses: readonly string[];
  readonly centralBank: Program;
  readonly banks: readonly Program[];
  readonly wallets: readonly Program[];
  /** The home cell first. */
  readonly cells: readonly Program[];
  readonly gateway: Program;
  readonly console: Program;
  /** Settings of cell, gateway and command line. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The port is somebody else's. */
export class PortTakenError extends Error {
  override name = 'PortTakenError';
}

const host = '127.0.0.1';
const statisticsEveryMs = 1_000;
const customersPerBank = 5;
const scheme = { schemeId: 'CLEARWAY', environment: 'sandbox' } as const;

/** Minor units as digits. */
const minor = (amount: string) => amount.replace('.', '');

/** @throws PortTakenError */
export async function layOut(options: LayOutOptions): Promise<Laid> {
  const { dataFolder } = options;
  const folder = (...names: string[]) => join(dataFolder, ...names);
  const certificates = folder('certificates');
  const cells = Array.from({ length: options.cells }, (_, index) => index + 1);
  const ports = await choosePorts(folder('ports.json'), options.port, cells);
  const consolePort = await freeConsolePort(options.consolePort);
  const { stream } = options;
  const detour: Detour = options.detour ?? (async (_, address) => address);
  const wayTo = (who: string) => detour(who, `${host}:${ports[who]}`);
  const gatewayUrl = `${stream ? 'https' : 'http'}://${await wayTo('gateway')}`;
  const streamNames = stream ? cells.map(nameOf.stream) : [];
  const streamAddresses = streamNames.map((name) => `${host}:${ports[name]}`);
  const ways = await Promise.all(streamNames.map(wayTo));
  const waysToStream = ways.map((way, index) =>
    cells.length === 1 ? way : `01${String(cells[index]).padStart(4, '0')}@${way}`,
  );
  const platform = await platformKey(folder('secrets', 'platform-key.json'));
  const platformKeys = [{ version: platform.version, suite: platform.suite, publicKey: platform.publicKey }];
  mkdirSync(folder('logs'), { recursive: true, mode: 0o700 });

  const program = (
    name: string,
    script: string,
    environment: Readonly<Record<string, string>>,
    file?: string,
  ): Program => ({
    name,
    script: repositoryFile(script),
    arguments: file === undefined ? [] : [file],
    environment: () => ({ ...environment, ...options.environment?.(name) }),
    logFile: folder('logs', `${name}.log`),
  });
  const institution = (name: string, script: string, settings: object): Program => {
    const file = folder('institutions', name, 'settings.json');
    writeJson(file, settings);
    return program(name, script, {}, file);
  };

  /** What every institution has of its own. */
  const own = async (name: string, code: string) => {
    const files = await certificate(certificates, name);
    const isStreamed = stream?.codes.includes(code) ?? false;
    const { certificateFile, keyFile } = files;
    const trust = { certificateAuthorityFile: authorityFile(certificates) };
    const suite: Suite = Number(code) % 2 === 1 ? 'ed25519' : 'ecdsa-p256-sha256';
    const signingFile = folder('institutions', name, 'signing-key.pem');
    const sealingFile = folder('institutions', name, 'sealing-key.pem');
    return {
      signing: { suite, publicKey: await publicKeyOf(signingFile, () => realCrypto.generateSigningKey(suite)) },
      sealing: await publicKeyOf(sealingFile, () => realCrypto.generateSealingKey()),
      ...(isStreamed && { certificate: fingerprintOf(certificateFile) }),
      settings: {
        code,
        signingKey: { version: 1, suite, file: signingFile },
        endpoint: { host, port: ports[name], ...files },
        ...(isStreamed && {
          stream: { addresses: waysToStream, certificateFile, keyFile, ...trust },
        }),
        dataFolder: folder('institutions', name, 'data'),
        statisticsEveryMs,
      },
      connection: {
        ...{ ...scheme, gateway: gatewayUrl, platformKeys, sealingKeyFile: sealingFile },
        ...(stream && trust),
        ...(isStreamed && { clientCertificate: { certificateFile, keyFile } }),
      },
    };
  };

  const participants: ParticipantConfiguration[] = [];
  const admit = async (
    player: Player,
    role: ParticipantConfiguration['role'],
    name: string,
    who: Awaited<ReturnType<typeof own>>,
  ) =>
    participants.push({
      ...player,
      role,
      status: 'active',
      idempotent: true,
      endpoint: `https://${await wayTo(name)}`,
      keys: [{ version: 1, ...who.signing }],
      ...(who.certificate && { certificate: who.certificate }),
      sealingKey: who.sealing,
      netDebitCaps: role === 'bank' ? [{ currency: money.currencyNumeric, amount: minor(money.netDebitCap) }] : [],
      enquiryBudget: { perSecond: 50, burst: 200 },
    });

  const wallets: Program[] = [];
  for (const [index, player] of paymentInstitutions.entries()) {
    const name = nameOf.wallet(player);
    const who = await own(name, player.code);
    await admit(player, 'paymentInstitution', name, who);
    const settings: WalletSettings = {
      ...who.settings,
      ...who.connection,
      currency: money.currency,
      banks: banks.map((bank) => ({ code: bank.code, phone: `http://${host}:${ports[phoneOf(bank)]}` })),
      customersPerBank,
      paymentLimit: money.paymentLimit,
      rate: 0,
      mostInFlight: options.mostInFlight,
      mix,
      amounts: money.amounts,
      seed: options.seed + index,
    };
    wallets.push(institution(name, 'examples/wallet/dist/main.js', settings));
  }

  const bankPrograms: Program[] = [];
  for (const [index, player] of banks.entries()) {
    const name = nameOf.bank(player);
    const who = await own(name, player.code);
    await admit(player, 'bank', name, who);
    const settings: BankSettings = {
      ...who.settings,
      ...who.connection,
      currency: money.currency,
      openingBalance: money.openingBalance,
      salary: money.salary,
      behaviour: bankBehaviour,
      seed: options.seed + 1000 + index,
      phone: { host, port: ports[phoneOf(player)] },
    };
    bankPrograms.push(institution(name, 'examples/bank/dist/main.js', settings));
  }

  const agent = await own('central-bank', settlementAgentCode);
  const account = (openingBalance: string) => (player: Player) => ({
    participant: player.code,
    currency: money.currency,
    openingBalance,
  });
  const agentSettings: CentralBankSettings = {
    ...agent.settings,
    platform: { code: platformCode, keys: platformKeys },
    accounts: [...paymentInstitutions.map(account(money.float)), ...banks.map(account(money.reserves))],
  };

  const schemeConfiguration: SchemeConfiguration = {
    ...scheme,
    ...times,
    currencies: [money.currencyNumeric],
    maximumAmount: minor(money.maximumAmount),
    routing: cells.map((cell) => ({ centre: 1, cell, weight: 100 })),
    timeZone: 'Asia/Shanghai',
  };
  writeVersioned(folder('configuration', 'scheme.json'), schemeConfiguration);
  // Written once: institutions change their keys through the platform, which then has the newer document.
  const participantsFile = folder('configuration', 'participants.json');
  if (!existsSync(participantsFile)) writeJson(participantsFile, { version: 1, participants });

  const serving = stream && (await certificate(certificates, 'platform'));
  const environment: Record<string, string> = {
    CLEARWAY_DATA: dataFolder,
    CLEARWAY_PORT: String(ports.gateway),
    CLEARWAY_DATABASE: options.databaseFile,
    CLEARWAY_SOCKET: options.socket,
    CLEARWAY_CELLS: String(cells.length),
    CLEARWAY_CONFIGURATION: folder('configuration'),
    CLEARWAY_PLATFORM_KEY: folder('secrets', 'platform-key.json'),
    CLEARWAY_SETTLEMENT_AGENT: JSON.stringify({
      code: settlementAgentCode,
      url: `https://${await wayTo('central-bank')}`,
      version: 1,
      ...agent.signing,
    }),
    CLEARWAY_CA: authorityFile(certificates),
    CLEARWAY_CYCLE_SECONDS: String(options.cycleSeconds),
    CLEARWAY_CONSOLE_PORT: String(consolePort),
    CLEARWAY_LOG: options.logLevel,
    ...(serving && {
      CLEARWAY_STREAM_PORT: String(ports.stream),
      CLEARWAY_STREAM_CERTIFICATE: serving.certificateFile,
      CLEARWAY_STREAM_CERTIFICATE_KEY: serving.keyFile,
      ...(stream.window && { CLEARWAY_STREAM_WINDOW: String(stream.window) }),
    }),
  };
  const cellEnvironment = (cell: number) => ({
    ...environment,
    CLEARWAY_CELL: String(cell),
    ...(serving && { CLEARWAY_STREAM_PORT: String(ports[nameOf.stream(cell)]) }),
  });
  const gatewayEnvironment = {
    ...environment,
    // What stands between is one socket: where there are several, nothing does.
    CLEARWAY_SOCKET: cells.length === 1 ? await detour('cell', options.socket) : options.socket,
    ...(serving && {
      CLEARWAY_CERTIFICATE: serving.certificateFile,
      CLEARWAY_CERTIFICATE_KEY: serving.keyFile,
      CLEARWAY_CLIENT_CA: authorityFile(certificates),
    }),
  };
  return {
    gatewayUrl,
    streamAddresses,
    centralBank: institution('central-bank', 'examples/central-bank/dist/main.js', agentSettings),
    banks: bankPrograms,
    wallets,
    cells: cells.map((cell) => program(nameOf.cell(cell), 'apps/server/dist/cell-main.js', cellEnvironment(cell))),
    gateway: program('gateway', 'apps/server/dist/gateway-main.js', gatewayEnvironment),
    console: program('console', 'apps/console-server/dist/console-main.js', environment),
    environment,
  };
}

const nameOf = {
  wallet: ({ code }: Player) => `wallet-${code}`,
  bank: ({ code }: Player) => `bank-${code}`,
  cell: (cell: number) => (cell === 1 ? 'cell' : `cell-${cell}`),
  stream: (cell: number) => (cell === 1 ? 'stream' : `stream-${cell}`),
};
const phoneOf = (bank: Player) => `${nameOf.bank(bank)}-phone`;

function fingerprintOf(certificateFile: string): string {
  const { fingerprint256 } = new X509Certificate(readFileSync(certificateFile));
  return fingerprint256.replaceAll(':', '').toLowerCase();
}

/** Chosen at the first start and kept: the institutions' endpoints are part of the adopted configuration. */
async function choosePorts(file: string, gateway: number, cells: readonly number[]): Promise<Record<string, number>> {
  const before: Record<string, number> = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const ports: Record<string, number> = {};
  const taken = new Set([gateway]);
  const names = [
    'central-bank',
    ...cells.map(nameOf.stream),
    ...paymentInstitutions.map(nameOf.wallet),
    ...banks.flatMap((bank) => [nameOf.bank(bank), phoneOf(bank)]),
  ];
  for (const name of names) {
    ports[name] = before[name] ?? (await freePort(taken));
    taken.add(ports[name]);
    if (!(await isFree(ports[name]))) {
      throw new PortTakenError(
        `Port ${ports[name]}, where ${name} has its endpoint, is in use by another program. End that one, or begin anew with --fresh.`,
      );
    }
  }
  writeJson(file, ports);
  if (gateway !== 0 && !(await isFree(gateway))) {
    throw new PortTakenError(`Port ${gateway} is in use by another program. Choose another one with CLEARWAY_PORT.`);
  }
  return { ...ports, gateway: gateway === 0 ? await freePort(taken) : gateway };
}

/** @throws PortTakenError */
async function freeConsolePort(port: number): Promise<number> {
  if (port !== 0 && !(await isFree(port))) {
    throw new PortTakenError(
      `Port ${port} is in use by another program. Choose another one for the console with CLEARWAY_CONSOLE_PORT.`,
    );
  }
  return port;
}

/** A new version only when something has changed: programs adopt what is newer than what they have. */
function writeVersioned(file: string, content: object): void {
  const { version = 0, ...before } = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  if (JSON.stringify(before) !== JSON.stringify(content)) writeJson(file, { version: version + 1, ...content });
}

function writeJson(file: string, content: object): void {
  writePrivately(file, `${JSON.stringify(content, undefined, 2)}\n`);
}
