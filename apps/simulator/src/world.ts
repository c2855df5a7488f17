/**
 * A world: the whole platform, the institutions and banks around it, the settlement agent and the judge, in one process
 * under one virtual time. Who makes it decides what happens in it; how it has to end is always the same.
 */
import { createHash } from 'node:crypto';
import { type ParticipantConfiguration, platformCode } from '@clearway/gateway';
import type { KeyPair } from '@clearway/ports';
import { businessDateAt, type ParticipantsDocument, type SchemeDocument } from '@clearway/server';
import { createBank, type SimulatedBank } from './bank.ts';
import { type Build, thisBuild } from './builds/builds.ts';
import type { CellHost } from './cell-host.ts';
import type { Draw } from './chance.ts';
import { createCrypto } from './crypto.ts';
import { openPlain } from './disk.ts';
import { compareAnswers, compareFiles, compareRecords, compareRestarts } from './examination.ts';
import type { Faults } from './faults.ts';
import { createGatewayHost, type GatewayHost } from './gateway-host.ts';
import { type Account, checkHistory, createRecorder, recordFrom } from './history/index.ts';
import { createSimulatedInstitution, type SimulatedInstitution } from './institution.ts';
import type { Owner } from './link.ts';
import { createNetwork, type SimulatedNetwork } from './network.ts';
import { createOperator, type Operator } from './operator.ts';
import { createOracle, type Oracle } from './oracle.ts';
import type { ParticipantParts } from './participant.ts';
import type { Wrap } from './planted/index.ts';
import { createPlatform, type Platform, placesOf } from './platform.ts';
import { createProcess, type Watch } from './process.ts';
import { createSimulatedAgent, type SimulatedAgent } from './settlement-agent.ts';
import { createStory, type Story } from './story.ts';
import { compareEvidence, keepSentHashes } from './stream-evidence.ts';
import { streamAddresses } from './stream-host.ts';
import { createStreamNetwork, type StreamNetwork } from './stream-network.ts';
import { createTime, type Time } from './time.ts';

/** What a world is like before anything happens in it. */
export interface Shape {
  /** ms since 1970. */
  readonly startsAt: number;
  readonly institutions: readonly string[];
  readonly banks: readonly string[];
  /** Banks that are not certified: they book a second copy of an offer again. */
  readonly bookingTwice: readonly string[];
  readonly reversalAfterMs: number;
  /** Of a bank, minor units. */
  netDebitCap(bank: string): string;
  /** Of an institution, minor units. */
  deposit(institution: string): bigint;
  /** Where the cell has its journal; the rest is in memory. */
  readonly journal: 'memory' | 'files';
  readonly snapshotEvery: number;
  readonly cycleSeconds: number;
  /** Codes of those on the stream. */
  readonly onStream: readonly string[];
  /** Links that each of them keeps. */
  readonly links: number;
  /** Payments that one link may have under way, and questions that a bank takes at once. */
  readonly window: number;
  readonly uncoveredMessages: number;
  /** Of each cell in the routing list, the home cell's first. */
  readonly cellWeights: readonly number[];
  /** Participants work in beats, and what they write to their links waits so long for more; ms, 0: nothing waits. */
  readonly beatMs: number;
  readonly lingerMs: number;
  /** There is so much of everything that some of it is only sampled. */
  readonly isLong: boolean;
}

export interface WorldOptions {
  readonly draw: Draw;
  readonly faults: Faults;
  readonly shape: Shape;
  readonly plant: Wrap;
  /** A newer program that processes can be of. */
  readonly newer?: Build | undefined;
  readonly watch?: Watch | undefined;
  readonly onLine?: ((line: string) => void) | undefined;
}

/** What is left of a world at its end. */
export interface Ending {
  readonly lastCycle: number;
  /** Batches in all journals. */
  readonly batches: number;
  /** SHA-256 over the core's state, hex, of each cell; empty when something was broken before. */
  readonly stateHash: string;
}

