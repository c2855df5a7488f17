/** The whole console without its HTTP: everything that the answers are made from, joined once. */
import type { Login as LoginMessage, PaymentDetail, Verdict } from '@clearway/console-api';
import { formatAmount } from '@clearway/contract';
import type { PaymentState, Reason } from '@clearway/core';
import { isoFace } from '@clearway/iso20022';
import type { Cancel, Chance, Clock, Crypto } from '@clearway/ports';
import type { OperatorLink } from '@clearway/server';
import {
  type CellPlace,
  type PaymentRecord,
  type PostgresConnection,
  routingNumber,
  type Store,
} from '@clearway/store';
import { type Alarms, createAlarms } from './alarms.ts';
import { type Audit, createAudit } from './audit.ts';
import { createCauses } from './causes.ts';
import { type CellAccess, createCellAccess } from './cell-access.ts';
import { type Changes, createChanges } from './changes/changes.ts';
import { createEffectReader, type EffectReader } from './changes/effect.ts';
import { type Ask, openDatabase } from './database.ts';
import { createDirectory, type Directory } from './directory.ts';
import { createSampler, type Sampler } from './figures/sampler.ts';
import { createStandingReader } from './figures/standing.ts';
import { createTraffic } from './figures/traffic.ts';
import { createWall, type Wall } from './figures/wall.ts';
import { loginMessage } from './http/answers.ts';
import { createLive, type Live } from './http/live.ts';
import { createPages, type Pages } from './pages.ts';
import { createAttempts } from './people/attempts.ts';
import { createEnrolments, type Enrolments } from './people/enrolments.ts';
import { createLogins, type Login, type Logins } from './people/logins.ts';
import { createArchivePayments } from './records/archive-payments.ts';
import { type CycleRecords, createCycleRecords, type RecordedCycle } from './records/cycles.ts';
import { paymentRow } from './records/payment-row.ts';
import { createPayments, type Payments } from './records/payments.ts';
import { platformPayments } from './records/platform-payments.ts';
import { createProofs, type Proofs, platformProofs } from './records/proof.ts';
import { createRowPayments } from './records/row-payments.ts';
import { Refusal } from './refusal.ts';
import { createWork, type Work } from './work.ts';

/** How one cell is reached. */
export interface CellDoor {
  readonly place: CellPlace;
  readonly store: Pick<Store, 'journal' | 'records'>;
  connect(): Promise<OperatorLink>;
}

export interface ConsoleOptions {
  /** The home cell first. */
  readonly cells: readonly [CellDoor, ...CellDoor[]];
  /** To all cells together. */
  connect(): Promise<OperatorLink>;
  readonly ports: { readonly clock: Clock; readonly chance: Chance; readonly crypto: Crypto };
  /** As the role clearway_console. */
  readonly connection: PostgresConnection;
  /** 32 bytes, under which second factors are kept. */
  readonly key: Uint8Array;
  readonly version: string;
  /** Resident bytes of this process. */
  memory(): number;
  log(event: string, fields: Record<string, unknown>): void;
}

export interface Console {
  readonly ask: Ask;
  readonly audit: Audit;
  readonly logins: Logins;
  readonly enrolments: Enrolments;
  readonly alarms: Alarms;
  readonly sampler: Sampler;
  readonly wall: Wall;
  readonly live: Live;
  readonly payments: Payments;
  readonly proofs: Proofs;
  readonly cycles: CycleRecords;
  readonly pages: Pages;
  readonly work: Work;
  readonly changes: Changes;
  readonly effects: EffectReader;
  readonly directory: Directory;
  describeLogin(login: Login): Promise<LoginMessage>;
  paymentDetail(record: PaymentRecord, parts: DetailParts): PaymentDetail;
  /** The console's own address is known once it listens. */
  listensAt(address: string): void;
  /** One look at everything, for a start that knows something and for tests. */
  lookAround(): Promise<void>;
  /** Looks from now on, and tells those who watch. */
  start(): void;
  stop(): Promise<void>;
}

