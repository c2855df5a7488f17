/** The whole world in a box: PostgreSQL, one cell or several, the gateway, a central bank, wallets and banks, each a process of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realChance, realCrypto } from '@clearway/ports/real';
import { migrate, type Records } from '@clearway/store';
import { banks, paymentInstitutions } from './cast.ts';
import { type DataFolder, takeDataFolder } from './data-folder.ts';
import { type Database, keepDatabase } from './database.ts';
import { type Detour, type Laid, layOut, type ProgramEnvironment, type StreamedOptions } from './lay-out.ts';
import { createOperator, type Operator } from './operator.ts';
import { type OpenRecords, openRecords } from './records.ts';
import { passwords, writePrivately } from './secrets.ts';
import { boundLog, type Program, type Supervised, supervise } from './supervise.ts';
import { createTally, type Report, type Tally } from './totals.ts';
import { startTraffic, type Traffic } from './traffic.ts';
import { until } from './until.ts';

export interface WorldOptions {
  readonly dataFolder: string;
  /** Of the gateway; 0 for any free one. */
  readonly port: number;
  /** Of the console; 0 for any free one. Absent: none is started. */
  readonly consolePort?: number;
  readonly logLevel: string;
  /** How many cells share the payments; 1 when left out. */
  readonly cells?: number;
  /** 0: cycles are closed on demand. */
  readonly cycleSeconds: number;
  readonly fresh: boolean;
  /** Decides what the simulated people do; any integer from 0 to 2^32 - 1. */
  readonly seed?: number;
  /** Most payments of one wallet that wait for an answer at the same time. */
  readonly mostInFlight?: number;
  /** Institutions that pay and answer over the stream; all others do so over HTTP, and everybody else's business too. */
  readonly stream?: StreamedOptions;
  /** For what is put between programs, to break it. */
  readonly detour?: Detour;
  readonly environment?: ProgramEnvironment;
  /** Something happened that a person may want to know. */
  readonly onEvent?: (event: string) => void;
}

export interface RunningProcess {
  readonly name: string;
  /** Undefined while it is down. */
  readonly pid: number | undefined;
  readonly ready: boolean;
  readonly restarts: number;
}

export interface World {
  readonly dataFolder: string;
  readonly gatewayUrl: string;
  /** Where the cells listen to the stream, `host:port`, each cell in its place; empty where nobody is on it. */
  readonly streamAddresses: readonly string[];
  /** Undefined where none was asked for. */
  readonly console: ConsoleAddress | undefined;
  readonly databaseFile: string;
  readonly tally: Tally;
  readonly operator: Operator;
  /** For reading: what the cell has written of payments, cycles and files. */
  readonly records: Pick<Records, 'cycles' | 'cycle' | 'positions' | 'payment' | 'payments'>;
  /** The environment in which the command line finds this world. */
  readonly environment: Readonly<Record<string, string>>;
  processes(): RunningProcess[];
  /** Payments a second of all wallets together, from now on; 0 puts them to rest. */
  setRate(rate: number): void;
  /** Sends exactly so many more payments, then none. */
  pay(payments: number): void;
  /** Resolves when all customers have signed their agreements, so that payments may flow; false after `patienceMs`. */
  agreementsSigned(patienceMs: number): Promise<boolean>;
  /** Resolves when everything that was ordered has been sent and answered, if only as unknown; false after `patienceMs`. */
  answered(patienceMs: number): Promise<boolean>;
  /** Resolves when nothing is on its way any more and every payment has a definite outcome; false after `patienceMs`. */
  drained(patienceMs: number): Promise<boolean>;
  /** Resolves when all institutions have reconciled this cycle; false after `patienceMs`. */
  reconciled(cycle: number, patienceMs: number): Promise<boolean>;
  /** Ends everything in order. `at once`: without waiting for what is on its way; nothing that was told is lost. */
  stop(how?: 'in order' | 'at once'): Promise<void>;
}

export interface ConsoleAddress {
  readonly url: string;
  /** One-time link of the first operator, while there is none. */
  readonly enrolment: string | undefined;
}

const longestSocketFolder = 64;
const logCheckMs = 60_000;
const patienceMs = { institution: 5_000, server: 15_000, traffic: 20_000 };
const roles = ['cell', 'gateway', 'reader', 'console'] as const;

