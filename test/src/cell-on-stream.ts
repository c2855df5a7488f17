/**
 * A cell and its stream in the test's own process, with participants whose links are pipes in memory: cell and
 * participants die when the test says so, in the middle of anything, and what they have on disk is all that is left.
 */
import {
  identifierToBytes,
  outcomeFlags,
  outcomeMessage,
  paymentMessage,
  questionPrefix,
  questionPrefixBytes,
} from '@clearway/contract';
import { encodeRecordFunds, paymentStates } from '@clearway/core';
import { createStream, type ParticipantConfiguration, type Stream, type StreamSettings } from '@clearway/gateway';
import { type Cancel, type Clock, type Link, type LinkEvents, type LinkNetwork, NetworkError } from '@clearway/ports';
import { realChance, realClock, realCrypto } from '@clearway/ports/real';
import { createStreamClient, type StreamClient, type StreamClientOptions, type StreamPayment } from '@clearway/sdk';
import { businessDateAt, copyEndToEndId, createCell, type RunningCell } from '@clearway/server';
import {
  type MemoryDisk,
  memoryArchive,
  memoryArchiveDisk,
  memoryDisk,
  memoryStore,
  type PaymentArchive,
  type Store,
} from '@clearway/store';

export const place = { centre: 1, cell: 1 };
const timeZone = 'Asia/Shanghai';
const currency = 156;
/** Of payment institutions; all others are banks. */
const isInstitution = (code: number) => code < 200;

export const scheme = {
  version: 1,
  schemeId: 'TEST',
  environment: 'sandbox' as const,
  currencies: [currency],
  maximumAmount: '1000000000',
  offerTimeoutMs: 300,
  longestExpiryMs: 60_000,
  enquiryBackoffMs: 30,
  enquiryBackoffLargestMs: 200,
  reversalAfterMs: 60_000,
  workItemAfterMs: 500,
  signingTimeoutMs: 60_000,
  routing: [{ centre: 1, cell: 1, weight: 1 }],
  timeZone,
};

/** The real clock until the process that goes by it is gone: then none of its timers comes any more. */
function mortalClock(): { readonly clock: Clock; end(): void } {
  const timers = new Set<Cancel>();
  let ended = false;
  return {
    clock: {
      ...realClock,
      after(delayMs, run) {
        if (ended) return () => {};
        const cancel = realClock.after(delayMs, () => {
          timers.delete(cancel);
          run();
        });
        timers.add(cancel);
        return () => {
          timers.delete(cancel);
          cancel();
        };
      },
    },
    end() {
      ended = true;
      for (const cancel of timers) cancel();
    },
  };
}

/** Two ends of a link; bytes arrive in order, a turn later. */
function pipe(accept: (link: Link) => LinkEvents, greet: (link: Link) => LinkEvents): { destroy(): void; link: Link } {
  let events: [LinkEvents, LinkEvents];
  let isOpen = true;
  const close = (error?: Error) => {
    if (!isOpen) return;
    isOpen = false;
    for (const one of events) one.closed(error);
  };
  const end = (other: 0 | 1): Link => ({
    peer: 'memory',
    waiting: 0,
    write(bytes) {
      setImmediate(() => {
        if (isOpen) events[other].data(bytes);
      });
      return true;
    },
    pause() {},
    resume() {},
    end: () => void setImmediate(close),
    destroy: () => close(new Error('cut')),
  });
  const [here, there] = [end(1), end(0)];
  // The client greets while it is made: what it says arrives a turn later.
  events = [greet(here), accept(there)];
  return { destroy: () => close(new Error('cut')), link: here };
}

export interface Outcome {
  readonly state: number;
  readonly reason: number;
  readonly flags: number;
}

/** One participant's program. */
export interface Party {
  readonly client: StreamClient;
  /** By identifier, hex: what was told of a payment or an answer, in order. */
  readonly outcomes: Map<string, Outcome[]>;
  readonly others: Map<string, Outcome[]>;
  readonly failures: Error[];
  /** What a bank was asked: types by identifier. */
  readonly questions: Map<string, number[]>;
  cutLinks(): void;
  /** As kill -9. */
  kill(): void;
}

