/**
 * One cell: the core with everything around it that lives in the same process. It fills the port that gateways call
 * (gateway/src/port.ts) and acts for the operator.
 */
import { isStreamMessage } from '@clearway/contract';
import {
  agreementAt,
  agreementRow,
  assert,
  attachOriginal,
  type CycleState,
  commandTypes,
  currentCycle,
  describeAccount,
  type Effects,
  effectKinds,
  encodeAdoptConfiguration,
  encodeAdvanceBusinessDay,
  encodeCutOffCycle,
  encodeJoinClearing,
  encodeTick,
  findClearingBreaches,
  findCycle,
  handlesInFlight,
  headroom,
  identifierFromBytes,
  identifierText,
  identifierToBytes,
  isKnownCommand,
  layout,
  nextDeadline,
  outcomes,
  type Payment,
  type PaymentKind,
  type PaymentState,
  parseIdentifier,
  paymentAt,
  paymentHandle,
  paymentStates,
  positionsOf,
  previousDate,
  type Reason,
  reasonOf,
  type State,
} from '@clearway/core';
import {
  type AgreementView,
  type Cell,
  type Configuration,
  createMetrics,
  type Deliverer,
  type PaymentView,
  type Stream,
  type StreamCell,
  type SubmitResult,
} from '@clearway/gateway';
import type { Cancel, Ports } from '@clearway/ports';
import {
  type CellPlace,
  feedBatch,
  type PaymentArchive,
  type PaymentRecord,
  type Records,
  rebuildArchive,
  type Store,
  type WorkItemRecord,
} from '@clearway/store';
import { archivedRecords } from './archived-records.ts';
import { businessDateAt } from './business-day.ts';
import { createCellClock } from './cell-clock.ts';
import type { Peer } from './cells/peer.ts';
import type { Spread } from './cells/peer-desk.ts';
import {
  assertRulesKnown,
  assertSameScheme,
  type ParticipantsDocument,
  parseDocument,
  participantsContent,
  type SchemeDocument,
  schemeContent,
} from './documents.ts';
import { effectsBesideStream } from './effects-beside-stream.ts';
import { lastChanges } from './last-changes.ts';
import { createOutbox, type PendingNotice } from './outbox.ts';
import { code, createProjector, type Projector } from './projector.ts';
import { createRecordsWriter } from './records-writer.ts';
import { readBodies, readBody, recover } from './recover.ts';
import {
  type AppliedBatch,
  createSequencer,
  dayOf,
  RefusedBeforeSequencing,
  type Sequencer,
  type SequencerSettings,
} from './sequencer.ts';
import { createSnapshotter } from './snapshotter.ts';
import { createStreamDesk } from './stream-desk.ts';
import { type CoverageHint, findUncovered, hintAfter } from './uncovered.ts';

export interface CellOptions {
  /** Where payments are recorded; without one those over the stream become rows like all others. */
  readonly archive?: PaymentArchive | undefined;
  readonly place: CellPlace;
  readonly ports: Pick<Ports, 'clock' | 'crypto' | 'chance'>;
  readonly store: Store;
  /** Documents to adopt when they are newer than what is adopted. */
  readonly scheme: SchemeDocument;
  readonly participants: ParticipantsDocument;
  readonly sequencer?: SequencerSettings;
  /** Batches between two snapshots. */
  readonly snapshotEvery?: number;
  /** Where there are several cells. */
  readonly among?: AmongCells;
  halted(error: Error): void;
  log(event: string, fields: Record<string, unknown>): void;
}

/** What a cell needs of the others. */
export interface AmongCells {
  /** The cell that holds caps, money at the settlement agent and the configuration; absent in that cell itself. */
  readonly home?: Pick<Peer, 'cell' | 'suspend' | 'cycles'>;
  readonly spread: Spread;
}

export interface Statistics {
  readonly at: number;
  readonly businessDate: number;
  readonly epoch: number;
  readonly frontier: number;
  readonly serving: boolean;
  readonly submitted: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly refused: number;
  readonly unknown: number;
  readonly inFlight: number;
  readonly remembered: number;
  readonly recordsLag: number;
  readonly undelivered: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  readonly flush: {
    readonly batches: number;
    readonly commands: number;
    readonly meanMs: number;
    readonly largestMs: number;
    readonly reclaims: number;
  };
  readonly cycle: number;
  readonly cycles: readonly {
    readonly cycle: number;
    readonly state: CycleState;
    readonly payments: number;
    /** yyyymmdd. */
    readonly businessDate: number;
    readonly openedAt: number;
    /** Of every account that it has touched. Minor units. */
    readonly positions: readonly {
      readonly participant: string;
      readonly currency: number;
      readonly credits: number;
      readonly debits: number;
      readonly creditCount: number;
      readonly debitCount: number;
    }[];
    /** Of a queued cycle: who lacks how much, major units of the cycle's currency. */
    readonly shortfalls?: readonly { readonly participant: string; readonly missing: string }[];
    /** Of the open one, where cycles are cut by time; ms. */
    readonly cutOffDueAt?: number;
  }[];
  /** Accounts that have moved or hold something. Minor units. */
  readonly accounts: readonly {
    readonly participant: string;
    readonly currency: number;
    readonly outstanding: number;
    readonly reserved: number;
    readonly netDebitCap: number;
    readonly funds: number;
    readonly headroom: number;
  }[];
  /** Of participants, as their links have shown them, with the links that are open now; ms. */
  readonly certificates?: readonly { readonly fingerprint: string; readonly endsAt: number; readonly links: number }[];
  /** Of the program that runs the cell, where it says. */
  readonly version?: string;
  /** Of several cells together: those that did not answer, routing digits as a number. */
  readonly away?: readonly number[];
}

