/**
 * One run: a world is made from a seed, has some minutes of traffic under faults, is healed, and must then come to an
 * end in which nothing is left over. What it was is in its hash, what was wrong with it in its breaches.
 */
import { createHash } from 'node:crypto';
import { identifierToBytes, layout, parseIdentifier } from '@clearway/core';
import {
  type Cell,
  createGateway,
  createMetrics,
  type Delivery,
  type Gateway,
  type ParticipantConfiguration,
  platformCode,
} from '@clearway/gateway';
import type { KeyPair, Ports } from '@clearway/ports';
import type { InstitutionOptions } from '@clearway/sdk';
import type { ParticipantsDocument, SchemeDocument } from '@clearway/server';
import { memoryDisk, memoryStore } from '@clearway/store';
import { createBank } from './bank.ts';
import { type CellHost, createCellHost } from './cell-host.ts';
import { drawFrom } from './chance.ts';
import { createCrypto } from './crypto.ts';
import { compareFiles, compareRecords, compareRestarts } from './examination.ts';
import { chooseFaults, type Fault } from './faults.ts';
import { type Account, checkHistory, createRecorder, recordFrom } from './history/index.ts';
import { createSimulatedInstitution } from './institution.ts';
import { createLink, type Link } from './link.ts';
import { createNetwork } from './network.ts';
import { createOracle } from './oracle.ts';
import { type Plant, type PlantName, plants } from './planted.ts';
import { createProcess, type Process } from './process.ts';
import { createSimulatedAgent } from './settlement-agent.ts';
import { createStory } from './story.ts';
import { createTime } from './time.ts';

export interface RunOptions {
  readonly seed: number;
  /** Minutes of traffic under faults, of virtual time. */
  readonly minutes: number;
  /** Payments ordered a second, by all institutions together. */
  readonly perSecond?: number;
  /** A known bad build instead of the good one. */
  readonly plant?: PlantName | undefined;
  /** Each line of the story as it happens. */
  readonly onLine?: ((line: string) => void) | undefined;
}

export interface RunResult {
  readonly seed: number;
  /** SHA-256 over everything that happened and the state at the end: the same for the same seed. */
  readonly hash: string;
  readonly breaches: readonly { readonly subject: string; readonly what: string }[];
  /** All that is known about the subjects of the breaches. */
  readonly stories: Readonly<Record<string, readonly string[]>>;
  readonly virtualMs: number;
  readonly payments: Readonly<Record<string, number>>;
  readonly checks: number;
  readonly events: number;
  readonly messages: number;
  readonly cycles: number;
  readonly batches: number;
  readonly cellStarts: number;
  readonly faults: Readonly<Partial<Record<Fault, number>>>;
}

const institutionCodes = ['00101', '00102', '00103'];
const bankCodes = ['00201', '00202', '00203'];
/** Not certified: books a second copy of an offer again. */
const bookingTwice = '00203';
const gatewayHost = 'gateway.test';
const gatewayAddress = `https://${gatewayHost}`;
const suite = 'ed25519';
/** How long a healed world may take until nothing is left over, virtual ms. */
const patienceMs = 30 * 60_000;
const identity = { schemeId: 'SIM', environment: 'sandbox' } as const;

