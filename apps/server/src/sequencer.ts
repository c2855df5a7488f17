/**
 * Orders commands, lets the core decide them in batches, makes the batches durable, and only then lets their effects
 * out, in order.
 *
 * A batch is what arrived while the last ones were being flushed, so an idle cell has batches of one and the lowest
 * latency. When an append fails or its fate is not known, nothing more is told: the cell claims its journal again,
 * learns which of its batches are in it, appends the others anew under the new epoch, and goes on. New commands are
 * refused definitely meanwhile.
 */
import { LotBytes } from '@clearway/contract';
import { applyBatch, assert, Effects, rulesInForce, type State } from '@clearway/core';
import type { Clock, Crypto } from '@clearway/ports';
import {
  type BodyKeyStore,
  type Claim,
  encryptPacked,
  FencedError,
  headerHash,
  type Journal,
  type JournalBatch,
  makeBatch,
  packBodies,
  unpackBodies,
} from '@clearway/store';
import type { CellClock } from './cell-clock.ts';

export interface SequencerSettings {
  /** Most commands in a batch. */
  readonly largestBatch: number;
  /** Most batches being flushed at once. */
  readonly appendsInFlight: number;
  /** Most commands waiting; above it `overloaded` is the definite answer. */
  readonly largestQueue: number;
}

export const defaultSequencerSettings: SequencerSettings = {
  largestBatch: 4096,
  appendsInFlight: 4,
  largestQueue: 150_000,
};

/** What no claim mends, however often: our own mistakes, and a journal that is not what was written. */
const hopeless: ReadonlySet<string> = new Set([
  'AssertionError',
  'DamagedJournalError',
  'JournalDamagedError',
  'NewerJournalError',
]);
/** What a batch may take of those who follow, most of it unused; how soon to look again when they have no room, ms. */
const mostFactsBytes = 1 << 20;
const mostChanges = 16_384;
const roomRetryMs = 5;

/** Commands that arrived together, from one asker or from many: decided in this order, in one batch. */
export interface Lot {
  /** The commands one after the other; they may get their outcomes in place. */
  readonly facts: Uint8Array;
  /** Their bodies, packed as in a batch (store/batch.ts). */
  readonly bodies: Uint8Array;
  readonly commands: number;
  /** It is decided and in its batch, all of it copied: whoever owns the memory of facts and bodies may use it again. */
  formed?(): void;
  /** Its batch and all before it are durable. */
  durable(placed: PlacedLot): void;
  /** Nothing was done with any of them. */
  refused(error: RefusedBeforeSequencing): void;
}

/** Where a lot stands in its batch. */
export interface PlacedLot {
  readonly lot: Lot;
  readonly sequence: number;
  readonly at: number;
  /** Index of its first command. */
  readonly first: number;
  /** The batch's facts, and where in them the lot's begin. */
  readonly facts: Uint8Array;
  readonly offset: number;
}

/** A command's place in the journal and what was decided. */
export interface Sequenced {
  readonly sequence: number;
  readonly index: number;
  readonly at: number;
  /** Outcome and reason as numbers, as in the facts. */
  readonly outcome: number;
  readonly reason: number;
}

export interface AppliedBatch {
  readonly sequence: number;
  readonly at: number;
  readonly facts: Uint8Array;
  /** Packed as in the journal, in the clear, in pieces that follow one another. Valid only during the call. */
  readonly packed: readonly Uint8Array[];
  /** The same one by one, copied when first asked for. */
  readonly bodies: readonly Uint8Array[];
  /** Valid only during the call: used again for the next batch. */
  readonly effects: Effects;
  /** Bodies as they were handed over, in the order of the commands; none when a journal is replayed. */
  readonly lots: readonly PlacedLot[];
  /** The same batch seen with some of its effects only. */
  with(effects: Effects): AppliedBatch;
}

export interface SequencerOptions {
  readonly state: State;
  readonly journal: Journal;
  readonly bodyKeys: BodyKeyStore;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly cellClock: CellClock;
  readonly claim: Claim;
  readonly settings?: SequencerSettings;
  /** Whether what follows batches has room for one of so many bytes of facts and changes; false holds the next back. */
  hasRoom?(factsBytes: number, changes: number): boolean;
  /** Called when a batch is applied, before it is durable: read the state now. What it returns runs when durable. */
  applied(batch: AppliedBatch): () => void;
  /** A batch became durable after this time. */
  flushed?(ms: number): void;
  /** The cell is over: another owns it, or an assertion broke. Nothing is told any more. */
  halted(error: Error): void;
  log(event: string, fields: Record<string, unknown>): void;
}