export interface RunningCell extends Cell {
  /** What a stream asks of this cell; {@link RunningCell.attachStream} gives it the way to tell. */
  readonly streamCell: StreamCell;
  attachStream(stream: Stream): void;
  /** Resolves when all that was taken over the stream by now is covered by its senders' signatures. */
  covered(): Promise<void>;
  attach(deliverer: Deliverer): () => void;
  configuration(): Configuration;
  onConfiguration(listener: (configuration: Configuration) => void): Cancel;
  /** Adopts a new version of the participants' document. */
  changeParticipants(
    change: (participants: ParticipantsDocument['participants']) => ParticipantsDocument['participants'] | Reason,
  ): Promise<SubmitResult>;
  /** Adopts a document of the home cell as it is. @throws Error if the core refuses it */
  adopt(kind: 'scheme' | 'participants', document: SchemeDocument | ParticipantsDocument): Promise<void>;
  /** Nothing is taken from this participant (its code) any more. */
  suspend(participant: string): Promise<SubmitResult>;
  /** Last batch that is durable with all before it. */
  readonly frontier: number;
  /** Resolves when all that is decided by now is durable. */
  durable(): Promise<void>;
  /** No agreement has changed after this batch. */
  readonly agreementsChangedAt: number;
  /** So long after its journaling in its home cell an agreement, or its end, was known here, ms. */
  agreementLagged(lagMs: number): void;
  /** An agreement has changed, durably. */
  onAgreement(listener: () => void): Cancel;
  /** Sequences a command of the platform's own; resolves when durable. */
  command(command: Uint8Array): Promise<SubmitResult>;
  /** The cut-off of the current cycle, on demand; gives its number. */
  closeCycle(): Promise<number>;
  /** Resolves when the cycle has reached the state or a later one. */
  cycleReached(cycle: number, state: 'cut' | 'netted' | 'settled'): Promise<void>;
  readonly state: State;
  statistics(): Statistics;
  metricsText(): string;
  /** Everything that is found afterwards, by whatever rail it came. */
  readonly records: Records;
  /** Resolves when the records hold everything that is durable now. */
  recordsWritten(): Promise<void>;
  /** Takes no more, flushes what is under way, writes the records. */
  stop(): Promise<void>;
}

/** In which state of a payment each question to its bank makes sense. */
const askedStates = { offer: 'offered', enquiry: 'unknown', reversal: 'reversing' } as const;
const signingStates = { signing: 'requested', confirmation: 'confirming' } as const;
const cycleOrder: readonly CycleState[] = ['open', 'cut', 'netted', 'queued', 'settled'];
/** Deadlines ended by one tick. */
const dueAtOnce = 1000;
/** Answers of banks kept for repeats and enquiries; older ones are read from the journal. */
const answersKept = 20_000;
/**
 * Up to which batch everything is covered but for stopped signers; one more than that of theirs, 0 for none. Up to which
 * batch all notices have been taken.
 */
const hints = { covered: 'coverage.behind', stopped: 'coverage.stopped', told: 'outbox.told' };
/** How often it is noted what has been told, ms. */
const toldEveryMs = 2000;
/** How soon the archive is asked again whether it has room, ms. */
const roomRetryMs = 5;
/** How long an operator has to look into a signer that did not sign, ms. */
const coverageTimeMs = 3_600_000;
/** How soon the home cell is asked again, ms. */
const homeRetryMs = 500;
/** From a gateway or a cell of a newer program: nothing was done. */
const unknownCommand: SubmitResult = { outcome: 'refused', reason: 'methodNotAllowed' };
/** How long a signing step keeps its asker waiting, ms; then the state as it is is told. */
const signingPatienceMs = 10_000;