/** Starts everything; resolves when all programs are ready. @throws Error saying what could not be started */
export async function startWorld(options: WorldOptions): Promise<World> {
  const say = options.onEvent ?? (() => {});
  const data = await takeDataFolder(options.dataFolder, options.fresh);
  const sockets = socketFolder(data.path);
  const tally = createTally();
  const running: Supervised[] = [];
  let database: Database | undefined;
  try {
    database = await startDatabase(data, join(sockets.folder, 'postgres-socket'), say);
    const databaseFile = await prepareDatabase(data, database, options.detour);
    const socket = join(sockets.folder, 'cell.sock');
    const laid = await layOut({
      dataFolder: data.path,
      port: options.port,
      consolePort: options.consolePort ?? 0,
      socket,
      databaseFile,
      cells: options.cells ?? 1,
      cycleSeconds: options.cycleSeconds,
      logLevel: options.logLevel,
      seed: options.seed ?? 1,
      mostInFlight: options.mostInFlight ?? 64,
      ...(options.stream && { stream: options.stream }),
      ...(options.detour && { detour: options.detour }),
      ...(options.environment && { environment: options.environment }),
    });
    const start = (program: Program, instruct?: () => void) =>
      startProgram(program, data, tally, running, say, instruct);
    await Promise.all([...laid.cells.map((cell) => start(cell)), start(laid.centralBank)]);
    await start(laid.gateway);
    await Promise.all(laid.banks.map((bank) => start(bank)));
    const traffic = await startTraffic(laid.wallets, tally, start);
    const console =
      options.consolePort === undefined ? undefined : await startConsole(laid.console, data, tally, running, say);
    data.tell({ socket, gateway: laid.gatewayUrl, ...(console && { console: console.url }) });
    const operator = createOperator(laid.environment);
    const records = await openRecords(databaseFile, laid.environment);
    return makeWorld({
      data,
      sockets,
      laid,
      console,
      databaseFile,
      tally,
      running,
      database,
      traffic,
      operator,
      records,
    });
  } catch (error) {
    await Promise.all(running.map((process) => process.stop(patienceMs.institution)));
    await database?.stop('fast');
    sockets.remove();
    data.release();
    throw error;
  }
}

function startDatabase(data: DataFolder, address: string, say: (event: string) => void): Promise<Database> {
  return keepDatabase({
    directory: join(data.path, 'postgres'),
    address,
    onReady: (pid) => data.note('postgres', pid),
    onCrash: (how) => say(`postgres ended (${how}) and is started again`),
  });
}

/** Brings the schema up to date and writes the file by which the programs find their database. */
async function prepareDatabase(data: DataFolder, database: Database, detour: Detour | undefined): Promise<string> {
  const secrets = passwords(join(data.path, 'secrets', 'database-passwords.json'), roles);
  await migrate(database.connection, secrets, { crypto: realCrypto, chance: realChance });
  const { database: name } = database.connection;
  const { host, port } = detour ? await wayToDatabase(database.connection, detour) : database.connection;
  const connections = roles.map((role) => [
    role,
    { host, port, database: name, user: `clearway_${role}`, password: secrets[role] },
  ]);
  const file = join(data.path, 'database.json');
  writePrivately(file, `${JSON.stringify(Object.fromEntries(connections), undefined, 2)}\n`);
  return file;
}

async function wayToDatabase({ host, port }: Database['connection'], detour: Detour) {
  const socket = join(host, `.s.PGSQL.${port}`);
  const address = await detour('database', socket);
  if (address === socket) return { host, port };
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at), port: Number(address.slice(at + 1)) };
}

/** `instruct` is called once after each start, when it is known what a wallet has sent by its own journal. */
async function startProgram(
  program: Program,
  data: DataFolder,
  tally: Tally,
  running: Supervised[],
  say: (event: string) => void,
  instruct?: () => void,
  told?: (message: unknown) => void,
): Promise<Supervised> {
  let problem = '';
  let instructed = false;
  const hear = (report: Report) => {
    tally.hear(program.name, report);
    if (report.type === 'recorded' && !instructed) {
      instructed = true;
      instruct?.();
    }
    if (report.type !== 'problem' || report.message === problem) return;
    problem = report.message;
    say(`${program.name}: ${problem}`);
  };
  const supervised = await supervise(program, {
    onMessage: (message) => {
      told?.(message);
      hear(message as Report);
    },
    onReady: (pid) => data.note(program.name, pid),
    onCrash: (how) => {
      instructed = false;
      tally.restarted(program.name);
      say(`${program.name} ended (${how}) and is started again`);
    },
  });
  running.push(supervised);
  return supervised;
}