export class RefusedBeforeSequencing extends Error {
  override name = 'RefusedBeforeSequencing';
  readonly reason: 'journalUnavailable' | 'overloaded' | 'cellUnavailable';
  constructor(reason: 'journalUnavailable' | 'overloaded' | 'cellUnavailable') {
    super(`nothing was done: ${reason}`);
    this.reason = reason;
  }
}

export interface Sequencer {
  /**
   * Resolves when the command's batch and all before it are durable.
   * @throws RefusedBeforeSequencing when it was never applied
   */
  submit(command: Uint8Array, body: Uint8Array): Promise<Sequenced>;
  /** Takes commands without a promise; a lot is at most `largestBatch` of them. */
  take(lot: Lot): void;
  /** Last sequence that is durable with all before it. */
  readonly frontier: number;
  readonly epoch: number;
  /** Resolves when everything up to `sequence` is durable. */
  durable(sequence: number): Promise<void>;
  /** Commands. */
  readonly waiting: number;
  readonly unflushed: number;
  /** Whether new commands are taken. */
  readonly serving: boolean;
  /** Takes no more commands and resolves when all that were applied are durable. */
  stop(): Promise<void>;
  readonly flushTimes: FlushTimes;
}

/** Counters for watching. */
export interface FlushTimes {
  batches: number;
  commands: number;
  totalMs: number;
  largestMs: number;
  reclaims: number;
  /** Commands refused because too many were waiting. */
  shed: number;
}

interface Pending {
  batch: JournalBatch;
  readonly at: number;
  readonly commands: number;
  readonly rules: number;
  readonly lots: readonly PlacedLot[];
  readonly release: () => void;
  durable: boolean;
  /** It was under way when the journal was claimed again. */
  isRepeated: boolean;
}