export async function createCell(options: CellOptions): Promise<RunningCell> {
  const { archive, place, store, log } = options;
  const { clock, crypto } = options.ports;
  const metrics = createMetrics();
  const turnaround = metrics.histogram(
    'clearway_stream_turnaround_seconds',
    'From a message over the stream to the departure of what it brought about',
    [],
  );
  const flushes = metrics.histogram('clearway_cell_flush_seconds', 'From a batch to its being durable', []);
  const latency = metrics.histogram('clearway_cell_payment_seconds', 'From sequencing to the first told outcome', []);

  const agreementLag = metrics.histogram(
    'clearway_cell_agreement_lag_seconds',
    'From the journaling of an agreement or its end in its home cell to that in this one',
    [],
  );
  const waiters = new Map<number, (() => void)[]>();
  const agreementWaiters = new Map<number, (() => void)[]>();
  const cycleListeners = new Set<() => void>();
  const agreementListeners = new Set<() => void>();
  const configurationListeners = new Set<(configuration: Configuration) => void>();
  /** Requests of payments in flight, by handle: offers, enquiries and reversals repeat them. */
  const requests = new Map<number, Uint8Array>();
  const answers = new Map<string, Uint8Array>();
  const tally = { submitted: 0, succeeded: 0, failed: 0, refused: 0, unknown: 0 };

  let projector: Projector = createProjector([], [], archive !== undefined);
  let state!: State;
  let sequencer!: Sequencer;
  let tickTimer: Cancel | undefined;
  let dayTimer: Cancel | undefined;
  let ticking = false;
  let stopped = false;
  let agreementsChangedAt = 0;

  // ---- recovery ----

  const records = archive === undefined ? store.records : archivedRecords(store.records, archive);
  const cursor = await records.cursor();
  /** Open work items of participants that were stopped since they did not sign. */
  const unsigned = new Map<number, WorkItemRecord>();
  const recordsWriter = createRecordsWriter({ records: store.records, clock, cursor, log });

  const keepAnswer = (key: string, answer: Uint8Array) => {
    answers.set(key, answer);
    if (answers.size > answersKept) answers.delete(answers.keys().next().value as string);
  };

  /** The bodies that notices and repeats of a batch's payments and agreements will need. */
  const keepAnswersOf = (batch: AppliedBatch, effects: Effects) => {
    for (let i = 0; i < effects.count; i++) {
      const kind = effects.kinds[i];
      if (kind !== effectKinds.paymentChanged && kind !== effectKinds.agreementChanged) continue;
      const index = effects.commands[i];
      const body = batch.bodies[index];
      // A copy: the body lies in bytes that many lots share, all of which one answer would keep.
      if (body.length > 0) keepAnswer(`${batch.sequence}/${index}`, new Uint8Array(body));
    }
  };

  /** What the archive has lost is fed again; a promise only when it has to be waited for. */
  const feedAgain = (to: PaymentArchive, batch: AppliedBatch): Promise<void> | undefined => {
    if (batch.sequence < to.feed.next) return undefined;
    if (feedBatch(to.feed, state, archiveable(batch))) {
      to.feed.publish(batch.sequence);
      return undefined;
    }
    return new Promise<void>((resolve) => clock.after(roomRetryMs, resolve)).then(() => feedAgain(to, batch));
  };

  // Before the journal is taken from whoever has it.
  assertRulesKnown(options.scheme);
  const latest = await store.snapshots.latest();
  if (archive !== undefined && (latest?.sequence ?? 0) > archive.cursor) {
    log('archive.rebuilds', { from: archive.cursor, to: latest?.sequence });
    const pause = () => new Promise<void>((resolve) => clock.after(roomRetryMs, resolve));
    await rebuildArchive(archive, { journal: store.journal, bodyKeys: store.bodyKeys, crypto, place, dayOf, pause });
  }

  // Nothing is told before a gateway is attached, when all is there that a notice says.
  const outbox = createOutbox({
    clock,
    log,
    async content({ kind, subject }) {
      if (kind === 'paymentNotice') {
        const handle = paymentHandle(state, identifierToBytes(parseIdentifier(subject)!));
        if (handle >= 0) return { payment: await tellPayment(handle) };
        const record = await records.payment(subject);
        return record === undefined ? undefined : { payment: await viewOfRecord(record) };
      }
      if (kind === 'agreementNotice') {
        const row = agreementRow(state, identifierToBytes(parseIdentifier(subject)!));
        return row < 0 ? undefined : { agreement: await tellAgreement(row) };
      }
      // Whoever is told will ask for report and file at once: the records must have them.
      await recordsWriter.written(sequencer.frontier);
      const cycle = await store.records.cycle(Number(subject));
      if (cycle === undefined) throw new Error(`cycle ${subject} is not in the records yet`);
      return { cycle: { cycle: cycle.cycle, businessDate: cycle.businessDate, state: cycle.state } };
    },
  });

  let told = (await store.records.hint(hints.told)) ?? 0;
  /** The notices of a batch that is replayed, unless all of them were taken. */
  const tellAgain = (effects: Effects) => {
    if (state.sequence <= told) return;
    for (const notice of noticesOf(effects)) outbox.notify(notice);
  };

  const recovered = await recover(
    { store, crypto, place, elapsed: () => clock.elapsed() },
    {
      recordedTo: Math.min(cursor, archive?.cursor ?? cursor),
      madeTo: Math.max(cursor, archive?.cursor ?? cursor),
      restored(restored, page) {
        state = restored;
        const pending = (page?.pendingNotices ?? []) as PendingNotice[];
        for (const notice of pending) outbox.notify({ ...notice, sequence: notice.sequence ?? 0 });
        // What had not been taken before a snapshot stands in it alone, and this one cannot be read any more.
        if (latest !== undefined && page === undefined) told = 0;
      },
      passed: (effects, facts) => tellAgain(effectsBesideStream(effects, facts)),
      async reached() {
        const inFlight = Array.from(paymentsInFlight(state), ({ payment }) => identifierText(payment.id));
        const known = await records.paymentsNamed(inFlight);
        projector = createProjector(known, await store.records.workItems(true), archive !== undefined);
      },
      replayed(batch) {
        const waits = archive === undefined ? undefined : feedAgain(archive, batch);
        const effects = effectsBesideStream(batch.effects, batch.facts);
        recordsWriter.add(projector.project(state, archive === undefined ? batch : batch.with(effects)));
        tellAgain(effects);
        keepAnswersOf(batch, effects);
        return waits;
      },
    },
  );
  state = recovered.state;
  // Which batch it was is not known any more: whoever follows from before this start is told all that is newer to it.
  agreementsChangedAt = state.sequence;
  log('cell.recovered', {
    epoch: recovered.claim.epoch,
    sequence: recovered.claim.last,
    snapshot: recovered.snapshot,
    replayed: recovered.replayed,
    ms: Math.round(recovered.elapsedMs),
  });

  // ---- views ----

  const answerAt = async (sequence: number, index: number): Promise<Uint8Array> => {
    const key = `${sequence}/${index}`;
    const known = answers.get(key);
    if (known !== undefined) return known;
    const answer = await readBody(store, crypto, place, sequence, index);
    keepAnswer(key, answer);
    return answer;
  };

  const viewOf = (payment: Payment, answer: Uint8Array | undefined): PaymentView => ({
    paymentId: identifierText(payment.id),
    kind: payment.kind,
    state: payment.state,
    reason: payment.reason,
    instructingAgent: code(payment.id.participant),
    instructedAgent: code(payment.bank),
    amount: String(payment.amount),
    currency: payment.currency,
    cycle: payment.cycle,
    changedAt: payment.changedAt,
    // What a bank said over the stream is covered by its checkpoints, not signed on its own.
    answer: answer === undefined || isStreamMessage(answer) ? undefined : answer,
  });

  /** The payment at the durable frontier: waits until what is told of it is durable. */
  const tellPayment = async (handle: number): Promise<PaymentView> => {
    const payment = paymentAt(state, handle);
    await sequencer.durable(payment.sequence);
    const answered = payment.state === 'succeeded' || payment.state === 'failed';
    return viewOf(payment, answered ? await answerAt(payment.sequence, payment.answer) : undefined);
  };

  const tellAgreement = async (row: number): Promise<AgreementView> => {
    const agreement = agreementAt(state, row);
    await sequencer.durable(agreement.sequence);
    if (agreement.state === 'active' || agreement.state === 'rescinded')
      await options.among?.spread.agreements(agreement.sequence);
    const { sequence, index } = agreement.answer;
    return {
      agreementId: identifierText(agreement.id),
      institution: code(agreement.id.participant),
      bank: code(agreement.bank),
      state: agreement.state,
      reason: agreement.reason,
      paymentLimit: String(agreement.paymentLimit),
      currency: agreement.currency,
      expiresOn: agreement.expiresOn,
      changedAt: agreement.changedAt,
      answer: sequence === 0 ? undefined : await answerAt(sequence, index),
    };
  };

  const viewOfRecord = async (record: PaymentRecord): Promise<PaymentView> => ({
    paymentId: record.paymentId,
    kind: record.kind as PaymentKind,
    state: record.state as PaymentState,
    reason: record.reason as Reason,
    instructingAgent: record.instructingAgent,
    instructedAgent: record.instructedAgent,
    amount: String(record.amount),
    currency: record.currency,
    cycle: record.cycle,
    changedAt: record.changedAt,
    answer: record.answerSequence === 0 ? undefined : await ownAnswerAt(record.answerSequence, record.answerIndex),
  });

  const ownAnswerAt = async (sequence: number, index: number): Promise<Uint8Array | undefined> => {
    const answer = await answerAt(sequence, index);
    return isStreamMessage(answer) ? undefined : answer;
  };

  // ---- what a batch brings about ----

  /** Nothing more is told or asked by this memory. */
  function halt(error: Error): void {
    stopped = true;
    tickTimer?.();
    dayTimer?.();
    outbox.stop();
    options.halted(error);
  }

  const participantsDocument = () => documents.participants;

  const isIdempotent = (bank: number): boolean =>
    participantsDocument().participants.find((one) => Number(one.code) === bank)?.idempotent ?? false;

  /** The notices that a batch's effects call for, read from the state right after it was applied. */
  function noticesOf(effects: Effects): PendingNotice[] {
    const notices: PendingNotice[] = [];
    const isLast = lastChanges(effects);
    for (let i = 0; i < effects.count; i++) {
      if (!isLast[i]) continue;
      const subject = effects.subjects[i];
      if (effects.kinds[i] === effectKinds.paymentChanged) {
        const payment = paymentAt(state, subject);
        if (payment.state !== 'succeeded' && payment.state !== 'failed') continue;
        for (const participant of [payment.id.participant, payment.bank]) {
          notices.push({
            kind: 'paymentNotice',
            participant: code(participant),
            subject: identifierText(payment.id),
            state: payment.state,
            sequence: state.sequence,
          });
        }
      } else if (effects.kinds[i] === effectKinds.agreementChanged) {
        const agreement = agreementAt(state, subject);
        if (!['active', 'failed', 'rescinded'].includes(agreement.state)) continue;
        for (const participant of [agreement.id.participant, agreement.bank]) {
          notices.push({
            kind: 'agreementNotice',
            participant: code(participant),
            subject: identifierText(agreement.id),
            state: agreement.state,
            sequence: state.sequence,
          });
        }
      } else if (effects.kinds[i] === effectKinds.cycleChanged) {
        const cycle = findCycle(state, subject);
        // The home cell records it last, and tells it for all.
        if (cycle?.state !== 'settled' || state.home !== 0) continue;
        for (const participant of state.participants) {
          notices.push({
            kind: 'cycleNotice',
            participant: code(participant.code),
            subject: String(subject),
            state: 'settled',
            sequence: state.sequence,
          });
        }
      }
    }
    return notices;
  }

  /**
   * What to ask a bank about a payment, read now, when the batch is applied; what is returned asks when it is durable,
   * unless the payment has moved on by then: an offer never leaves after its deadline has been told.
   */
  const questionAbout = (kind: keyof typeof askedStates, handle: number, possibleDuplicate: boolean): (() => void) => {
    const payment = paymentAt(state, handle);
    const { flight } = payment;
    const matters = () => paymentAt(state, handle).state === askedStates[kind];
    if (flight === undefined || !matters()) return () => {};
    return () => {
      if (!matters()) return;
      outbox.ask({
        kind,
        participant: code(payment.bank),
        subject: identifierText(payment.id),
        // Deadlines of the core are in the cell's time; others look at the machine's clock.
        deadline: kind === 'offer' ? flight.dueAt + cellClock.skew() : clock.now() + documents.scheme.offerTimeoutMs,
        message: async () => requests.get(handle) ?? keepRequest(handle, flight.requestSequence, flight.requestIndex),
        matters,
        idempotent: isIdempotent(payment.bank),
        possibleDuplicate,
        repeat: kind === 'offer',
      });
    };
  };

  const keepRequest = async (handle: number, sequence: number, index: number) => {
    const request = await readBody(store, crypto, place, sequence, index);
    if (paymentAt(state, handle).flight !== undefined) requests.set(handle, request);
    return request;
  };

  const askAboutSigning = (kind: keyof typeof signingStates, row: number, possibleDuplicate: boolean) => {
    const agreement = agreementAt(state, row);
    if (agreement.state !== signingStates[kind]) return;
    const where = kind === 'signing' ? agreement.request : agreement.confirmation;
    outbox.ask({
      kind,
      participant: code(agreement.bank),
      subject: identifierText(agreement.id),
      deadline: agreement.changedAt + documents.scheme.signingTimeoutMs,
      message: () => answerAt(where.sequence, where.index),
      matters: () => agreementAt(state, row).state === agreement.state,
      idempotent: isIdempotent(agreement.bank),
      possibleDuplicate,
      repeat: true,
    });
  };

  const wake = (map: Map<number, (() => void)[]>, subject: number) => {
    const waiting = map.get(subject);
    map.delete(subject);
    for (const resolve of waiting ?? []) resolve();
  };

  let stream: Stream | undefined;
  const desk = createStreamDesk({
    state,
    clock,
    tally,
    sequencer: () => sequencer,
    configuration: () => configuration(),
    isIdempotent,
    turnedAround: (messages, ms) => turnaround.recordMany(messages, ms),
    stopSigner: (participant, reason, detail) => void stopSigner(participant, reason, detail),
    signed,
    uncovered: () => uncovered,
    coveredTo,
    log,
    bodies: (sequence) => readBodies(store, crypto, place, sequence),
    async remembered(id) {
      const record = await recordOf(identifierText(identifierFromBytes(id)));
      return (
        record && {
          state: paymentStates[record.state as PaymentState],
          reason: record.reason as Reason,
          cycle: record.cycle,
          changedAt: record.changedAt,
          bank: Number(record.instructedAgent),
          institution: Number(record.instructingAgent),
        }
      );
    },
  });

  /** Reads what the batch changed now; what is returned runs when the batch is durable. */
  const applied = (batch: AppliedBatch): (() => void) => {
    if (archive !== undefined) {
      const fed = feedBatch(archive.feed, state, archiveable(batch));
      assert(fed, 'the sequencer forms a batch only when the archive has room');
    }
    const effects = desk.applied(batch);
    const change = projector.project(state, archive === undefined ? batch : batch.with(effects));
    const notices = noticesOf(effects);
    keepAnswersOf(batch, effects);
    const acts: (() => void)[] = [];
    const isLast = lastChanges(effects);
    for (let i = 0; i < effects.count; i++) {
      if (!isLast[i]) continue;
      const subject = effects.subjects[i];
      const index = effects.commands[i];
      switch (effects.kinds[i]) {
        case effectKinds.paymentChanged:
          acts.push(paymentChanged(subject));
          break;
        case effectKinds.offer:
          requests.set(subject, batch.bodies[index]);
          acts.push(questionAbout('offer', subject, false));
          break;
        case effectKinds.enquire:
          acts.push(questionAbout('enquiry', subject, false));
          break;
        case effectKinds.reverse:
          acts.push(questionAbout('reversal', subject, false));
          break;
        case effectKinds.agreementChanged:
          agreementsChangedAt = batch.sequence;
          acts.push(() => {
            wake(agreementWaiters, subject);
            for (const listener of agreementListeners) listener();
          });
          break;
        case effectKinds.requestSigning:
          acts.push(() => askAboutSigning('signing', subject, false));
          break;
        case effectKinds.confirmSigning:
          acts.push(() => askAboutSigning('confirmation', subject, false));
          break;
        case effectKinds.cycleChanged:
          acts.push(() => {
            const breaches = findCycle(state, subject)?.state === 'netted' ? findClearingBreaches(state) : [];
            if (breaches.length > 0) throw new Error(`invariants broken: ${breaches.join('; ')}`);
            for (const listener of cycleListeners) listener();
          });
          break;
        case effectKinds.businessDayAdvanced:
          acts.push(publish);
          break;
      }
    }
    return () => {
      desk.released(batch.sequence);
      archive?.feed.publish(batch.sequence);
      for (const act of acts) act();
      recordsWriter.add(change);
      for (const notice of notices) outbox.notify(notice);
      snapshotter.batchReleased();
      scheduleTick();
    };
  };

  const paymentChanged = (handle: number): (() => void) => {
    const payment = paymentAt(state, handle);
    const submittedNow = payment.state === 'offered' || payment.state === 'refused';
    if (submittedNow) tally.submitted++;
    if (payment.state === 'refused') tally.refused++;
    if (payment.state === 'unknown') tally.unknown++;
    if (payment.state === 'succeeded') tally.succeeded++;
    if (payment.state === 'failed') tally.failed++;
    if (payment.flight === undefined) requests.delete(handle);
    return () => {
      if (payment.state !== 'offered') wake(waiters, handle);
    };
  };

  // ---- serving ----

  const cellClock = createCellClock(clock, state.at, (skewMs) => log('cell.clockJumped', { skewMs }));
  sequencer = createSequencer({
    state,
    journal: store.journal,
    bodyKeys: store.bodyKeys,
    crypto,
    clock,
    cellClock,
    claim: recovered.claim,
    ...(options.sequencer && { settings: options.sequencer }),
    ...(archive && { hasRoom: (bytes: number, changes: number) => archive.feed.hasRoom(bytes, changes) }),
    applied,
    flushed: (ms) => flushes.record(ms),
    halted: halt,
    log,
  });
  const snapshotter = createSnapshotter({
    state,
    store,
    crypto,
    clock,
    sequencer,
    async recorded(sequence) {
      await recordsWriter.written(sequence);
      await archive?.kept(sequence);
    },
    every: options.snapshotEvery ?? 20_000,
    last: recovered.snapshot,
    edge: () => ({ pendingNotices: outbox.pending() }),
    log,
  });

  /** Writes a tick into the journal when something is due, and only then. */
  function scheduleTick(): void {
    tickTimer?.();
    tickTimer = undefined;
    if (stopped || ticking) return;
    const dueAt = nextDeadline(state);
    if (dueAt === undefined) return;
    tickTimer = clock.after(Math.max(0, dueAt - cellClock.at()), () => {
      if (stopped || ticking) return;
      const due = nextDeadline(state);
      if (due === undefined || due > cellClock.at()) {
        scheduleTick();
        return;
      }
      ticking = true;
      submitOwn(encodeTick(dueAtOnce))
        .catch((error: Error) => log('cell.tickFailed', { detail: error.message }))
        .finally(() => {
          ticking = false;
          if (sequencer.serving) scheduleTick();
          else clock.after(200, scheduleTick);
        });
    });
  }

  const submitOwn = (command: Uint8Array) => sequencer.submit(command, new Uint8Array(0));

  const own = async (command: Uint8Array): Promise<SubmitResult> => {
    const { outcome, reason } = await submitOwn(command);
    if (outcome === outcomes.refused) return { outcome: 'refused', reason: reasonOf(reason)! };
    return { outcome: outcome === outcomes.accepted ? 'accepted' : 'repeated' };
  };

  // ---- configuration ----

  const documents = { scheme: options.scheme, participants: options.participants };

  const configuration = (): Configuration => ({
    schemeVersion: documents.scheme.version,
    scheme: documents.scheme,
    participantsVersion: documents.participants.version,
    participants: documents.participants.participants,
    businessDate: state.businessDate,
  });

  function publish(): void {
    for (const listener of configurationListeners) listener(configuration());
  }

  const adopt = async (kind: 'scheme' | 'participants', document: SchemeDocument | ParticipantsDocument) => {
    if (kind === 'scheme') assertRulesKnown(document as SchemeDocument);
    const bytes = new TextEncoder().encode(JSON.stringify(document));
    const hash = crypto.sha256(bytes);
    await store.configurations.put(kind, document.version, hash, bytes);
    const content =
      kind === 'scheme'
        ? schemeContent(document as SchemeDocument)
        : participantsContent(document as ParticipantsDocument, options.among?.home?.cell);
    const result = await own(encodeAdoptConfiguration({ kind, version: document.version, hash, content }));
    // Only what is durable is told to gateways.
    if (result.outcome === 'accepted') {
      Object.assign(documents, { [kind]: document });
      publish();
    }
    return result;
  };

  /** A crash between keeping a document and adopting it leaves its version taken: the next free one is used. */
  const freeVersion = async (kind: 'scheme' | 'participants', least: number): Promise<number> => {
    for (let version = least; ; version++) {
      if ((await store.configurations.get(kind, version)) === undefined) return version;
    }
  };

  /** What is adopted wins over an older file; a newer file is adopted. */
  const settleDocument = async <K extends 'scheme' | 'participants'>(kind: K, adopted: number) => {
    const bytes = adopted === 0 ? undefined : await store.configurations.get(kind, adopted);
    if (adopted > 0 && bytes === undefined)
      throw new Error(`${kind} version ${adopted} is adopted but its document is not in the store`);
    const before = bytes && parseDocument<(typeof documents)[K]>(bytes);
    if (before === undefined || documents[kind].version > adopted) {
      if (kind === 'scheme' && before !== undefined) assertSameScheme(before as SchemeDocument, documents.scheme);
      const result = await adopt(kind, documents[kind]);
      if (result.outcome === 'refused') {
        throw new Error(`${kind}.json, version ${documents[kind].version}, is refused: ${result.reason}`);
      }
      return;
    }
    Object.assign(documents, { [kind]: before });
  };

  await settleDocument('scheme', state.schemeVersion);
  await settleDocument('participants', state.participantsVersion);

  let changing: Promise<unknown> = Promise.resolve();
  const changeParticipants: RunningCell['changeParticipants'] = (change) => {
    const next = changing.then(async (): Promise<SubmitResult> => {
      const changed = change(documents.participants.participants);
      if (typeof changed === 'string') return { outcome: 'refused', reason: changed };
      const version = await freeVersion('participants', documents.participants.version + 1);
      const result = await adopt('participants', { version, participants: changed });
      await options.among?.spread.participants(version);
      return result;
    });
    changing = next.catch(() => undefined);
    return next;
  };

  const suspend = (participant: string): Promise<SubmitResult> =>
    changeParticipants((all) => all.map((one) => (one.code === participant ? { ...one, status: 'suspended' } : one)));

  /** By the cell that makes the configuration, however long that is away. */
  const suspendSurely = async (participant: string): Promise<SubmitResult> => {
    const home = options.among?.home;
    if (home === undefined) return suspend(participant);
    while (!stopped) {
      try {
        // Whoever lost its cell to another and does not know it yet has no say in the home cell either: what it holds for
        // unsigned may have been signed long ago. Its own journal tells it so.
        await own(encodeTick(0));
        return await home.suspend(participant);
      } catch (error) {
        log('cell.suspensionWaits', { participant, detail: (error as Error).message });
        await new Promise<void>((resolve) => void clock.after(homeRetryMs, resolve));
      }
    }
    return { outcome: 'refused', reason: 'cellUnavailable' };
  };

  /** Suspends who has not signed what was taken from it; an operator must look. */
  const stopSigner = async (participant: number, reason: Reason, detail: string): Promise<void> => {
    const at = cellClock.at();
    const isFalse = reason === 'checkpointFalse';
    const item: WorkItemRecord = {
      // A false signature stays a matter for the operator, whatever is signed later.
      workItemId: isFalse ? `coverage:${code(participant)}:false` : coverageItem(participant),
      kind: 'coverage',
      subject: code(participant),
      openedAt: at,
      dueAt: at + coverageTimeMs,
      owner: 'operator',
      closedAt: 0,
      resolution: '',
    };
    recordsWriter.addWorkItem(item);
    if (!isFalse) unsigned.set(participant, item);
    const suspended = await suspendSurely(code(participant));
    log('cell.signerSuspended', { participant: code(participant), reason, detail, outcome: suspended.outcome });
  };

  /** Who was stopped for want of a signature has given it: there is nothing to look into any more. */
  function signed(participant: number): void {
    const item = unsigned.get(participant);
    if (item === undefined) return;
    unsigned.delete(participant);
    recordsWriter.addWorkItem({ ...item, closedAt: cellClock.at(), resolution: 'signed' });
    log('cell.signerSigned', { participant: code(participant) });
  }

  /** After a crash only what was not taken is told again, but for the last seconds. */
  function noteTold(): void {
    clock.after(toldEveryMs, () => {
      if (stopped) return;
      const to = outbox.toldTo(sequencer.frontier, snapshotter.sealed);
      if (to <= told) return noteTold();
      store.records
        .putHint(hints.told, to)
        .then(() => {
          told = to;
        })
        .catch((error: Error) => log('cell.hintFailed', { detail: error.message }))
        .finally(noteTold);
    });
  }

  // ---- what is covered by signatures ----

  /** How far, as the hints say: they only shorten the search of the next start. */
  let hinted: CoverageHint = { behind: 0, stopped: 0 };
  let hinting = false;

  function coveredTo(behind: number, behindStopped?: number): void {
    const next = hintAfter(hinted, behind, behindStopped);
    if (hinting || (next.behind === hinted.behind && next.stopped === hinted.stopped)) return;
    hinting = true;
    // Should only the first be written, more is read than has to be.
    Promise.resolve(store.records.putHint(hints.stopped, next.stopped))
      .then(() => store.records.putHint(hints.covered, next.behind))
      .then(() => {
        hinted = next;
      })
      .catch((error: Error) => log('cell.hintFailed', { detail: error.message }))
      .finally(() => {
        hinting = false;
      });
  }

  const findUncoveredMessages = async () => {
    const [behind, stopped, items] = await Promise.all([
      store.records.hint(hints.covered),
      store.records.hint(hints.stopped),
      store.records.workItems(true),
    ]);
    hinted = { behind: behind ?? 0, stopped: stopped ?? 0 };
    const signers = new Set(items.filter(({ kind }) => kind === 'coverage').map(({ subject }) => Number(subject)));
    for (const item of items) {
      const participant = Number(item.subject);
      if (item.workItemId === coverageItem(participant)) unsigned.set(participant, item);
    }
    const found = await findUncovered({
      journal: store.journal,
      scheme: documents.scheme,
      bodies: (sequence) => readBodies(store, crypto, place, sequence),
      behind: hinted.behind,
      stopped: hinted.stopped === 0 ? undefined : { behind: hinted.stopped - 1, signers },
    });
    if (found.length > 0) log('cell.uncovered', { streams: found.length });
    // Without a stream nobody else says so.
    else coveredTo(sequencer.frontier);
    return found;
  };

  // ---- business day ----

  // Before its first day a new cell learns which cycle is open.
  if (state.businessDate === 0 && options.among?.home !== undefined) {
    const open = (await options.among.home.cycles()).at(-1)!;
    await own(encodeJoinClearing(open.cycle));
  }

  const followBusinessDay = async () => {
    const date = businessDateAt(cellClock.at(), documents.scheme.timeZone);
    if (date > state.businessDate) await own(encodeAdvanceBusinessDay(date));
  };
  await followBusinessDay();
  const watchBusinessDay = () => {
    dayTimer = clock.after(1000, () => {
      followBusinessDay()
        .catch((error: Error) => log('cell.businessDayWaits', { detail: error.message }))
        .finally(() => {
          if (!stopped) watchBusinessDay();
        });
    });
  };
  watchBusinessDay();

  // ---- what a crash left open ----

  const uncovered = await findUncoveredMessages();
  const overdue = new Set<number>();
  for (const item of projector.overdue()) {
    const handle = paymentHandle(state, identifierToBytes(parseIdentifier(item.subject)!));
    const payment = handle < 0 ? undefined : paymentAt(state, handle);
    if (payment?.flight !== undefined) overdue.add(handle);
    // It ended over the stream just before the end, and the replay tells records nothing of such.
    else recordsWriter.addWorkItem(projector.close(item, state.at, payment?.state ?? 'ended'));
  }
  await desk.recover((handle) => overdue.has(handle));
  for (const { payment, handle } of paymentsInFlight(state)) {
    if (desk.holds(handle)) continue;
    // Unknown and reversing payments are asked about by their deadlines; an offer is repeated only where twice is once.
    if (payment.state === 'offered' && isIdempotent(payment.bank)) questionAbout('offer', handle, true)();
  }
  for (let row = 0; row < state.agreements.count; row++) {
    askAboutSigning('signing', row, true);
    askAboutSigning('confirmation', row, true);
  }
  noteTold();
  scheduleTick();

  // ---- the port ----

  const waitFor = (map: Map<number, (() => void)[]>, subject: number, patienceMs?: number) =>
    new Promise<void>((resolve) => {
      const waiting = map.get(subject) ?? [];
      map.set(subject, waiting);
      if (patienceMs === undefined) {
        waiting.push(resolve);
        return;
      }
      const cancel = clock.after(patienceMs, resolve);
      waiting.push(() => {
        cancel();
        resolve();
      });
    });

  /** What the core has let go of lives on in the records, once they have caught up with what was told. */
  const recordOf = async (paymentId: string): Promise<PaymentRecord | undefined> => {
    const { frontier } = sequencer;
    await recordsWriter.written(frontier);
    await archive?.found(frontier);
    return records.payment(paymentId);
  };

  const withOriginal = async (command: Uint8Array): Promise<Uint8Array> => {
    const at = layout.submitPayment;
    const reference = command.subarray(at.reference, at.reference + 16);
    const original = identifierFromBytes(reference);
    if (original.date >= previousDate(state.businessDate) || paymentHandle(state, reference) >= 0) return command;
    const record = await recordOf(identifierText(original));
    if (record === undefined) return command;
    const attached = command.slice();
    attachOriginal(attached, {
      instructed: Number(record.instructedAgent),
      amount: Number(record.amount),
      currency: record.currency,
      kind: record.kind as PaymentKind,
      state: record.state as PaymentState,
    });
    return attached;
  };

  const submitPayment = async (command: Uint8Array, body: Uint8Array): Promise<SubmitResult> => {
    const at = layout.submitPayment;
    const started = clock.elapsed();
    const withFact = command[at.kind] === 3 ? await withOriginal(command) : command;
    const { outcome, reason } = await sequencer.submit(withFact, body);
    const id = command.subarray(at.id, at.id + 16);
    const handle = paymentHandle(state, id);
    if (outcome === outcomes.refused) {
      const refusal = reasonOf(reason)!;
      if (refusal === 'identifierDateOutsideWindow') return fromRecords(id, command.subarray(at.hash, at.hash + 16));
      const remembered = handle >= 0 && refusal !== 'identifierReused';
      return { outcome: 'refused', reason: refusal, ...(remembered && { payment: await tellPayment(handle) }) };
    }
    if (paymentAt(state, handle).state === 'offered') await waitFor(waiters, handle);
    const payment = await tellPayment(handle);
    if (outcome === outcomes.accepted) latency.record(clock.elapsed() - started);
    if (payment.state === 'refused') return { outcome: 'refused', reason: payment.reason, payment };
    return { outcome: outcome === outcomes.accepted ? 'accepted' : 'repeated', payment };
  };

  /** An identifier older than the window answers from the records and is never new again. */
  const fromRecords = async (id: Uint8Array, hash: Uint8Array): Promise<SubmitResult> => {
    const record = await recordOf(identifierText(identifierFromBytes(id)));
    if (record === undefined) return { outcome: 'refused', reason: 'identifierDateOutsideWindow' };
    if (record.hash !== Buffer.from(hash).toString('hex')) return { outcome: 'refused', reason: 'identifierReused' };
    const payment = await viewOfRecord(record);
    if (payment.state === 'refused') return { outcome: 'refused', reason: payment.reason, payment };
    return { outcome: 'repeated', payment };
  };

  const submitAgreement = async (
    command: Uint8Array,
    body: Uint8Array,
    waits: string | undefined,
  ): Promise<SubmitResult> => {
    const { outcome, reason } = await sequencer.submit(command, body);
    const row = agreementRow(state, command.subarray(8, 24));
    if (outcome === outcomes.refused) {
      const refusal = reasonOf(reason)!;
      const known = row >= 0 && refusal !== 'identifierReused';
      return { outcome: 'refused', reason: refusal, ...(known && { agreement: await tellAgreement(row) }) };
    }
    if (agreementAt(state, row).state === waits) await waitFor(agreementWaiters, row, signingPatienceMs);
    return { outcome: outcome === outcomes.accepted ? 'accepted' : 'repeated', agreement: await tellAgreement(row) };
  };

  const submitAnswer = async (command: Uint8Array, body: Uint8Array): Promise<SubmitResult> => {
    const { outcome, reason } = await sequencer.submit(command, body);
    const handle = paymentHandle(state, command.subarray(8, 24));
    const payment = handle < 0 ? undefined : await tellPayment(handle);
    if (outcome === outcomes.refused)
      return { outcome: 'refused', reason: reasonOf(reason)!, ...(payment && { payment }) };
    return { outcome: outcome === outcomes.accepted ? 'accepted' : 'repeated', ...(payment && { payment }) };
  };

  const dispatch = (command: Uint8Array, body: Uint8Array): Promise<SubmitResult> => {
    if (!isKnownCommand(command)) return Promise.resolve(unknownCommand);
    switch (command[0]) {
      case commandTypes.submitPayment:
        return submitPayment(command, body);
      case commandTypes.recordAnswer:
        return submitAnswer(command, body);
      case commandTypes.requestAgreement:
        return submitAgreement(command, body, 'requested');
      case commandTypes.confirmAgreement:
        return submitAgreement(command, body, 'confirming');
      case commandTypes.recordSigningAnswer:
      case commandTypes.rescindAgreement:
        return submitAgreement(command, body, undefined);
      default:
        return Promise.resolve(unknownCommand);
    }
  };

  const cell: RunningCell = {
    async submit(command, body) {
      try {
        return await dispatch(command, body);
      } catch (error) {
        if (error instanceof RefusedBeforeSequencing) return { outcome: 'refused', reason: error.reason };
        throw error;
      }
    },
    async payment(paymentId) {
      const id = parseIdentifier(paymentId);
      if (id === undefined) return undefined;
      const handle = paymentHandle(state, identifierToBytes(id));
      if (handle >= 0) return tellPayment(handle);
      // What is older than the date window lives on in the records; anything else was never seen here.
      if (id.date >= previousDate(state.businessDate)) return undefined;
      const record = await recordOf(paymentId);
      return record === undefined ? undefined : viewOfRecord(record);
    },
    async agreement(agreementId) {
      const id = parseIdentifier(agreementId);
      const row = id === undefined ? -1 : agreementRow(state, identifierToBytes(id));
      return row < 0 ? undefined : tellAgreement(row);
    },
    streamCell: desk.cell,
    attachStream(attached) {
      stream = attached;
      desk.attach(attached);
    },
    covered: () => stream?.covered() ?? Promise.resolve(),
    attach: (deliverer) => outbox.attach(deliverer),
    configuration,
    onConfiguration(listener) {
      configurationListeners.add(listener);
      return () => configurationListeners.delete(listener);
    },
    changeParticipants,
    async adopt(kind, document) {
      const result = await adopt(kind, document);
      // A version that is adopted already was told twice.
      if (result.outcome === 'refused' && result.reason !== 'configurationVersionInvalid')
        throw new Error(`${kind} version ${document.version} of the home cell is refused: ${result.reason}`);
    },
    suspend,
    get frontier() {
      return sequencer.frontier;
    },
    durable: () => sequencer.durable(state.sequence),
    get agreementsChangedAt() {
      return agreementsChangedAt;
    },
    agreementLagged: (lagMs) => agreementLag.record(Math.max(0, lagMs)),
    onAgreement(listener) {
      agreementListeners.add(listener);
      return () => agreementListeners.delete(listener);
    },
    command: (command) => (isKnownCommand(command) ? own(command) : Promise.resolve(unknownCommand)),
    async closeCycle() {
      const { number } = currentCycle(state);
      const result = await own(encodeCutOffCycle(number));
      if (result.outcome === 'refused') throw new Error(`cycle ${number} was not cut: ${result.reason}`);
      return number;
    },
    cycleReached(number, wanted) {
      const reached = () => {
        const cycle = findCycle(state, number);
        const now: CycleState = cycle?.state ?? 'settled';
        return cycleOrder.indexOf(now) >= cycleOrder.indexOf(wanted);
      };
      if (number > currentCycle(state).number) return Promise.reject(new Error(`cycle ${number} is not open yet`));
      return new Promise((resolve) => {
        const listener = () => {
          if (!reached()) return;
          cycleListeners.delete(listener);
          // What the core has applied may not be in the journal yet.
          void sequencer.durable(state.sequence).then(resolve);
        };
        cycleListeners.add(listener);
        listener();
      });
    },
    state,
    statistics: () =>
      statisticsOf(state, sequencer, tally, {
        recordsLag: recordsWriter.lag,
        undelivered: outbox.undelivered,
        p50: latency.quantile(0.5),
        p99: latency.quantile(0.99),
      }),
    metricsText: () => metrics.text(),
    records,
    async recordsWritten() {
      const { frontier } = sequencer;
      await recordsWriter.written(frontier);
      await archive?.kept(frontier);
    },
    async stop() {
      stopped = true;
      tickTimer?.();
      dayTimer?.();
      stream?.stop();
      outbox.stop();
      await sequencer.stop();
      await snapshotter.stop();
      await recordsWriter.stop();
      await archive?.close();
    },
  };

  const gauge = (name: string, help: string, read: () => number) => metrics.gauge(`clearway_${name}`, help, read);
  gauge('journal_frontier', 'Last batch that is durable with all before it', () => sequencer.frontier);
  gauge('journal_epoch', 'Epoch of the cell', () => sequencer.epoch);
  gauge('journal_unflushed', 'Batches applied and not durable yet', () => sequencer.unflushed);
  gauge('journal_waiting', 'Commands waiting for a batch', () => sequencer.waiting);
  gauge('journal_serving', '1 while new commands are taken', () => (sequencer.serving ? 1 : 0));
  gauge('journal_batches_total', 'Batches flushed since the start', () => sequencer.flushTimes.batches);
  gauge('journal_commands_total', 'Commands flushed since the start', () => sequencer.flushTimes.commands);
  gauge(
    'journal_reclaims_total',
    'Claims after an append whose fate was not known',
    () => sequencer.flushTimes.reclaims,
  );
  gauge('journal_shed_total', 'Commands refused because too many were waiting', () => sequencer.flushTimes.shed);
  gauge('cell_payments_submitted_total', 'Payments sequenced since the start', () => tally.submitted);
  gauge('cell_payments_succeeded_total', 'Payments succeeded since the start', () => tally.succeeded);
  gauge('cell_payments_failed_total', 'Payments failed since the start', () => tally.failed);
  gauge('cell_payments_refused_total', 'Payments refused since the start', () => tally.refused);
  gauge('cell_payments_unknown_total', 'Payments that became unknown since the start', () => tally.unknown);
  gauge('cell_in_flight', 'Payments and signings waiting for somebody', () => state.inFlight);
  gauge('cell_remembered', 'Identifiers remembered', () => state.remembered);
  gauge('cell_clock_skew_seconds', 'Machine clock minus cell clock', () => cellClock.skew() / 1000);
  gauge('clearing_cycle', 'Current cycle', () => currentCycle(state).number);
  gauge('outbox_undelivered', 'Notices not taken yet', () => outbox.undelivered);
  gauge('reporting_lag', 'Batches not in the records yet', () => recordsWriter.lag);
  return cell;
}