interface DetailParts {
  readonly stages: PaymentDetail['stages'];
  readonly looked: { readonly verdicts: Verdict[]; readonly messages: PaymentDetail['messages'] };
  readonly refunds: readonly PaymentRecord[];
  readonly cycle: RecordedCycle | undefined;
  readonly items: readonly { readonly workItemId: string; readonly closedAt: string | null }[];
}

/** Last digits of an identifier: centre and cell. */
const routingDigits = 6;

/** Figures and own tables; and the searches of people, which may take longer and wait for each other. */
const pools = {
  figures: { connections: 3, statementTimeoutMs: 4_000 },
  searches: { connections: 3, statementTimeoutMs: 5_000 },
};

/** How long a cell may take for its figures, for a search, for what is counted once, and for everything else; ms. */
const patience = { figures: 3_000, searches: 15_000, counts: 600_000, platform: 10_000 };

export async function createConsole(options: ConsoleOptions): Promise<Console> {
  const { ports, key, log } = options;
  const { clock, chance, crypto } = ports;
  const cellNumbers = options.cells.map(({ place }) => routingNumber(place));
  const database = openDatabase(options.connection, pools.figures);
  const searches = openDatabase(options.connection, pools.searches);
  const { ask } = database;
  let address = '';

  const links: CellAccess[] = [];
  const access = (connect: () => Promise<OperatorLink>, patienceMs: number) => {
    const opened = createCellAccess(connect, clock, patienceMs);
    links.push(opened);
    return opened;
  };
  const platform = access(options.connect, patience.platform);
  const audit = createAudit(database, clock);
  const attempts = createAttempts(clock);
  const logins = createLogins({ database, audit, attempts, ports, key });
  const enrolments = createEnrolments({ database, audit, attempts, ports, key, address: () => address });

  const directory = createDirectory({ cell: platform, cellNumber: cellNumbers[0], ask, clock });
  const sampler = await createSampler({
    cells: options.cells.map(({ place, connect }) => ({ place, access: access(connect, patience.figures) })),
    ask,
    clock,
    log,
  });
  const parts = options.cells.map(({ place, store, connect }, index) => {
    const { watch } = sampler.cells[index];
    const link = access(connect, patience.searches);
    /** A link of its own, so that no look at the cell waits behind a search; and no search waits for a cell that is away. */
    const searched: CellAccess = {
      ...link,
      ask: async (question) => {
        if (watch.state === 'unreachable' && watch.failures > 0) throw new Refusal('cellUnavailable');
        return link.ask(question);
      },
    };
    const patient = access(connect, patience.counts);
    const cell = cellNumbers[index];
    const rows = createRowPayments(searches.ask, cell);
    return {
      cell,
      payments: createPayments(rows, createArchivePayments(searched, patient, directory)),
      proofs: createProofs({ store, place, cell: searched, directory, crypto, clock }),
    };
  });
  const payments = platformPayments(parts as [(typeof parts)[number], ...typeof parts]);
  const traffic = createTraffic({ payments, clock, log });
  const standing = createStandingReader({ ask, payments, cellNumbers, clock, log });

  const effects = createEffectReader({
    ask: searches.ask,
    payments,
    clock,
    directory,
    statistics: () => platform.ask((link) => link.statistics()),
  });
  const changes = createChanges({ database, audit, effects, cell: platform, directory, clock, chance, log });

  let alarms: Alarms | undefined;
  const wall = createWall({
    sampler,
    traffic,
    standing,
    directory,
    clock,
    alarms: () => alarms?.active() ?? [],
  });
  const causes = createCauses({ sampler, standing, changes, clock });
  alarms = await createAlarms({ database, audit, clock, causes, log });

  const live = createLive(wall, log);
  const cycles = createCycleRecords(searches.ask, cellNumbers, payments, clock);
  const proofs = platformProofs(new Map(parts.map((part) => [part.cell, part.proofs])));
  const work = createWork({ database, audit, payments, cellNumbers, clock });
  const pages = createPages({
    ask,
    homeNumber: cellNumbers[0],
    clock,
    directory,
    sampler,
    traffic,
    standing,
    wall,
    payments,
    cycles,
    work,
    changes,
    alarms,
    version: options.version,
    memory: options.memory,
  });

  /** Business day, and the oldest cycle that the cell still tells of. */
  const today = (): readonly [number, number] => {
    const held = sampler.statistics?.cycles ?? [];
    const oldest = Math.min(...held.map(({ cycle }) => cycle));
    return [sampler.statistics?.businessDate ?? 0, Number.isFinite(oldest) ? oldest : Number.MAX_SAFE_INTEGER];
  };

  const cancels: Cancel[] = [];
  const watched = alarms;

  return {
    ask,
    audit,
    logins,
    enrolments,
    alarms: watched,
    sampler,
    wall,
    live,
    payments,
    proofs,
    cycles,
    pages,
    work,
    changes,
    effects,
    directory,

    async describeLogin(login) {
      const configuration = await directory.read();
      const businessDate = sampler.statistics?.businessDate ?? configuration.businessDate;
      return loginMessage(login, clock.now(), { scheme: configuration.scheme, businessDate });
    },

    paymentDetail(record, { stages, looked, refunds, cycle, items }) {
      const isSettled = cycle?.state === 'settled';
      const face = isoFace(record.state as PaymentState, record.reason as Reason, isSettled);
      const refunded = refunds
        .filter(({ state }) => state === 'succeeded')
        .reduce((sum, { amount }) => sum + amount, 0n);
      const row = { ...paymentRow(record), isoStatus: face.isoStatus };
      return {
        payment: row,
        stages,
        reference: record.reference,
        refunds: {
          payments: refunds.map(paymentRow),
          refunded: record.currency === 0 ? null : formatAmount(refunded, record.currency),
        },
        cycle:
          cycle === undefined
            ? null
            : {
                cycle: cycle.cycle,
                businessDate: cycle.businessDate,
                state: cycle.state,
                settledAt: cycle.settledAt,
              },
        journal: {
          cell: record.paymentId.slice(-routingDigits),
          requestSequence: record.requestSequence,
          requestIndex: record.requestIndex,
          answerSequence: record.answerSequence === 0 ? null : record.answerSequence,
          answerIndex: record.answerSequence === 0 ? null : record.answerIndex,
          lastSequence: record.sequence,
          hash: record.hash,
        },
        verdicts: looked.verdicts,
        messages: looked.messages,
        iso: {
          'FIToFIPmtStsRpt/TxInfAndSts': {
            OrgnlEndToEndId: record.endToEndId,
            OrgnlTxId: record.paymentId,
            TxSts: face.isoStatus,
            ...(face.isoReason !== undefined && {
              StsRsnInf: { Rsn: { Cd: face.isoReason }, AddtlInf: record.reason },
            }),
            InstgAgt: record.instructingAgent,
            InstdAgt: record.instructedAgent,
            ...(row.amount !== null && {
              OrgnlTxRef: { IntrBkSttlmAmt: { Ccy: row.amount.currency, value: row.amount.amount } },
            }),
            ...(isSettled && { FctvIntrBkSttlmDt: cycle?.businessDate }),
          },
        },
        workItem: items.find(({ closedAt }) => closedAt === null)?.workItemId ?? items.at(-1)?.workItemId ?? null,
      };
    },

    listensAt(at) {
      address = at;
    },

    async lookAround() {
      await sampler.look();
      await Promise.all([standing.read(...today()), traffic.read()]);
      await watched.look();
    },

    start() {
      cancels.push(
        sampler.start(() => void live.tell()),
        standing.start(today),
        traffic.start(),
        watched.start(),
        changes.start(),
      );
    },

    async stop() {
      for (const cancel of cancels.splice(0)) cancel();
      live.close();
      for (const link of links) link.close();
      await Promise.all([database.close(), searches.close()]);
    },
  };
}