export interface Keys {
  readonly publicKey: string;
  readonly privateKey: string;
}

export interface CellOnStream {
  readonly cell: RunningCell;
  readonly stream: Stream;
  readonly store: Store;
  readonly archive: PaymentArchive;
  readonly halts: Error[];
  readonly logged: { readonly event: string; readonly fields: Record<string, unknown> }[];
  /** As kill -9: nothing is told, flushed or signed any more; links break. */
  kill(): void;
}

/** What survives the cell. */
export interface Disks {
  readonly disk: MemoryDisk;
  readonly archive: ReturnType<typeof memoryArchiveDisk>;
  /** By code. */
  readonly keys: Map<number, Keys>;
}

export async function newDisks(codes: readonly number[]): Promise<Disks> {
  const keys = new Map<number, Keys>();
  for (const code of codes) keys.set(code, await realCrypto.generateSigningKey('ed25519'));
  return { disk: memoryDisk(), archive: memoryArchiveDisk(), keys };
}

export interface World {
  readonly disks: Disks;
  cell: CellOnStream | undefined;
  readonly links: Set<{ destroy(): void }>;
  readonly parties: Set<Party>;
}

/** Everything in it dies with the test. */
export async function newWorld(t: { after(run: () => void): void }, codes: readonly number[]): Promise<World> {
  const world: World = { disks: await newDisks(codes), cell: undefined, links: new Set(), parties: new Set() };
  t.after(() => {
    world.cell?.kill();
    for (const party of world.parties) party.kill();
  });
  return world;
}

const text = (code: number) => String(code).padStart(5, '0');

export async function startCell(
  world: World,
  settings: Partial<StreamSettings> & {
    readonly snapshotEvery?: number;
    readonly archive?: (archive: PaymentArchive) => PaymentArchive;
  } = {},
): Promise<CellOnStream> {
  const { disks } = world;
  const life = mortalClock();
  const halts: Error[] = [];
  const logged: CellOnStream['logged'] = [];
  const log = (event: string, fields: Record<string, unknown>) => void logged.push({ event, fields });
  const participants: ParticipantConfiguration[] = [...disks.keys].map(([code, { publicKey }]) => ({
    code: text(code),
    name: `participant ${code}`,
    role: isInstitution(code) ? 'paymentInstitution' : 'bank',
    status: 'active',
    idempotent: true,
    endpoint: 'https://127.0.0.1:1',
    keys: [{ version: 1, suite: 'ed25519', publicKey }],
    sealingKey: '',
    netDebitCaps: isInstitution(code) ? [] : [{ currency, amount: '1000000000' }],
    enquiryBudget: { perSecond: 10, burst: 10 },
  }));
  const store = memoryStore({ crypto: realCrypto, chance: realChance, disk: disks.disk });
  const opened = memoryArchive({ copyReference: copyEndToEndId, disk: disks.archive });
  const archive = settings.archive?.(opened) ?? opened;
  const cell = await createCell({
    place,
    ports: { clock: life.clock, crypto: realCrypto, chance: realChance },
    store,
    archive,
    scheme,
    participants: { version: 1, participants },
    snapshotEvery: settings.snapshotEvery ?? 1_000_000,
    halted: (error) => halts.push(error),
    log,
  });
  for (const code of disks.keys.keys())
    if (isInstitution(code))
      await cell.command(encodeRecordFunds({ participant: code, currency, entry: 1, credit: true, amount: 1e12 }));
  const stream = createStream({
    cell: cell.streamCell,
    ports: { clock: life.clock, crypto: realCrypto },
    settings: { certificates: false, ...settings },
    log,
  });
  cell.attachStream(stream);
  world.cell = {
    ...{ cell, stream, store, archive, halts, logged },
    kill() {
      world.cell = undefined;
      life.end();
      for (const link of [...world.links]) link.destroy();
    },
  };
  return world.cell;
}

export interface PartyOptions extends Partial<Pick<StreamClientOptions, 'window' | 'checkpointEveryMs' | 'sent'>> {
  /** A bank's answer by number, 0 for none; default 1, succeeded. `type`: offer 1, enquiry 2, reversal 3. */
  readonly answer?: (type: number, id: string) => number;
}