const coverageItem = (participant: number) => `coverage:${code(participant)}`;

function archiveable({ sequence, at, facts, effects, packed }: AppliedBatch) {
  return { sequence, at, facts, effects, packedBodies: packed };
}

/** Payments that wait for somebody, with their handles. */
function* paymentsInFlight(state: State): Generator<{ readonly handle: number; readonly payment: Payment }> {
  for (const handle of handlesInFlight(state)) yield { handle, payment: paymentAt(state, handle) };
}

function statisticsOf(
  state: State,
  sequencer: Sequencer,
  tally: { submitted: number; succeeded: number; failed: number; refused: number; unknown: number },
  edge: { recordsLag: number; undelivered: number; p50: number; p99: number },
): Statistics {
  const { flushTimes } = sequencer;
  const accounts: Statistics['accounts'][number][] = [];
  for (let row = 0; row < state.accounts.count; row++) {
    const account = describeAccount(state, row);
    if (account.currency === undefined) continue;
    const { participant, incoming: _, lastEntry: __, ...sums } = account;
    if (sums.outstanding === 0 && sums.reserved === 0 && sums.funds === 0 && sums.netDebitCap === 0) continue;
    accounts.push({ participant: code(participant), ...sums, headroom: headroom(state, row) });
  }
  return {
    at: state.at,
    businessDate: state.businessDate,
    epoch: sequencer.epoch,
    frontier: sequencer.frontier,
    serving: sequencer.serving,
    ...tally,
    inFlight: state.inFlight,
    remembered: state.remembered,
    recordsLag: edge.recordsLag,
    undelivered: edge.undelivered,
    latencyMs: { p50: edge.p50, p99: edge.p99 },
    flush: {
      batches: flushTimes.batches,
      commands: flushTimes.commands,
      meanMs: flushTimes.batches === 0 ? 0 : flushTimes.totalMs / flushTimes.batches,
      largestMs: flushTimes.largestMs,
      reclaims: flushTimes.reclaims,
    },
    cycle: currentCycle(state).number,
    cycles: state.cycles.map((cycle) => ({
      cycle: cycle.number,
      state: cycle.state,
      payments: cycle.payments,
      businessDate: cycle.businessDate,
      openedAt: cycle.openedAt,
      positions: positionsOf(state, cycle).map((line) => ({ ...line, participant: code(line.participant) })),
    })),
    accounts,
  };
}
