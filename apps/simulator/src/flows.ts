/** The core flows, each as small as it can be: what is there before, and what is done while processes are killed. */
import { accountsIn, type State } from '@clearway/core';
import type { Fault } from './faults.ts';
import { yuan } from './institution.ts';
import type { Shape, World } from './world.ts';

/** What the preparation leaves behind. */
export interface Prepared {
  readonly agreementId: string;
  /** Of a succeeded payment over 10.00. */
  readonly paymentId: string;
}

export interface Flow {
  readonly shape: Shape;
  /** Each strikes as often as it says, from the beginning of the flow on. */
  readonly faults?: Readonly<Partial<Record<Fault, number>>>;
  /** Money moves in it: it is killed in pairs too. */
  readonly movesMoney?: true;
  prepare(world: World): Promise<Prepared>;
  run(world: World, prepared: Prepared): Promise<unknown>;
}

const institution = '00101';
const bank = '00201';

const shape: Shape = {
  // A working day at ten in the morning in the scheme's time zone.
  startsAt: Date.UTC(2026, 10, 23, 2),
  institutions: [institution],
  banks: [bank],
  bookingTwice: [],
  reversalAfterMs: 8000,
  netDebitCap: () => '100000000',
  deposit: () => 100_000_000n,
  journal: 'memory',
  snapshotEvery: 1000,
  // Cycles are closed by the flows themselves.
  cycleSeconds: 0,
  onStream: [],
  links: 1,
  window: 64,
  uncoveredMessages: 262_144,
  cellWeights: [1],
  beatMs: 0,
  lingerMs: 0,
  isLong: false,
};

const onStream: Shape = { ...shape, onStream: [institution, bank] };

const twoCells: Shape = { ...shape, cellWeights: [1, 1] };

const nothing: Prepared = { agreementId: '', paymentId: '' };
const wallet = ({ institutions }: World) => institutions[0];
const payOnce = (world: World, agreementId: string, endToEndId: string) =>
  wallet(world).pay({ kind: 'agreementPayment', bank, amount: yuan(10_00), endToEndId, agreementId });
const payOutOnce = (world: World, endToEndId: string) => {
  const creditor = { name: 'Creditor', account: '6201' };
  return wallet(world).pay({ kind: 'payout', bank, amount: yuan(7_00), endToEndId, creditor });
};

const sign = async (world: World): Promise<Prepared> => ({ ...nothing, agreementId: await wallet(world).sign(bank) });

const signAndPay = async (world: World): Promise<Prepared> => {
  const agreementId = await wallet(world).sign(bank);
  await payOnce(world, agreementId, 'before');
  const [{ paymentId }] = world.oracle.payments();
  return { agreementId, paymentId };
};

const pay = (world: World, { agreementId }: Prepared) => payOnce(world, agreementId, 'flow');

/** Until everything over the stream is covered by signatures: that is later than the end of a payment. */
async function isSigned({ home, time }: World): Promise<void> {
  while (home.owner?.stream?.uncovered !== 0) await time.rest(100);
}

async function payAndSign(world: World, { agreementId }: Pick<Prepared, 'agreementId'>): Promise<void> {
  await payOnce(world, agreementId, 'flow');
  await isSigned(world);
}

async function takeOverWhilePaying(world: World, { agreementId }: Prepared): Promise<void> {
  const { home, time } = world;
  const old = home.process!;
  const paid = payOnce(world, agreementId, 'while the owner is held');
  // The offer is at the bank; its answer comes to another owner.
  await time.rest(30);
  old.hold();
  await time.rest(50);
  home.takeOver();
  await time.rest(3000);
  old.goOn();
  await paid;
}

/** Asks whoever serves until the bank has this cap, and waits until each cell has a share of it. */
async function raiseCap(world: World, amount: string): Promise<void> {
  const { home, platform, time } = world;
  world.capChanges(bank, BigInt(amount));
  const caps = [{ currency: 156, amount }];
  const isAdopted = () =>
    home.owner?.cell.configuration().participants.find(({ code }) => code === bank)?.netDebitCaps[0]?.amount === amount;
  while (!isAdopted()) {
    home.owner?.cell
      .changeParticipants((all) => all.map((one) => (one.code === bank ? { ...one, netDebitCaps: caps } : one)))
      .catch(() => {});
    await time.rest(1000);
  }
  const has = (state: State | undefined) =>
    state !== undefined &&
    [...accountsIn(state)].some(({ participant, headroom }) => participant === Number(bank) && headroom > 0);
  while (!platform.cells.every(({ answering }) => has(answering?.state))) await time.rest(100);
}

/** So many at once, in whichever cells they are. */
const payTimes = (world: World, agreementId: string, count: number) =>
  Promise.all(Array.from({ length: count }, (_, index) => payOnce(world, agreementId, `order ${index}`)));

/** Asks whoever serves until the cut-off is in the journal; gives its number. */
async function cutOff({ home, time }: World, cycle: number): Promise<void> {
  const current = () => home.owner?.cell.statistics().cycle ?? 0;
  while (current() <= cycle) {
    const { owner } = home;
    if (owner !== undefined && current() === cycle)
      await Promise.race([owner.cell.closeCycle().catch(() => 0), time.rest(1000)]);
    else await time.rest(100);
  }
}