export interface World {
  readonly time: Time;
  readonly story: Story;
  readonly oracle: Oracle;
  readonly network: SimulatedNetwork;
  readonly links: StreamNetwork;
  readonly agent: SimulatedAgent;
  readonly platform: Platform;
  /** Of caps, money, configuration and clearing: all cells are in {@link World.platform}. */
  readonly home: CellHost;
  readonly gateways: GatewayHost;
  readonly operator: Operator;
  readonly institutions: readonly SimulatedInstitution[];
  readonly banks: readonly SimulatedBank[];
  readonly records: Platform['records'];
  readonly isLong: boolean;
  /** Processes can be of two versions of the program. */
  readonly hasNewer: boolean;
  readonly isBroken: boolean;
  /** Nothing is under way any more. */
  readonly isQuiet: boolean;
  /** Resolves when the platform serves and has read what lies at the settlement agent. */
  start(): Promise<void>;
  /** Puts a newer scheme beside the cell's program; it is adopted at the next start. */
  changeScheme(change: Partial<SchemeDocument>): void;
  /** The bank is to have another cap, minor units; the function given back says that it has. */
  capChanges(bank: string, cap: bigint): () => void;
  /** Whatever is cut, held or wrong is well again. */
  heal(): void;
  /** A healed world comes to its end: all is quiet, settled, and everywhere what the judge knows. */
  end(): Promise<Ending>;
  /** SHA-256 over everything that happened and the ending, hex. */
  hash(ending: Ending): string;
}

const gatewayHost = 'gateway.test';
const suite = 'ed25519';
/** How long a healed world may take until nothing is left over, virtual ms. */
const patienceMs = 30 * 60_000;
/** After this time no copy of a message is on its way any more, virtual ms. */
const stragglersMs = 120_000;
/** A signer is stopped when a message is unsigned for so long, and what was before the heal may be found after it, ms. */
const overdueMs = 75_000;
const identity = { schemeId: 'SIM', environment: 'sandbox' } as const;
const currency = 156;

