/**
 * One run: a world is made from a seed, has some minutes of traffic under faults, is healed, and must then come to an
 * end in which nothing is left over. What it was is in its hash, what was wrong with it in its breaches.
 */
import { identifierToBytes, parseIdentifier } from '@clearway/core';
import { newerBuild, thisBuild } from './builds/builds.ts';
import { newerRules } from './builds/newer.ts';
import type { CellHost } from './cell-host.ts';
import { type Draw, drawFrom } from './chance.ts';
import { chooseFaults, type Fault, type Faults, usualWeights, type Weights } from './faults.ts';
import { dayMs, longShape, longWeights, orderByDay } from './long-run.ts';
import { isWrap, type PlantName, type Wrap, wraps } from './planted/index.ts';
import type { Process } from './process.ts';
import { createWorld, type Shape, type World } from './world.ts';

export interface RunOptions {
  readonly seed: number;
  /** Minutes of traffic under faults, of virtual time. */
  readonly minutes: number;
  /** A long run of so many days of virtual time instead. */
  readonly days?: number | undefined;
  /** Payments ordered a second, by all institutions together. */
  readonly perSecond?: number;
  /** How many cells, 1 to 3; as the seed says when left out. */
  readonly cells?: number | undefined;
  readonly weights?: Weights | undefined;
  /** Nobody is on the stream, whatever the seed says. */
  readonly overHttp?: boolean | undefined;
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

/** In a long run a clock that has jumped is wrong for so long, and one that drifts for so long, ms. */
const clockMs = 30_000;
const driftMs = 600_000;
/** And a cap that was changed, ms. */
const cappedMs = 1_200_000;

/** For these there is a second program. */
const ofUpgrades: readonly Fault[] = ['cellUpgraded', 'rulesRaised'];

export const goodBuild: Wrap = { mistake: '' };

function drawShape(draw: Draw, minutes: number, cells: number): Shape {
  // Shortly before midnight in the scheme's time zone, in most runs: the business day changes under traffic.
  const startsAt = Date.UTC(2026, 10, 22, 15, 59, 0) - draw.below(Math.max(1, Math.round(minutes * 90_000)));
  return {
    startsAt,
    institutions,
    banks,
    bookingTwice: ['00203'],
    reversalAfterMs: draw.pick([8000, 30_000]),
    netDebitCap: () => draw.pick(['100000000', '500000', '60000']),
    deposit: () => draw.pick([100_000_000n, 1_000_000n, 100_000n]),
    journal: draw.pick(['memory', 'files']),
    snapshotEvery: draw.pick([20, 100, 1000]),
    cycleSeconds: draw.pick([20, 60]),
    cellWeights: drawWeights(draw.stream('weights'), cells),
    ...drawStream(draw.stream('stream')),
    beatMs: 0,
    lingerMs: 0,
    isLong: false,
  };
}

const institutions = ['00101', '00102', '00103'];
const banks = ['00201', '00202', '00203'];

/** In three seeds of four there is a stream, and some are on it. */
function drawStream(draw: Draw) {
  const share = draw.pick([0, 0.4, 0.7, 1]);
  return {
    onStream: [...institutions, ...banks].filter(() => draw.happens(share)),
    links: draw.pick([1, 1, 2]),
    window: draw.pick([2, 64, 8192]),
    uncoveredMessages: draw.pick([64, 262_144]),
  };
}

/** Of the routing list; a cell without weight takes no new payments, and still answers for old ones. */
function drawWeights(draw: Draw, cells: number): number[] {
  if (cells === 1) return [1];
  const weights = Array.from({ length: cells }, () => draw.pick([0, 1, 1, 1, 3]));
  return weights.every((weight) => weight === 0) ? weights.map(() => 1) : weights;
}

export async function simulate({
  seed,
  minutes,
  days,
  perSecond = 2,
  cells,
  weights = days === undefined ? usualWeights : longWeights,
  overHttp = false,
  plant: plantName,
  onLine,
}: RunOptions): Promise<RunResult> {
  const draw = drawFrom(`seed ${seed}`);
  // A patched build is this very program, loaded with lines of it changed.
  const plant: Wrap = isWrap(plantName) ? wraps[plantName] : goodBuild;
  const faults = chooseFaults(draw.stream('faults'), weights);
  const count =
    cells ??
    draw.stream('cells').pick(days === undefined ? [1, 1, 2, 3] : [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 3]);
  const own = draw.stream('world');
  const drawn =
    days === undefined
      ? drawShape(own, minutes, count)
      : longShape(own, institutions, banks, drawWeights(draw.stream('weights'), count));
  const shape = overHttp ? { ...drawn, onStream: [] } : drawn;
  // A program that does not read the other's snapshots replays the whole journal: not that of a hundred days.
  const newer =
    days === undefined && ofUpgrades.some((fault) => faults.chosen.has(fault)) ? await newerBuild() : undefined;
  const world = await createWorld({ draw, faults, shape, plant, newer, onLine });
  const { time, story, oracle } = world;

  await world.start();
  const signings = world.institutions.flatMap((one) => world.banks.map(({ code }) => one.sign(code)));
  await time.complete('signing', Promise.all(signings), 60_000);

  faults.isOn = true;
  strikeEverySecond(world, faults);
  if (plant.owner !== undefined) answerInTheBanksName(world, plant);
  const orderAll = days === undefined ? order : orderByDay;
  orderAll(world, faults, draw.stream('traffic'), perSecond);
  await time.passUntil(() => world.isBroken, days === undefined ? minutes * 60_000 : days * dayMs);
  world.heal();
  const ending = await world.end();

  return {
    seed,
    hash: world.hash(ending),
    breaches: oracle.breaches,
    stories: Object.fromEntries(oracle.breaches.map(({ subject }) => [subject, story.about(subject)])),
    virtualMs: Math.round(time.elapsed),
    payments: oracle.counts(),
    checks: oracle.checks,
    events: story.events,
    messages: world.network.messages,
    cycles: ending.lastCycle,
    batches: ending.batches,
    cellStarts: world.platform.cells.reduce((sum, { starts }) => sum + starts, 0),
    faults: Object.fromEntries(faults.counts),
  };
}

/** Orders come by themselves, as often as asked for on the average, for as long as there are faults. */
function order({ time, institutions }: World, faults: Faults, traffic: Draw, perSecond: number): void {
  const next = () => {
    if (!faults.isOn) return;
    traffic.pick(institutions).order();
    time.after((-Math.log(1 - traffic.fraction()) * 1000) / perSecond, next);
  };
  next();
}

/** What happens to processes, clocks, network and cycles as a whole. */
function strikeEverySecond(world: World, faults: Faults): void {
  const { time, story, network, platform, home, gateways, institutions, banks, agent } = world;
  const { cells, lines } = platform;
  const { draw: size } = faults;
  const jump = () => (size.happens(0.3) ? 0 : Math.round((size.happens(0.5) ? 1 : -1) * 10 ** size.between(2, 6.6)));

  // In a short run a clock stays wrong until it jumps again; in a long one somebody sets it.
  const setAfter = (process: Process, ms: number) => {
    if (!world.isLong) return;
    time.after(ms, () => {
      process.drift(0);
      process.skewMs = 0;
    });
  };

  const setWrong = (process: Process) => {
    process.skewMs = jump();
    setAfter(process, clockMs);
  };

  const letDrift = (process: Process) => {
    process.drift(size.between(-0.05, 0.05));
    setAfter(process, driftMs);
  };

  const holdCell = (cell: CellHost) => {
    const { process } = cell;
    if (process === undefined || process.isHeld) return;
    const takesOver = faults.strikes('cellTakenOver');
    if (!takesOver && !faults.strikes('cellHeld')) return;
    story.tell(process.name, 'is held');
    process.hold();
    const forMs = size.between(100, 30_000);
    lines.disturb(cell.number, forMs);
    time.after(forMs, () => {
      story.tell(process.name, 'goes on');
      process.goOn();
    });
    if (takesOver) time.after(size.between(50, 5000), () => cell.takeOver());
  };

  const partCells = () => {
    if (cells.length === 1) return;
    const [one, other] = [size.pick(cells), size.pick(cells)];
    const forMs = 10 ** size.between(2.5, 4.6);
    if (faults.strikes('peerCutOneWay')) lines.cut(one.number, other.number, forMs);
    if (faults.strikes('peerCut')) {
      lines.cut(one.number, other.number, forMs);
      lines.cut(other.number, one.number, forMs);
    }
    if (faults.strikes('cellAway')) one.goAway(10 ** size.between(3, 4.8));
  };

  const cutNetwork = () => {
    const hosts = [...network.hosts, ...world.links.hosts];
    const [one, other] = [size.pick(hosts), size.pick(hosts)];
    const forMs = 10 ** size.between(2.5, 4.6);
    if (faults.strikes('networkCutOneWay')) network.cut(one, other, forMs);
    if (faults.strikes('networkCut')) {
      network.cut(one, other, forMs);
      network.cut(other, one, forMs);
    }
    if (faults.strikes('networkNarrow')) network.narrow(10 ** size.between(-0.5, 1.5), forMs);
    if (faults.strikes('networkLosesLarge')) network.lose({ largerThan: size.between(200, 2000) }, forMs);
    if (faults.strikes('networkLosesKind')) network.lose({ kind: size.pick(network.kinds) }, forMs);
  };

  const disturbParticipants = () => {
    if (faults.strikes('institutionDies')) size.pick(institutions).life.process.die();
    if (faults.strikes('bankDies')) size.pick(banks).life.process.die();
    if (faults.strikes('agentDies')) agent.die(10 ** size.between(2.5, 4.5));
    const institution = size.pick(institutions);
    if (faults.strikes('agreementSigned')) void institution.sign(size.pick(banks).code);
    if (faults.strikes('agreementRescinded')) institution.rescindOne();
    if (faults.strikes('enquiriesFlood')) for (const one of institutions) one.floodEnquiries();
    const rotating = size.pick([...institutions, ...banks]);
    if (!rotating.isRotating && faults.strikes('keyRotated')) void rotating.rotateKey();
  };

  const suspended = new Set<string>();
  const reactivate = async (code: string): Promise<void> => {
    await world.operator.reactivate(code);
    suspended.delete(code);
  };

  const changeCap = (bank: string, amount: string) => {
    const { owner } = home;
    if (owner === undefined) return;
    const isChanged = world.capChanges(bank, BigInt(amount));
    const change = <T extends { readonly code: string }>(one: T) =>
      one.code === bank ? { ...one, netDebitCaps: [{ currency: 156, amount }] } : one;
    owner.cell
      .changeParticipants((all) => all.map(change))
      .then(({ outcome }) => outcome === 'accepted' && isChanged())
      .catch(() => {});
  };

  const changeConfiguration = () => {
    const { owner } = home;
    if (owner === undefined) return;
    const bank = size.pick(banks).code;
    if (faults.strikes('capChanged')) {
      changeCap(bank, size.pick(['0', '300000', '100000000']));
      // Nearly all would be refused for the rest of a long run.
      if (world.isLong) time.after(cappedMs, () => faults.isOn && changeCap(bank, '1000000000000'));
    }
    const { code } = size.pick([...institutions, ...banks]);
    if (!suspended.has(code) && faults.strikes('participantSuspended')) {
      suspended.add(code);
      world.operator.suspend(code);
      time.after(size.between(500, 20_000), () => void reactivate(code));
    }
    if (faults.strikes('schemeChanged')) {
      world.changeScheme({ reversalAfterMs: size.pick([6000, 8000, 30_000]), offerTimeoutMs: size.pick([3000, 5000]) });
      owner.process.die();
    }
  };

  let areRaised = false;
  const changeBuilds = (cell: CellHost) => {
    if (!world.hasNewer) return;
    if (cell.build === thisBuild && faults.strikes('cellUpgraded')) cell.upgrade();
    if (cell.build !== thisBuild && faults.strikes('cellRolledBack')) cell.rollBack();
    if (faults.strikes('gatewayChangesBuild')) gateways.changeBuild();
    if (areRaised || home.owner === undefined || !faults.strikes('rulesRaised')) return;
    areRaised = true;
    world.changeScheme({ rules: newerRules });
    home.owner.process.die();
  };

  const strike = () => {
    const struck = cells.length === 1 ? home : size.pick(cells);
    holdCell(struck);
    changeBuilds(struck);
    partCells();
    changeConfiguration();
    disturbParticipants();
    if (struck.process !== undefined && faults.strikes('cellClockJumps')) setWrong(struck.process);
    if (gateways.process !== undefined && faults.strikes('gatewayClockJumps')) setWrong(gateways.process);
    if (struck.process !== undefined && faults.strikes('cellClockDrifts')) letDrift(struck.process);
    if (gateways.process !== undefined && faults.strikes('gatewayClockDrifts')) letDrift(gateways.process);
    if (faults.strikes('powerLost')) struck.losePower();
    if (faults.strikes('gatewayDies')) gateways.process?.die();
    cutNetwork();
    if (faults.strikes('linksBreakAll')) world.links.breakAll();
    const { owner } = home;
    if (owner !== undefined && faults.strikes('cutOffOnDemand')) owner.cell.closeCycle().catch(() => {});
    time.after(1000, strike);
  };
  strike();
}

/** For plants that answer what only a bank may answer. */
function answerInTheBanksName({ time, oracle, platform, gateways }: World, plant: Wrap): void {
  const look = async () => {
    for (const { paymentId, bank } of oracle.payments()) {
      const { owner } = platform.cellOf(paymentId);
      if (owner === undefined) continue;
      const hash = gateways.hashes.get(Buffer.from(identifierToBytes(parseIdentifier(paymentId)!)).toString('hex'));
      if (hash === undefined || oracle.finalOf(paymentId) !== undefined) continue;
      if ((await owner.cell.payment(paymentId))?.state === 'unknown') plant.owner!(owner, [{ paymentId, bank, hash }]);
    }
  };
  const again = () => {
    void look();
    time.after(1000, again);
  };
  again();
}