const hexAt = (view: DataView, at: number) => Buffer.from(view.buffer, view.byteOffset + at, 16).toString('hex');

export function startParty(world: World, code: number, options: PartyOptions = {}): Party {
  const life = mortalClock();
  const mine = new Set<{ destroy(): void }>();
  let isDead = false;
  const outcomes = new Map<string, Outcome[]>();
  const others = new Map<string, Outcome[]>();
  const questions = new Map<string, number[]>();
  const failures: Error[] = [];
  const links: LinkNetwork = {
    async connect(_address, greet) {
      if (world.cell === undefined || isDead) throw new NetworkError('no connection', true);
      const made = pipe(world.cell.stream.accept, (link) => {
        const events = greet(link);
        return { ...events, closed: (error) => !isDead && events.closed(error) };
      });
      mine.add(made);
      world.links.add(made);
      return made.link;
    },
  };
  const keep = (map: Map<string, Outcome[]>) => (view: DataView, at: number) => {
    const id = hexAt(view, at + outcomeMessage.id);
    const outcome = {
      state: view.getUint8(at + outcomeMessage.state),
      reason: view.getUint16(at + outcomeMessage.reason),
      flags: view.getUint8(at + outcomeMessage.flags),
    };
    map.set(id, [...(map.get(id) ?? []), outcome]);
  };
  const client: StreamClient = createStreamClient({
    ports: { clock: life.clock, chance: realChance, crypto: realCrypto, links },
    addresses: ['cell:1'],
    scheme,
    signers: [
      {
        code: text(code),
        signing: { suite: 'ed25519', version: 1, privateKey: world.disks.keys.get(code)!.privateKey },
      },
    ],
    ...(options.window && { window: options.window }),
    ...(options.checkpointEveryMs && { checkpointEveryMs: options.checkpointEveryMs }),
    ...(options.sent && { sent: options.sent }),
    events: {
      outcome: keep(outcomes),
      otherOutcome: keep(others),
      question(bytes, view, at, hashes, hashAt, link) {
        const idAt = at + questionPrefixBytes + paymentMessage.id;
        const id = hexAt(view, idAt);
        const type = view.getUint8(at + questionPrefix.type);
        questions.set(id, [...(questions.get(id) ?? []), type]);
        const answer = options.answer?.(type, id) ?? 1;
        if (answer === 0) return;
        const reason = answer === 2 ? 200 : 0;
        client.answer({
          signer: 0,
          id: bytes,
          idAt,
          answer,
          reason,
          answeredAt: Date.now(),
          hash: hashes,
          hashAt,
          link,
        });
      },
      failed: (error) => failures.push(error),
    },
  });
  const party: Party = {
    ...{ client, outcomes, others, failures, questions },
    cutLinks() {
      for (const link of mine) link.destroy();
    },
    kill() {
      isDead = true;
      life.end();
      for (const link of mine) link.destroy();
    },
  };
  world.parties.add(party);
  return party;
}

let sequence = 0;

/** A payout; `id` in hex as outcomes are told by. */
export function payout(from: number, bank: number): StreamPayment & { readonly hex: string } {
  sequence++;
  const date = businessDateAt(Date.now(), timeZone);
  const id = identifierToBytes({ date, version: 1, participant: from, sequence, ...place });
  return {
    ...{ signer: 0, id, idAt: 0, kind: 2, currency, decimals: 2, instructed: bank, amount: 100 + sequence },
    ...{ expiresAt: Date.now() + 50_000, reference: undefined, endToEndId: Buffer.from(`order-${sequence}`) },
    ...{ sealed: new Uint8Array(0), hex: Buffer.from(id).toString('hex') },
  };
}

export const lastState = (party: Party, { hex }: { readonly hex: string }): string | undefined => {
  const last = party.outcomes.get(hex)?.at(-1);
  if (last === undefined) return undefined;
  if (last.flags & outcomeFlags.notProcessed) return 'notProcessed';
  return Object.entries(paymentStates).find(([, number]) => number === last.state)?.[0] ?? 'none';
};