export async function simulate({
  seed,
  minutes,
  perSecond = 2,
  plant: plantName,
  onLine,
}: RunOptions): Promise<RunResult> {
  const draw = drawFrom(`seed ${seed}`);
  const world = draw.stream('world');
  // Shortly before midnight in the scheme's time zone, in most runs: the business day changes under traffic.
  const time = createTime(Date.UTC(2026, 10, 22, 15, 59, 0) - world.below(Math.max(1, Math.round(minutes * 90_000))));
  const story = createStory(time, onLine);
  const faults = chooseFaults(draw.stream('faults'));
  const recorder = createRecorder();
  const oracle = recordFrom(createOracle(story), recorder);
  const crypto = createCrypto(draw.stream('crypto'));
  const network = createNetwork(time, faults);
  const agent = createSimulatedAgent(time, faults, oracle);
  const disk = memoryDisk();
  const plant: Plant = plantName === undefined ? { mistake: '' } : plants[plantName];

  // ---- who takes part ----

  const keys = new Map<string, { readonly signing: KeyPair; readonly sealing: KeyPair }>();
  for (const code of [platformCode, ...institutionCodes, ...bankCodes])
    keys.set(code, { signing: await crypto.generateSigningKey(suite), sealing: await crypto.generateSealingKey() });
  const verifyingKey = (code: string) => ({ version: 1, suite, publicKey: keys.get(code)!.signing.publicKey }) as const;
  const signingKey = (code: string) => ({ version: 1, suite, privateKey: keys.get(code)!.signing.privateKey }) as const;
  const hostOf = (code: string) => `institution-${code}.test`;

  const scheme: SchemeDocument = {
    version: 1,
    ...identity,
    currencies: [156],
    maximumAmount: '10000000000',
    offerTimeoutMs: 5000,
    longestExpiryMs: 60_000,
    enquiryBackoffMs: 1000,
    enquiryBackoffLargestMs: 30_000,
    reversalAfterMs: world.pick([8000, 30_000]),
    workItemAfterMs: 120_000,
    signingTimeoutMs: 300_000,
    routing: [{ centre: 1, cell: 1, weight: 1 }],
    timeZone: 'Asia/Shanghai',
  };
  const capOf = (code: string) => {
    const amount = world.pick(['100000000', '500000']);
    accounts.set(code, { cap: BigInt(amount) });
    return { currency: 156, amount };
  };
  const accounts = new Map<string, Account>();
  const describe = (code: string, role: ParticipantConfiguration['role']): ParticipantConfiguration => ({
    code,
    name: `Participant ${code}`,
    role,
    status: 'active',
    idempotent: code !== bookingTwice,
    endpoint: `https://${hostOf(code)}`,
    keys: [verifyingKey(code)],
    sealingKey: keys.get(code)!.sealing.publicKey,
    netDebitCaps: role === 'bank' ? [capOf(code)] : [],
    enquiryBudget: { perSecond: 20, burst: 50 },
  });
  const participants: ParticipantsDocument = {
    version: 1,
    participants: [
      ...institutionCodes.map((code) => describe(code, 'paymentInstitution')),
      ...bankCodes.map((code) => describe(code, 'bank')),
    ],
  };
  for (const code of institutionCodes) {
    const funds = world.pick([100_000_000n, 1_000_000n]);
    agent.deposit(code, funds);
    accounts.set(code, { funds });
  }

  const optionsOf = (code: string, process: Process): InstitutionOptions => ({
    ports: {
      clock: process.clock,
      chance: draw.stream(`chance ${code}`),
      crypto,
      network: network.from(hostOf(code), process),
    },
    gateway: gatewayAddress,
    code,
    scheme: identity,
    signing: signingKey(code),
    sealing: keys.get(code)!.sealing,
    platformKeys: [verifyingKey(platformCode)],
  });
  const institutions = institutionCodes.map((code) => {
    const process = createProcess(code, time);
    const institution = createSimulatedInstitution({
      institution: optionsOf(code, process),
      time,
      faults,
      oracle,
      recorder,
      draw: draw.stream(`institution ${code}`),
      isHasty: plant.hastyInstitutions === true,
    });
    network.listen(hostOf(code), process, institution.handler);
    return institution;
  });
  for (const code of bankCodes) {
    const process = createProcess(code, time);
    const isIdempotent = code !== bookingTwice;
    const institution = optionsOf(code, process);
    const bank = createBank({
      institution,
      time,
      faults,
      oracle,
      recorder,
      draw: draw.stream(`bank ${code}`),
      isIdempotent,
    });
    network.listen(hostOf(code), process, bank);
  }

  // ---- the platform ----

  let link: Link | undefined;
  let gatewayProcess: Process | undefined;
  let gatewayStarts = 0;
  const host: CellHost = createCellHost({
    time,
    faults,
    story,
    oracle,
    crypto,
    chance: draw.stream('chance of the cell'),
    disk,
    scheme,
    participants,
    agent,
    snapshotEvery: world.pick([20, 100, 1000]),
    cycleSeconds: world.pick([20, 60]),
    plant,
    serving: (owner) => link?.connect(owner),
  });

  function startGateway(): void {
    const process = createProcess(`gateway ${++gatewayStarts}`, time);
    gatewayProcess = process;
    story.tell(process.name, 'starts');
    const ports: Ports = {
      clock: process.clock,
      chance: draw.stream(`chance of ${process.name}`),
      crypto,
      network: network.from(gatewayHost, process),
    };
    let gateway: Gateway | undefined;
    const planted = plant.deliverer;
    const mine = createLink({
      gateway: process,
      time,
      faults,
      deliverer: () => {
        const { deliverer } = gateway!;
        const watched = {
          deliver(delivery: Delivery) {
            tellDelivery(delivery);
            return deliverer.deliver(delivery);
          },
        };
        return planted?.(watched, world) ?? watched;
      },
    });
    link = mine;
    const cell: Cell = plant.cell?.(mine) ?? mine;
    const { records } = memoryStore({ crypto, chance: world, disk });
    gateway = createGateway({
      ports,
      cell: {
        ...cell,
        submit(command, body) {
          rememberHash(command);
          return cell.submit(command, body);
        },
      },
      records,
      configuration: mine.configuration,
      configurator: {
        // Keys are not changed in this world yet.
        addKey: async () => ({ outcome: 'refused', reason: 'keyLimitReached' }),
        endKey: async () => ({ outcome: 'refused', reason: 'keyLimitReached' }),
      },
      platformKey: signingKey(platformCode),
      platformKeys: [verifyingKey(platformCode)],
      metrics: createMetrics(),
      log: (event) => story.tell(process.name, event),
    });
    network.listen(gatewayHost, process, gateway.handle);
    if (host.owner !== undefined) mine.connect(host.owner);
    process.onDeath(() => {
      story.tell(process.name, 'is dead');
      time.after(faults.draw.between(20, 3000), startGateway);
    });
  }

  const tellDelivery = ({ kind, participant, subject, possibleDuplicate }: Delivery) =>
    story.tell(subject, `${kind} goes to ${participant}${possibleDuplicate ? ', perhaps again' : ''}`);

  /** For known bad builds that answer in the bank's name. */
  const hashes = new Map<string, Uint8Array>();
  const rememberHash = (command: Uint8Array) => {
    if (plant.owner === undefined || command.length !== layout.submitPayment.size) return;
    const { id, hash } = layout.submitPayment;
    hashes.set(Buffer.from(command.subarray(id, id + 16)).toString('hex'), command.slice(hash, hash + 32));
  };

  // ---- what happens by the second ----

  const { draw: size } = faults;
  function everySecond(): void {
    const owner = host.owner;
    const process = host.process;
    if (process !== undefined && !process.isHeld) {
      const takesOver = faults.strikes('cellTakenOver');
      if (takesOver || faults.strikes('cellHeld')) {
        story.tell(process.name, 'is held');
        process.hold();
        time.after(size.between(100, 30_000), () => {
          story.tell(process.name, 'goes on');
          process.goOn();
        });
        if (takesOver) time.after(size.between(50, 5000), () => host.takeOver());
      }
    }
    if (process !== undefined && faults.strikes('cellClockJumps')) process.skewMs = jump();
    if (gatewayProcess !== undefined && faults.strikes('gatewayClockJumps')) gatewayProcess.skewMs = jump();
    if (faults.strikes('gatewayDies')) gatewayProcess?.die();
    const [one, other] = [size.pick(network.hosts), size.pick(network.hosts)];
    const cutFor = 10 ** size.between(2.5, 4.6);
    if (faults.strikes('networkCutOneWay')) network.cut(one, other, cutFor);
    if (faults.strikes('networkCut')) {
      network.cut(one, other, cutFor);
      network.cut(other, one, cutFor);
    }
    if (owner !== undefined && faults.strikes('cutOffOnDemand')) owner.cell.closeCycle().catch(() => {});
    if (owner !== undefined && plant.owner !== undefined) {
      const unknown = oracle.payments().flatMap(({ paymentId, bank }) => {
        const hash = hashes.get(Buffer.from(identifierToBytes(parseIdentifier(paymentId)!)).toString('hex'));
        return hash === undefined || oracle.finalOf(paymentId) !== undefined ? [] : [{ paymentId, bank, hash }];
      });
      const waits = async () => {
        for (const one of unknown)
          if ((await owner.cell.payment(one.paymentId))?.state === 'unknown') plant.owner!(owner, [one]);
      };
      void waits();
    }
    time.after(1000, everySecond);
  }
  const jump = () => (size.happens(0.3) ? 0 : Math.round((size.happens(0.5) ? 1 : -1) * 10 ** size.between(2, 6.6)));

  const traffic = draw.stream('traffic');
  function nextOrder(): void {
    if (!faults.isOn) return;
    traffic.pick(institutions).order();
    time.after((-Math.log(1 - traffic.fraction()) * 1000) / perSecond, nextOrder);
  }

  // ---- the run ----

  host.start();
  startGateway();
  const isServing = () => host.owner !== undefined;
  if (!(await time.passUntil(isServing, 60_000))) throw new Error('the cell does not start in a world without faults');
  await time.pass(7000);
  let signed = 0;
  for (const institution of institutions)
    institution.sign(bankCodes).then(
      () => signed++,
      (error: Error) => oracle.breach(institution.code, `cannot sign its agreements: ${error.message}`),
    );
  await time.passUntil(() => signed === institutions.length || oracle.breaches.length > 0, 60_000);

  faults.isOn = true;
  everySecond();
  nextOrder();
  const isBroken = () => oracle.breaches.length > 0;
  await time.passUntil(isBroken, minutes * 60_000);

  story.tell('world', 'is healed');
  faults.isOn = false;
  network.heal();
  host.heal();
  if (gatewayProcess !== undefined) gatewayProcess.skewMs = 0;

  let stateHash = '';
  let lastCycle = 0;
  if (!isBroken()) {
    const isQuiet = () => {
      const statistics = host.owner?.cell.statistics();
      const open = institutions.reduce((sum, institution) => sum + institution.open, 0);
      return statistics !== undefined && open === 0 && statistics.inFlight === 0 && statistics.undelivered === 0;
    };
    const calm = await time.passUntil(() => isQuiet() || isBroken(), patienceMs);
    // What is still on its way may change nothing any more.
    await time.pass(120_000);
    oracle.check(calm, 'world', () => {
      const open = institutions.reduce((sum, institution) => sum + institution.open, 0);
      const told = host.owner?.cell.statistics();
      return `is not quiet after ${patienceMs / 60_000} minutes: ${open} orders open, in flight ${told?.inFlight}, notices ${told?.undelivered}`;
    });
  }
  if (!isBroken()) {
    const { cell, house } = host.owner!;
    const closing = cell.closeCycle().then((cycle) => {
      lastCycle = cycle;
      house.wake();
      return cell.cycleReached(cycle, 'settled');
    });
    let isSettled = false;
    closing.then(
      () => {
        isSettled = true;
      },
      (error: Error) => oracle.breach('world', `cannot close the last cycle: ${error.stack}`),
    );
    await time.passUntil(() => isSettled || isBroken(), patienceMs);
    oracle.check(isSettled, `cycle ${lastCycle}`, () => 'is not settled in a healed world');
    const { records } = memoryStore({ crypto, chance: world, disk });
    await time.passUntil(() => cell.statistics().recordsLag === 0 && cell.statistics().undelivered === 0, 60_000);
    oracle.check(cell.statistics().recordsLag === 0, 'world', () => 'the records do not catch up');
    oracle.conclude(lastCycle);
    const findings = checkHistory(recorder, { accounts, lackIsExact: true });
    for (const { subject, what } of findings.anomalies) oracle.breach(subject, what);
    await compareRecords(records, oracle, lastCycle);
    const comparing = { isDone: false };
    compareFiles(institutions, oracle, lastCycle)
      .catch((error: Error) => oracle.breach('files', error.stack ?? error.message))
      .finally(() => {
        comparing.isDone = true;
      });
    await time.passUntil(() => comparing.isDone, patienceMs);
    await house.stop();
    const restarts = { isDone: false };
    const clock = createProcess('restart', time).clock;
    compareRestarts({ disk, running: cell, clock, crypto, draw: draw.stream('restart'), scheme, participants, oracle })
      .then(
        (hash) => {
          stateHash = hash;
        },
        (error: Error) => oracle.breach('restart', error.stack ?? error.message),
      )
      .finally(() => {
        restarts.isDone = true;
      });
    await time.passUntil(() => restarts.isDone, 60_000);
  }

  return {
    seed,
    hash: createHash('sha256').update(story.hash()).update(stateHash).digest('hex'),
    breaches: oracle.breaches,
    stories: Object.fromEntries(oracle.breaches.map(({ subject }) => [subject, story.about(subject)])),
    virtualMs: Math.round(time.elapsed),
    payments: oracle.counts(),
    checks: oracle.checks,
    events: story.events,
    messages: network.messages,
    cycles: lastCycle,
    batches: disk.journal.batches.length,
    cellStarts: host.starts,
    faults: Object.fromEntries(faults.counts),
  };
}