export function createSequencer(options: SequencerOptions): Sequencer {
  const { state, journal, crypto, clock, cellClock, log } = options;
  const settings = options.settings ?? defaultSequencerSettings;
  const place = { centre: state.centre, cell: state.cell };
  const effects = new Effects();
  let queue: Lot[] = [];
  /** Commands in the queue. */
  let queued = 0;
  /** Applied and not yet released, in order. */
  const pending: Pending[] = [];
  const frontierWaiters: { sequence: number; resolve(): void }[] = [];
  const flushTimes: FlushTimes = { batches: 0, commands: 0, totalMs: 0, largestMs: 0, reclaims: 0, shed: 0 };
  const bodyKeys = new Map<number, Uint8Array>();
  /** Of the bodies columns that are not durable yet. */
  const columns = new LotBytes(1 << 20);

  let epoch = options.claim.epoch;
  let previousHash = options.claim.lastHash;
  let frontier = state.sequence;
  let appending = 0;
  let mode: 'serving' | 'reclaiming' | 'halted' = 'serving';
  /** No more commands are taken; what was applied is still made durable. */
  let stopping = false;
  let pumping = false;

  assert(options.claim.last === state.sequence, 'the core has replayed the whole journal before it serves');

  const halt = (error: Error) => {
    if (mode === 'halted') return;
    mode = 'halted';
    refuseQueue('cellUnavailable');
    // What was applied and is not durable stays untold for ever here: whoever claims next decides.
    options.halted(error);
  };

  const refuseQueue = (reason: RefusedBeforeSequencing['reason']) => {
    const refused = queue;
    queue = [];
    queued = 0;
    for (const lot of refused) lot.refused(new RefusedBeforeSequencing(reason));
  };

  const bodyKey = async (at: number): Promise<Uint8Array> => {
    const date = dayOf(at);
    let key = bodyKeys.get(date);
    if (key === undefined) {
      key = await options.bodyKeys.key(date);
      bodyKeys.set(date, key);
      for (const known of bodyKeys.keys()) if (bodyKeys.size > 3 && known !== date) bodyKeys.delete(known);
    }
    return key;
  };

  const pump = async (): Promise<void> => {
    if (pumping) return;
    pumping = true;
    try {
      while (mode === 'serving' && queue.length > 0 && appending < settings.appendsInFlight) {
        if (options.hasRoom?.(mostFactsBytes, mostChanges) === false) {
          clock.after(roomRetryMs, () => void pump());
          return;
        }
        const at = Math.max(state.at, cellClock.at());
        const key = await bodyKey(at).catch((error: Error) => {
          log('journal.keyUnavailable', { error: error.name, detail: error.message });
          return undefined;
        });
        if (key === undefined) return void reclaim();
        if (mode !== 'serving') break;
        if (queue.length > 0) form(at, key);
      }
    } catch (error) {
      // The core may have applied what the journal does not have: this memory is not to be believed any more.
      halt(error as Error);
    } finally {
      pumping = false;
    }
  };

  /** The oldest lots, together at most a batch. */
  const nextLots = (): Lot[] => {
    let commands = 0;
    let count = 0;
    while (count < queue.length && (count === 0 || commands + queue[count].commands <= settings.largestBatch))
      commands += queue[count++].commands;
    queued -= commands;
    const rest = queue.slice(count);
    queue.length = count;
    const lots = queue;
    queue = rest;
    return lots;
  };

  /** Applies what waits as one batch and starts its append. */
  const form = (at: number, key: Uint8Array) => {
    const taken = nextLots();
    const sequence = state.sequence + 1;
    const facts = joined(taken.map((lot) => lot.facts));
    const packed = taken.map((lot) => lot.bodies);
    const lots: PlacedLot[] = [];
    let first = 0;
    let offset = 0;
    for (const lot of taken) {
      lots.push({ lot, sequence, at, first, facts, offset });
      first += lot.commands;
      offset += lot.facts.length;
    }
    effects.clear();
    const commands = applyBatch(state, sequence, at, facts, effects);
    assert(commands === first, 'every waiting command is one record');
    const rules = rulesInForce(state);
    const release = options.applied(new Applied(sequence, at, facts, effects, lots, () => packed));
    const batch = makeBatch(crypto, {
      ...place,
      rulesVersion: rules,
      epoch,
      sequence,
      at,
      commands,
      previousHash,
      facts,
      bodies: encryptPacked(crypto, key, { ...place, sequence }, packed, (size) => columns.whole(size)),
    });
    for (const lot of taken) lot.formed?.();
    previousHash = headerHash(crypto, batch.header);
    const one: Pending = { batch, at, commands, rules, lots, release, durable: false, isRepeated: false };
    pending.push(one);
    append(one);
  };

  const append = (one: Pending) => {
    const mine = epoch;
    const started = clock.elapsed();
    appending++;
    journal.append(one.batch).then(
      () => {
        if (mine !== epoch || mode === 'halted') return;
        appending--;
        const ms = clock.elapsed() - started;
        flushTimes.batches++;
        flushTimes.commands += one.commands;
        flushTimes.totalMs += ms;
        flushTimes.largestMs = Math.max(flushTimes.largestMs, ms);
        options.flushed?.(ms);
        one.durable = true;
        try {
          releaseDurable();
        } catch (error) {
          halt(error as Error);
        }
        void pump();
      },
      (error: Error) => {
        // While the cell claims anew, the claim decides what became of every append before it.
        if (mine !== epoch || mode !== 'serving') return;
        appending--;
        log('journal.appendFailed', { sequence: one.batch.sequence, error: error.name, detail: error.message });
        if (error instanceof FencedError) halt(error);
        else void reclaim();
      },
    );
  };

  const releaseDurable = () => {
    while (pending.length > 0 && pending[0].durable) {
      const { batch, lots, release, isRepeated } = pending.shift()!;
      assert(batch.sequence === frontier + 1, 'batches are released in order');
      frontier = batch.sequence;
      // An append of an earlier epoch may still have its hands on the column.
      if (!isRepeated) columns.giveBack(batch.bodies);
      release();
      for (const placed of lots) placed.lot.durable(placed);
    }
    for (let i = frontierWaiters.length - 1; i >= 0; i--) {
      if (frontierWaiters[i].sequence <= frontier) frontierWaiters.splice(i, 1)[0].resolve();
    }
  };

  /** Asked after a wait: what has halted meanwhile never serves again. */
  const isHalted = () => mode === 'halted';

  let reclaiming: Promise<void> | undefined;
  const reclaim = (): Promise<void> => {
    if (mode === 'halted') return Promise.resolve();
    reclaiming ??= claimAgain()
      .catch(halt)
      .finally(() => {
        reclaiming = undefined;
      });
    return reclaiming;
  };

  /** Finds out what of ours is in the journal, and puts the rest there. */
  const claimAgain = async () => {
    mode = 'reclaiming';
    flushTimes.reclaims++;
    refuseQueue('journalUnavailable');
    for (let attempt = 0; ; attempt++) {
      if (isHalted()) return;
      try {
        const claim = await journal.claim();
        // From here on answers to appends of the old epoch mean nothing any more.
        epoch = claim.epoch;
        appending = 0;
        await checkOurs(claim);
        const unflushed = pending.filter((one) => !one.durable);
        log('journal.reclaimed', { epoch, last: claim.last, unflushed: unflushed.length });
        // Nothing new is taken before what was applied is durable: a disk that is full stays full for a while.
        for (const one of unflushed) {
          await journal.append(one.batch);
          one.durable = true;
        }
        break;
      } catch (error) {
        if (error instanceof FencedError || hopeless.has((error as Error).name)) return halt(error as Error);
        log('journal.claimFailed', { attempt, error: (error as Error).name, detail: (error as Error).message });
        await new Promise<void>((resolve) => clock.after(Math.min(100 * 2 ** attempt, 2000), resolve));
      }
    }
    if (isHalted()) return;
    mode = 'serving';
    releaseDurable();
    void pump();
  };

  /** Marks what the claim found of ours as durable and writes the headers of the others anew. */
  const checkOurs = async (claim: Claim) => {
    const newest = pending.length > 0 ? pending[pending.length - 1].batch.sequence : frontier;
    if (claim.last > newest || claim.last < frontier) {
      throw new FencedError(
        `the journal ends at ${claim.last}, this cell told up to ${frontier} and applied up to ${newest}`,
      );
    }
    previousHash = claim.lastHash;
    for (const one of pending) {
      const { batch } = one;
      one.isRepeated = true;
      if (batch.sequence <= claim.last) {
        const found = batch.sequence === claim.last ? claim.lastHash : undefined;
        if (found !== undefined && !equal(found, headerHash(crypto, batch.header))) {
          throw new FencedError(`batch ${batch.sequence} in the journal is not the one that this cell wrote`);
        }
        one.durable = true;
        continue;
      }
      one.durable = false;
      one.batch = makeBatch(crypto, {
        ...place,
        rulesVersion: one.rules,
        epoch,
        sequence: batch.sequence,
        at: one.at,
        commands: one.commands,
        previousHash,
        facts: batch.facts,
        bodies: batch.bodies,
      });
      previousHash = headerHash(crypto, one.batch.header);
    }
  };

  const take = (lot: Lot) => {
    if (mode === 'halted' || stopping) return lot.refused(new RefusedBeforeSequencing('cellUnavailable'));
    if (mode === 'reclaiming') return lot.refused(new RefusedBeforeSequencing('journalUnavailable'));
    if (queued >= settings.largestQueue) {
      flushTimes.shed += lot.commands;
      return lot.refused(new RefusedBeforeSequencing('overloaded'));
    }
    queue.push(lot);
    queued += lot.commands;
    // Let everything that has already arrived join the batch.
    queueMicrotask(() => void pump());
  };

  return {
    submit(command, body) {
      return new Promise((resolve, reject) => {
        take({
          facts: command,
          bodies: packBodies([body]),
          commands: 1,
          durable({ sequence, first, at, facts, offset }) {
            const view = new DataView(facts.buffer, facts.byteOffset + offset, command.length);
            resolve({ sequence, index: first, at, outcome: view.getUint8(1), reason: view.getUint16(2) });
          },
          refused: reject,
        });
      });
    },
    take,
    get frontier() {
      return frontier;
    },
    get epoch() {
      return epoch;
    },
    durable(sequence) {
      if (sequence <= frontier) return Promise.resolve();
      return new Promise((resolve) => frontierWaiters.push({ sequence, resolve }));
    },
    get waiting() {
      return queued;
    },
    get unflushed() {
      return pending.length;
    },
    get serving() {
      return mode === 'serving' && !stopping;
    },
    async stop() {
      stopping = true;
      void pump();
      while (mode !== 'halted' && (queue.length > 0 || pending.length > 0 || reclaiming !== undefined)) {
        await new Promise<void>((resolve) => clock.after(5, resolve));
      }
    },
    flushTimes,
  };
}