async function settled({ records, time, home }: World, cycle: number): Promise<void> {
  home.owner?.house?.wake();
  while ((await records.cycle(cycle))?.state !== 'settled') await time.rest(100);
}

export const flows = {
  signing: {
    shape,
    prepare: async () => nothing,
    run: (world) => wallet(world).sign(bank),
  },
  rescission: {
    shape,
    prepare: sign,
    run: (world, { agreementId }) => wallet(world).rescind(agreementId),
  },
  payment: { shape, movesMoney: true, prepare: sign, run: pay },
  payout: { shape, movesMoney: true, prepare: async () => nothing, run: (world) => payOutOnce(world, 'flow') },
  refund: {
    shape,
    movesMoney: true,
    prepare: signAndPay,
    run: (world, { paymentId }) =>
      wallet(world).pay({
        kind: 'refund',
        bank,
        amount: yuan(10_00),
        endToEndId: 'flow',
        originalPaymentId: paymentId,
      }),
  },
  unknown: { shape, faults: { bankSilentBooked: 1 }, prepare: sign, run: pay },
  reversal: {
    shape,
    movesMoney: true,
    faults: { bankSilentBooked: 1, bankSilentOnEnquiry: 100 },
    prepare: sign,
    run: pay,
  },
  cutOff: {
    shape,
    prepare: sign,
    run: async (world, { agreementId }) => {
      const cycle = world.home.owner!.cell.statistics().cycle;
      await Promise.all([
        payOnce(world, agreementId, 'at the cut-off'),
        payOutOnce(world, 'paid out at the cut-off'),
        world.time.rest(60).then(() => cutOff(world, cycle)),
      ]);
    },
  },
  settlement: {
    shape,
    prepare: signAndPay,
    run: async (world) => {
      const cycle = world.home.owner!.cell.statistics().cycle;
      await cutOff(world, cycle);
      await settled(world, cycle);
    },
  },
  snapshot: {
    shape: { ...shape, snapshotEvery: 11 },
    prepare: sign,
    run: async (world, { agreementId }) => {
      for (const order of ['first', 'second', 'third']) await payOnce(world, agreementId, order);
    },
  },
  takeover: { shape, prepare: sign, run: takeOverWhilePaying },
  shareAmongCells: {
    shape: { ...twoCells, netDebitCap: () => '0' },
    prepare: sign,
    run: async (world, { agreementId }) => {
      await raiseCap(world, '100000');
      await payTimes(world, agreementId, 3);
    },
  },
  rescissionAmongCells: {
    shape: twoCells,
    prepare: sign,
    run: async (world, { agreementId }) => {
      await wallet(world).rescind(agreementId);
      // Whichever cell they name knows that by now, or has been dead since and learns it first.
      await payTimes(world, agreementId, 2);
    },
  },
  cutOffAmongCells: {
    shape: twoCells,
    prepare: sign,
    run: async (world, { agreementId }) => {
      const cycle = world.home.owner!.cell.statistics().cycle;
      await Promise.all([payTimes(world, agreementId, 3), world.time.rest(60).then(() => cutOff(world, cycle))]);
      await settled(world, cycle);
    },
  },
  paymentInFiles: { shape: { ...shape, journal: 'files' }, prepare: sign, run: pay },
  keyRotation: {
    shape,
    prepare: sign,
    run: async (world, { agreementId }) => {
      const rotated = wallet(world).rotateKey();
      await world.time.rest(100);
      await payOnce(world, agreementId, 'while the key changes');
      await rotated;
    },
  },
  streamPayment: { shape: onStream, movesMoney: true, prepare: sign, run: payAndSign },
  streamToBankOnHttp: { shape: { ...shape, onStream: [institution] }, prepare: sign, run: payAndSign },
  streamUnknown: { shape: onStream, faults: { bankSilentBooked: 1 }, prepare: sign, run: payAndSign },
  streamReversal: {
    shape: onStream,
    faults: { bankSilentBooked: 1, bankSilentOnEnquiry: 100 },
    prepare: sign,
    run: payAndSign,
  },
  streamWindow: {
    // One payment under way, and one message unsigned: the second waits for both.
    shape: { ...onStream, window: 1, uncoveredMessages: 1 },
    prepare: sign,
    run: async (world, { agreementId }) => {
      await Promise.all([payAndSign(world, { agreementId }), payOnce(world, agreementId, 'behind it')]);
      await isSigned(world);
    },
  },
  streamReconnect: {
    shape: onStream,
    prepare: sign,
    run: async (world, { agreementId }) => {
      const paid = payAndSign(world, { agreementId });
      // The offer is at the bank.
      await world.time.rest(30);
      world.links.breakAll();
      await paid;
    },
  },
  streamCutOff: {
    shape: onStream,
    prepare: sign,
    run: async (world, { agreementId }) => {
      const cycle = world.home.owner!.cell.statistics().cycle;
      await Promise.all([
        payAndSign(world, { agreementId }),
        payOutOnce(world, 'paid out at the cut-off'),
        world.time.rest(60).then(() => cutOff(world, cycle)),
      ]);
      await settled(world, cycle);
    },
  },
  streamTakeover: { shape: onStream, prepare: sign, run: takeOverWhilePaying },
} satisfies Record<string, Flow>;

export type FlowName = keyof typeof flows;
export const flowNames = Object.keys(flows) as FlowName[];
export const moneyFlows = flowNames.filter((name) => (flows[name] as Flow).movesMoney === true);