/** Its address is known when it listens; after a crash it has the same one, unless any free one was asked for. */
async function startConsole(
  program: Program,
  data: DataFolder,
  tally: Tally,
  running: Supervised[],
  say: (event: string) => void,
): Promise<ConsoleAddress> {
  let address: ConsoleAddress | undefined;
  await startProgram(program, data, tally, running, say, undefined, (message) => {
    const { event, address: url, enrolment } = Object(message);
    if (event !== 'ready') return;
    // A console that was started again has a new link, and the one before is no longer good.
    if (address !== undefined && enrolment !== undefined) say(`console: first operator, once: ${enrolment}`);
    address ??= { url, enrolment };
  });
  if (address === undefined) throw new Error('the console is ready but did not tell its address');
  return address;
}

interface Sockets {
  readonly folder: string;
  remove(): void;
}

/** Sockets have names of at most 104 bytes: where the data folder's is too long they get a folder of their own. */
function socketFolder(dataFolder: string): Sockets {
  if (Buffer.byteLength(dataFolder) <= longestSocketFolder) return { folder: dataFolder, remove: () => {} };
  const folder = mkdtempSync(join(tmpdir(), 'clearway-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

interface Parts {
  readonly data: DataFolder;
  readonly sockets: Sockets;
  readonly laid: Laid;
  readonly console: ConsoleAddress | undefined;
  readonly databaseFile: string;
  readonly tally: Tally;
  readonly running: readonly Supervised[];
  readonly database: Database;
  readonly traffic: Traffic;
  readonly operator: Operator;
  readonly records: OpenRecords;
}

function makeWorld({
  data,
  sockets,
  laid,
  console,
  databaseFile,
  tally,
  running,
  database,
  traffic,
  operator,
  records,
}: Parts): World {
  const logCheck = setInterval(() => {
    for (const { name } of running) boundLog(join(data.path, 'logs', `${name}.log`));
  }, logCheckMs);
  const of = (programs: readonly Program[]) =>
    running.filter(({ name }) => programs.some((program) => program.name === name));
  const stopAll = (programs: readonly Program[], patience: number) =>
    Promise.all(of(programs).map((process) => process.stop(patience)));

  const hasSigned = (name: string) => {
    const { statistics } = tally.wallet(name);
    return statistics !== undefined && statistics.phase !== 'signing';
  };
  const drained = (patience: number) => until(() => traffic.isDrained, patience);
  return {
    dataFolder: data.path,
    gatewayUrl: laid.gatewayUrl,
    streamAddresses: laid.streamAddresses,
    console,
    databaseFile,
    tally,
    operator,
    records: {
      ...records.records,
      // What came over the stream has no row: the cell finds it in its archive.
      payment: async (paymentId) => (await records.records.payment(paymentId)) ?? operator.paymentRecord(paymentId),
    },
    environment: laid.environment,
    processes: () => [
      { name: 'postgres', pid: database.pid, ready: database.pid !== undefined, restarts: database.restarts },
      ...running.map(({ name, pid, ready, restarts }) => ({ name, pid, ready, restarts })),
    ],
    setRate: traffic.setRate,
    pay: traffic.pay,
    agreementsSigned: (patience) => until(() => laid.wallets.every(({ name }) => hasSigned(name)), patience),
    answered: (patience) => until(() => traffic.isAnswered, patience),
    drained,
    reconciled: (cycle, patience) =>
      until(
        () =>
          tally.reconciled().filter((one) => one.cycle === cycle).length === paymentInstitutions.length + banks.length,
        patience,
      ),
    async stop(how = 'in order') {
      clearInterval(logCheck);
      if (how === 'at once') for (const process of running) process.kill();
      else {
        traffic.stop();
        await drained(patienceMs.traffic);
      }
      operator.close();
      await records.close();
      await stopAll([laid.console, laid.gateway], patienceMs.server);
      await stopAll(laid.cells, patienceMs.server);
      await stopAll([...laid.wallets, ...laid.banks, laid.centralBank], patienceMs.institution);
      await database.stop(how === 'in order' ? 'fast' : 'immediate');
      sockets.remove();
      data.release();
    },
  };
}