/** UTC day of a time, yyyymmdd: which key the bodies of a batch are under. */
export function dayOf(at: number): number {
  return Number(new Date(at).toISOString().slice(0, 10).replaceAll('-', ''));
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A batch whose bodies are opened when they are asked for. */
export class Applied implements AppliedBatch {
  readonly sequence: number;
  readonly at: number;
  readonly facts: Uint8Array;
  readonly effects: Effects;
  readonly lots: readonly PlacedLot[];
  private readonly open: () => readonly Uint8Array[];
  private opened: readonly Uint8Array[] | undefined;
  private unpacked: readonly Uint8Array[] | undefined;

  constructor(
    sequence: number,
    at: number,
    facts: Uint8Array,
    effects: Effects,
    lots: readonly PlacedLot[],
    open: () => readonly Uint8Array[],
  ) {
    this.sequence = sequence;
    this.at = at;
    this.facts = facts;
    this.effects = effects;
    this.lots = lots;
    this.open = open;
  }

  get packed(): readonly Uint8Array[] {
    this.opened ??= this.open();
    return this.opened;
  }

  get bodies(): readonly Uint8Array[] {
    this.unpacked ??= unpackBodies(joined(this.packed));
    return this.unpacked;
  }

  with(effects: Effects): AppliedBatch {
    if (effects === this.effects) return this;
    return new Applied(this.sequence, this.at, this.facts, effects, this.lots, () => this.packed);
  }
}