export async function createWorld(options: WorldOptions): Promise<World> {
  const { draw, faults, shape, plant } = options;
  const time = createTime(shape.startsAt);
  const story = createStory(time, options.onLine);
  const recorder = createRecorder();
  const ways = {
    elapsed: () => time.elapsed,
    mayNotKnow(paymentId: string, agreementId: string, since: number) {
      const { cellOf, lines } = platform;
      return lines.mayNotKnow(cellOf(paymentId).number, cellOf(agreementId).number, since);
    },
  };
  const oracle = recordFrom(createOracle(story, ways, shape.onStream), recorder);
  const crypto = createCrypto(draw.stream('crypto'));
  const network = createNetwork(time, faults);
  const links = createStreamNetwork({ time, faults, draw: draw.stream('links'), network });
  const places = placesOf(shape.cellWeights.length);
  const agent = createSimulatedAgent(time, faults, oracle);
  const watch: Watch = options.watch ?? (() => {});

  // ---- who takes part ----

  const keys = new Map<string, { readonly signing: KeyPair; readonly sealing: KeyPair }>();
  for (const code of [platformCode, ...shape.institutions, ...shape.banks])
    keys.set(code, { signing: await crypto.generateSigningKey(suite), sealing: await crypto.generateSealingKey() });
  const verifyingKey = (code: string) => ({ version: 1, suite, publicKey: keys.get(code)!.signing.publicKey }) as const;
  const signingKey = (code: string) => ({ version: 1, suite, privateKey: keys.get(code)!.signing.privateKey }) as const;
  const hostOf = (code: string) => `institution-${code}.test`;
  const certificateOf = (code: string) => Buffer.from(crypto.sha256(Buffer.from(code))).toString('hex');
  const isIdempotent = (code: string) => !shape.bookingTwice.includes(code);

  let scheme: SchemeDocument = {
    version: 1,
    ...identity,
    currencies: [currency],
    maximumAmount: '10000000000',
    offerTimeoutMs: 5000,
    longestExpiryMs: 60_000,
    enquiryBackoffMs: 1000,
    enquiryBackoffLargestMs: 30_000,
    reversalAfterMs: shape.reversalAfterMs,
    workItemAfterMs: 120_000,
    signingTimeoutMs: 300_000,
    routing: places.map((place, index) => ({ ...place, weight: shape.cellWeights[index] })),
    timeZone: 'Asia/Shanghai',
  };
  const accounts = new Map<string, Account>();
  const limitsChanged = new Set<string>();
  const capOf = (code: string) => {
    const amount = shape.netDebitCap(code);
    accounts.set(code, { cap: BigInt(amount) });
    return { currency, amount };
  };
  const describe = (code: string, role: ParticipantConfiguration['role']): ParticipantConfiguration => ({
    code,
    name: `Participant ${code}`,
    role,
    status: 'active',
    idempotent: isIdempotent(code),
    endpoint: `https://${hostOf(code)}`,
    keys: [verifyingKey(code)],
    ...(shape.onStream.includes(code) && { certificate: certificateOf(code) }),
    sealingKey: keys.get(code)!.sealing.publicKey,
    netDebitCaps: role === 'bank' ? [capOf(code)] : [],
    enquiryBudget: { perSecond: 20, burst: 50 },
  });
  const participants: ParticipantsDocument = {
    version: 1,
    participants: [
      ...shape.institutions.map((code) => describe(code, 'paymentInstitution')),
      ...shape.banks.map((code) => describe(code, 'bank')),
    ],
  };
  for (const code of shape.institutions) {
    const funds = shape.deposit(code);
    agent.deposit(code, funds);
    accounts.set(code, { funds });
  }

  /** Those who have given a signature under a checkpoint that does not hold. */
  const wrongSigners = new Set<string>();
  const partsOf = (code: string): ParticipantParts => ({
    membership: {
      gateway: `https://${gatewayHost}`,
      code,
      scheme: identity,
      signing: signingKey(code),
      sealing: keys.get(code)!.sealing,
      platformKeys: [verifyingKey(platformCode)],
    },
    host: hostOf(code),
    time,
    faults,
    story,
    oracle,
    recorder,
    crypto,
    network,
    watch,
    beatMs: shape.beatMs,
    certificate: certificateOf(code),
    stream: shape.onStream.includes(code)
      ? {
          links,
          signedWrongly: (signer) => void wrongSigners.add(signer),
          sent: keepSentHashes(),
          addresses: Array.from({ length: shape.links }, () => streamAddresses(places)).flat(),
          window: shape.window,
          lingerMs: shape.lingerMs,
        }
      : undefined,
    chance: (life) => draw.stream(`chance ${code} ${life}`),
  });
  const seldom = new Set(shape.isLong ? shape.banks.filter((code) => !shape.onStream.includes(code)) : []);
  const institutions = shape.institutions.map((code) =>
    createSimulatedInstitution({
      ...partsOf(code),
      seldom,
      draw: draw.stream(`institution ${code}`),
      isHasty: plant.hastyInstitutions === true,
    }),
  );
  const banks = shape.banks.map((code) =>
    createBank({ ...partsOf(code), draw: draw.stream(`bank ${code}`), isIdempotent: isIdempotent(code) }),
  );

  // ---- the platform ----

  const operator = createOperator({ time, story, home: () => platform.home });
  let healedAt = Number.POSITIVE_INFINITY;
  /** Whoever is well again has signed long before it is stopped for want of that. */
  const mayBeStopped = (participant: string, why: string) =>
    oracle.check(time.elapsed < healedAt + overdueMs, participant, () => `is stopped though all is well: ${why}`);

  const platform: Platform = createPlatform(places, draw, shape.journal === 'files', {
    time,
    faults,
    story,
    oracle,
    crypto,
    scheme: () => scheme,
    participants,
    limitsChanged,
    agent,
    snapshotEvery: shape.snapshotEvery,
    cycleSeconds: shape.cycleSeconds,
    plant,
    newer: options.newer,
    watch,
    stream:
      shape.onStream.length === 0
        ? undefined
        : {
            ...{ links, time, story, oracle, crypto },
            window: shape.window,
            uncoveredMessages: shape.uncoveredMessages,
            stopped: mayBeStopped,
            mayBeFalse: (participant) => wrongSigners.has(participant),
            lookedInto: operator.reactivate,
            signed: (participant) => void operator.reactivate(participant),
          },
    serving: (cell, owner) => gateways.connect(cell, owner),
  });
  const { cells, home, records, shares } = platform;
  const gateways = createGatewayHost({
    time,
    faults,
    story,
    crypto,
    draw,
    network,
    host: gatewayHost,
    records,
    platformKey: signingKey(platformCode),
    platformKeys: [verifyingKey(platformCode)],
    plant,
    watch,
    cells: () => cells,
  });

  // ---- its beginning and its end ----

  const isBroken = () => oracle.breaches.length > 0;
  const openOrders = () => institutions.reduce((sum, institution) => sum + institution.open, 0);
  const isQuiet = () => {
    const statistics = cells.map(({ owner }) => owner?.cell.statistics());
    return (
      openOrders() === 0 &&
      ![...institutions, ...banks].some(({ isRotating }) => isRotating) &&
      !banks.some(({ untold }) => untold > 0) &&
      cells.every(({ owner }) => (owner?.stream?.uncovered ?? 0) === 0) &&
      statistics.every((told) => told?.inFlight === 0 && told.undelivered === 0)
    );
  };

  async function start(): Promise<void> {
    for (const participant of [...institutions, ...banks]) participant.start();
    for (const cell of cells) cell.start();
    gateways.start();
    if (!(await time.passUntil(() => cells.every(({ owner }) => owner !== undefined), 60_000)))
      throw new Error('the cell does not start in a world without faults');
    // The clearing house reads every five seconds what was deposited.
    await time.pass(7000);
  }

  async function calmDown(): Promise<void> {
    const isCalm = await time.passUntil(() => isQuiet() || isBroken(), patienceMs);
    // What is still on its way may change nothing any more.
    await time.pass(stragglersMs);
    oracle.check(isCalm, 'world', () => {
      const told = cells.map(({ owner }) => owner?.cell.statistics());
      const each = (name: 'inFlight' | 'undelivered') => told.map((one) => one?.[name]).join();
      return `is not quiet after ${patienceMs / 60_000} minutes: ${openOrders()} orders open (${institutions.flatMap((one) => one.describeOpen().slice(0, 5)).join('; ')}), in flight ${each('inFlight')}, notices ${each('undelivered')}`;
    });
  }

  async function settle(): Promise<number> {
    const { cell, house } = home.owner!;
    const lastCycle = await time.complete('the last cut-off', cell.closeCycle(), patienceMs);
    house!.wake();
    await time.complete(`settlement of cycle ${lastCycle}`, cell.cycleReached(lastCycle, 'settled'), patienceMs);
    const all = cells.map(({ owner }) => owner!);
    const isTold = () =>
      all.map((one) => one.cell.statistics()).every(({ recordsLag, undelivered }) => recordsLag + undelivered === 0);
    oracle.check(await time.passUntil(isTold, 60_000), 'world', () => 'the records or the notices do not catch up');
    // A midnight that has just passed is followed within a second.
    const hasFollowed = ({ cell: { state } }: Owner) =>
      state.businessDate === businessDateAt(state.at, scheme.timeZone);
    await time.passUntil(() => all.every(hasFollowed), 60_000);
    const isShared = await time.passUntil(() => shares.isAtRest, 60_000);
    oracle.check(isShared, 'world', () => 'what one cell has given another is not taken');
    for (const one of all) one.leaveOthers();
    await time.passUntil(() => all.every(({ cell: { state, frontier } }) => frontier === state.sequence), 60_000);
    return lastCycle;
  }

  async function compare(lastCycle: number): Promise<string> {
    oracle.conclude(lastCycle);
    if (cells.length > 1) shares.conclude(new Map(shape.institutions.map((code) => [code, agent.money(code)])));
    const { clock } = createProcess('examination', time);
    for (const one of cells) {
      const { disks, place, owner } = one;
      const store = openPlain(disks, place, { clock, crypto, chance: draw.stream('examination') });
      const { participants } = owner!.cell.configuration();
      const isHere = (paymentId: string) => platform.cellOf(paymentId) === one;
      await compareEvidence({ store, place, crypto, oracle, scheme, participants, isHere });
    }
    const stopped = (await records.workItems(true)).filter(
      // A false signature stays open until the operator closes it.
      ({ kind, workItemId }) => kind === 'coverage' && !workItemId.endsWith(':false'),
    );
    for (const { subject } of stopped) oracle.breach(subject, 'is stopped at the end for want of a signature');
    const { anomalies } = checkHistory(recorder, { accounts, lackIsExact: cells.length === 1 });
    for (const { subject, what } of anomalies) oracle.breach(subject, what);
    await compareRecords(records, oracle, lastCycle);
    await time.complete('the answers', compareAnswers(institutions, oracle), patienceMs);
    await time.complete('the files', compareFiles(institutions, oracle, lastCycle), patienceMs);
    await time.complete('the clearing house', home.owner!.house!.stop(), patienceMs);
    const hashes: string[] = [];
    for (const cell of cells) {
      const restarts = compareRestarts({
        cell,
        builds: [thisBuild, ...(options.newer === undefined ? [] : [options.newer])],
        home: cell === home ? undefined : home.number,
        clock,
        crypto,
        draw: draw.stream('restart'),
        scheme,
        participants,
        oracle,
      });
      hashes.push(await time.complete('the restarts', restarts, 60_000));
    }
    return hashes.join();
  }

  return {
    time,
    story,
    oracle,
    network,
    links,
    agent,
    platform,
    home,
    gateways,
    operator,
    institutions,
    banks,
    records,
    isLong: shape.isLong,
    hasNewer: options.newer !== undefined,
    get isBroken() {
      return isBroken();
    },
    get isQuiet() {
      return isQuiet();
    },
    start,
    changeScheme(change) {
      scheme = { ...scheme, ...change, version: scheme.version + 1 };
    },
    capChanges(bank, cap) {
      limitsChanged.add(bank);
      // Where there are several cells a lower one is reached only when they have given back what is above it.
      if (cells.length > 1) accounts.delete(bank);
      return recorder.capChange(bank, cap);
    },
    heal() {
      story.tell('world', 'is healed');
      healedAt = time.elapsed;
      faults.isOn = false;
      network.heal();
      links.heal();
      agent.heal();
      for (const cell of cells) {
        cell.heal();
        // Whoever raises the rules brings the newer program to all.
        if (scheme.rules !== undefined && cell.build !== options.newer) cell.upgrade();
      }
      platform.lines.heal();
      gateways.process?.drift(0);
      if (gateways.process !== undefined) gateways.process.skewMs = 0;
    },
    async end() {
      let lastCycle = 0;
      let stateHash = '';
      try {
        if (!isBroken()) await calmDown();
        if (!isBroken()) lastCycle = await settle();
        if (!isBroken()) stateHash = await compare(lastCycle);
      } catch (error) {
        oracle.breach('world', `cannot come to its end: ${(error as Error).stack}`);
      }
      return { lastCycle, batches: cells.reduce((sum, { owner }) => sum + (owner?.cell.frontier ?? 0), 0), stateHash };
    },
    hash: ({ stateHash }) => createHash('sha256').update(story.hash()).update(stateHash).digest('hex'),
  };
}
