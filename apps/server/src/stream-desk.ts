/**
 * Between core and stream: gives what arrives over links to the sequencer, and writes what a batch brings about straight
 * into the links' frames. No object per payment; what a payment in flight needs lies in arrays by its flight's slot.
 */
import {
  answerMessage,
  copyBytes,
  isStreamMessage,
  outcomeFlags,
  outcomeMessage,
  paymentMessage,
  questionTypes,
} from '@clearway/contract';
import {
  commandTypes,
  dueAtOf,
  Effects,
  effectKinds,
  Glance,
  handlesInFlight,
  layout,
  outcomes,
  paymentAt,
  paymentHandle,
  paymentStates,
  type Reason,
  reasons,
  type State,
  writePaymentId,
} from '@clearway/core';
import type { CheckpointToRecord, Stream, StreamCell, StreamLink, StreamLot } from '@clearway/gateway';
import type { Clock } from '@clearway/ports';
import { packBodies } from '@clearway/store';
import { type AppliedBatch, type Lot, type PlacedLot, RefusedBeforeSequencing, type Sequencer } from './sequencer.ts';

/** Most messages fit; longer ones lie beside. */
const heldBytes = 512;
const heldPerPage = 1024;
const retryMs = 100;

export interface StreamTally {
  submitted: number;
  succeeded: number;
  failed: number;
  refused: number;
  unknown: number;
}

export interface StreamDeskOptions {
  readonly state: State;
  readonly clock: Clock;
  readonly tally: StreamTally;
  sequencer(): Sequencer;
  configuration: StreamCell['configuration'];
  /** Whether the bank takes a second copy of an offer for the first. */
  isIdempotent(bank: number): boolean;
  turnedAround: StreamCell['turnedAround'];
  stopSigner: StreamCell['stopSigner'];
  signed: StreamCell['signed'];
  /** What was left uncovered before the start; known when the cell serves. */
  uncovered(): StreamCell['uncovered'];
  coveredTo: StreamCell['coveredTo'];
  /** The request of a payment in flight, from the journal: bodies of one batch are asked for together. */
  bodies(sequence: number): Promise<readonly Uint8Array[]>;
  /** A payment that the core has let go of, for enquiries; undefined when there is none. Rejects when none can be read. */
  remembered(id: Uint8Array): Promise<StreamRecord | undefined>;
  log(event: string, fields: Record<string, unknown>): void;
}

/** What an old payment's record says. */
export interface StreamRecord {
  readonly state: number;
  readonly reason: Reason;
  readonly cycle: number;
  readonly changedAt: number;
  readonly bank: number;
  readonly institution: number;
}

export interface StreamDesk {
  readonly cell: StreamCell;
  attach(stream: Stream): void;
  /** Takes up again what was in flight over the stream before a restart; `hasWorkItem`: one is open for the payment. */
  recover(hasWorkItem: (handle: number) => boolean): Promise<void>;
  /** Writes what concerns links into their frames; gives back the effects that others must see to. */
  applied(batch: AppliedBatch): Effects;
  /** Batches up to this one are durable. */
  released(sequence: number): void;
  /** Whether this payment in flight came over the stream. */
  holds(handle: number): boolean;
  /** Payments in flight that came over the stream. */
  readonly inFlight: number;
}

/** A lot of the stream in the sequencer's queue. */
class QueuedLot implements Lot {
  readonly facts: Uint8Array;
  readonly bodies: Uint8Array;
  readonly commands: number;
  readonly links: readonly StreamLink[];
  readonly arrivedAt: number;
  readonly unjournaled: () => void;
  readonly giveBack: (lot: StreamLot) => void;
  private readonly departing: (lot: QueuedLot) => void;
  private readonly refuse: (lot: StreamLot, reason: Reason) => void;

  constructor(lot: StreamLot, departing: (lot: QueuedLot) => void, refuse: (lot: StreamLot, reason: Reason) => void) {
    this.facts = lot.facts;
    this.bodies = lot.bodies;
    this.commands = lot.commands;
    this.links = lot.links;
    this.arrivedAt = lot.arrivedAt;
    this.unjournaled = lot.unjournaled;
    this.giveBack = lot.giveBack;
    this.departing = departing;
    this.refuse = refuse;
  }

  formed(): void {
    this.giveBack(this);
  }

  durable(): void {
    this.departing(this);
  }

  refused(error: RefusedBeforeSequencing): void {
    this.refuse(this, error.reason);
  }
}

/** `done`: for each the reason why it was refused, or undefined; or why nothing was done with any. */
function checkpointLot(
  checkpoints: readonly CheckpointToRecord[],
  done: (recorded: readonly (string | undefined)[] | RefusedBeforeSequencing) => void,
): Lot {
  return {
    // Never a Buffer, whose slices are views.
    facts: new Uint8Array(Buffer.concat(checkpoints.map(({ command }) => command))),
    bodies: packBodies(checkpoints.map(({ body }) => body())),
    commands: checkpoints.length,
    durable({ facts, offset }) {
      const view = new DataView(facts.buffer, facts.byteOffset, facts.byteLength);
      let at = offset;
      done(
        checkpoints.map(({ command }) => {
          const isRefused = view.getUint8(at + 1) === outcomes.refused;
          const reason = isRefused ? String(view.getUint16(at + 2)) : undefined;
          at += command.length;
          return reason;
        }),
      );
    },
    refused: done,
  };
}

export function createStreamDesk(options: StreamDeskOptions): StreamDesk {
  const { state, clock, tally } = options;
  const rest = new Effects();
  const glance = new Glance();
  let stream: Stream | undefined;

  // ---- what is held for payments in flight, by slot ----

  /** The link that waits for the outcome. */
  const askers: (StreamLink | undefined)[] = [];
  /** 1: it came over the stream; 2: and its asker was told that it is unknown. */
  let ways = new Uint8Array(1024);
  const pages: DataView[] = [];
  const large = new Map<number, DataView>();
  /** Slots for which there is a work item, which records close. */
  const overdue = new Set<number>();
  /** Slots of offers from before a restart: who knows whether the bank has them. */
  const perhapsAsked = new Set<number>();
  let inFlight = 0;
  /** The link whose window the last question about it takes up. */
  const askedOn: (StreamLink | undefined)[] = [];
  /** By bank that takes no more questions now: by slot, the payment and what to ask. */
  const backlogs = new Map<number, Map<number, { readonly handle: number; readonly type: number }>>();

  const keep = (slot: number, message: DataView, at: number, size: number) => {
    if (slot >= ways.length) {
      const grown = new Uint8Array(Math.max(ways.length * 2, slot + 1));
      grown.set(ways);
      ways = grown;
    }
    ways[slot] = 1;
    inFlight++;
    if (size > heldBytes) {
      const own = new DataView(new ArrayBuffer(size));
      copyBytes(message, at, own, 0, size);
      large.set(slot, own);
      return;
    }
    const page = Math.floor(slot / heldPerPage);
    while (pages.length <= page) pages.push(new DataView(new ArrayBuffer(heldPerPage * heldBytes)));
    copyBytes(message, at, pages[page], (slot % heldPerPage) * heldBytes, size);
  };

  const forget = (slot: number) => {
    ways[slot] = 0;
    askers[slot] = undefined;
    isAnswered(slot);
    large.delete(slot);
    perhapsAsked.delete(slot);
    inFlight--;
  };

  const isHeld = (slot: number) => slot < ways.length && ways[slot] !== 0;

  /** The question about it counts no longer: it was answered, is asked anew, or matters no more. */
  const isAnswered = (slot: number) => {
    const link = askedOn[slot];
    if (link === undefined) return;
    link.asked--;
    askedOn[slot] = undefined;
  };

  // ---- writing ----

  /** An outcome about the payment that `glance` shows. */
  const tell = (
    link: StreamLink,
    handle: number,
    participant: number,
    flags: number,
    answer: DataView | undefined,
    answerAt: number,
  ) => {
    if (!link.open) return;
    const at = stream!.outlet.outcome(link);
    const { view } = link.writer;
    view.setUint8(at + outcomeMessage.state, glance.state);
    view.setUint16(at + outcomeMessage.reason, glance.reason);
    view.setUint32(at + outcomeMessage.participant, participant);
    writePaymentId(state, handle, view, at + outcomeMessage.id);
    writeTime(view, at + outcomeMessage.changedAt, glance.changedAt);
    view.setUint32(at + outcomeMessage.cycle, glance.cycle);
    view.setUint8(at + outcomeMessage.flags, flags);
    view.setUint32(at + outcomeMessage.bank, glance.bank);
    if (answer === undefined) return;
    view.setUint8(at + outcomeMessage.answer, answer.getUint8(answerAt + answerMessage.answer));
    view.setUint16(at + outcomeMessage.answerReason, answer.getUint16(answerAt + answerMessage.reason));
    copyBytes(answer, answerAt + answerMessage.answeredAt, view, at + outcomeMessage.answeredAt, 8);
    copyBytes(answer, answerAt + answerMessage.stream, view, at + outcomeMessage.stream, 8);
    copyBytes(answer, answerAt + answerMessage.position, view, at + outcomeMessage.position, 4);
  };

  /** Nothing was done with the command at `at` of these facts. */
  const tellNotProcessed = (link: StreamLink, facts: DataView, at: number, reason: number) => {
    if (!link.open) return;
    const out = stream!.outlet.outcome(link);
    const { view } = link.writer;
    const isAnswer = facts.getUint8(at) === commandTypes.recordAnswer;
    view.setUint16(out + outcomeMessage.reason, reason);
    view.setUint32(
      out + outcomeMessage.participant,
      isAnswer ? facts.getUint32(at + layout.recordAnswer.bank) >>> 8 : facts.getUint32(at + 12) & 0xffffff,
    );
    for (let i = 0; i < 16; i += 4) view.setUint32(out + outcomeMessage.id + i, facts.getUint32(at + 8 + i));
    view.setUint8(out + outcomeMessage.flags, outcomeFlags.notProcessed);
    if (!isAnswer) link.leaveWindow();
  };

  /** To an enquiry after a payment that the core does not hold. */
  const tellRemembered = (
    link: StreamLink,
    participant: number,
    id: Uint8Array,
    record: StreamRecord | undefined | 'unavailable',
  ) => {
    if (!link.open) return;
    const at = stream!.outlet.outcome(link);
    const { view } = link.writer;
    view.setUint32(at + outcomeMessage.participant, participant);
    view.setUint8(at + outcomeMessage.flags, outcomeFlags.asked);
    for (let i = 0; i < 16; i++) view.setUint8(at + outcomeMessage.id + i, id[i]);
    if (record === 'unavailable') {
      view.setUint8(at + outcomeMessage.flags, outcomeFlags.asked | outcomeFlags.notProcessed);
      view.setUint16(at + outcomeMessage.reason, reasons.cellUnavailable.code);
    } else if (record !== undefined && (participant === record.institution || participant === record.bank)) {
      view.setUint8(at + outcomeMessage.state, record.state);
      view.setUint16(at + outcomeMessage.reason, reasons[record.reason].code);
      writeTime(view, at + outcomeMessage.changedAt, record.changedAt);
      view.setUint32(at + outcomeMessage.cycle, record.cycle);
      view.setUint32(at + outcomeMessage.bank, record.bank);
    } else view.setUint16(at + outcomeMessage.reason, reasons.paymentUnknown.code);
    stream!.outlet.seal(0);
  };

  const ask = (type: number, slot: number, handle: number, duplicate: boolean, remainingMs: number): void => {
    const bank = glance.bank;
    isAnswered(slot);
    const backlog = backlogs.get(bank);
    const link = backlog === undefined ? stream!.linkTo(bank) : undefined;
    if (link === undefined) {
      // Who is not there at all is asked when it comes; what is due by then the core says.
      if (!stream!.speaksFor(bank)) return;
      if (backlog === undefined) backlogs.set(bank, new Map([[slot, { handle, type }]]));
      else backlog.set(slot, { handle, type });
      return;
    }
    link.asked++;
    askedOn[slot] = link;
    const message = large.get(slot);
    if (message !== undefined) {
      stream!.outlet.question(link, type, duplicate, remainingMs, message, 0, message.byteLength);
      return;
    }
    const page = pages[Math.floor(slot / heldPerPage)];
    const at = (slot % heldPerPage) * heldBytes;
    const size = page.getUint16(at + paymentMessage.size);
    stream!.outlet.question(link, type, duplicate, remainingMs, page, at, size);
  };

  const asksOf = { [paymentStates.offered]: 1, [paymentStates.unknown]: 2, [paymentStates.reversing]: 3 } as Record<
    number,
    number | undefined
  >;

  /** What was held back because the bank's window was full. */
  const drain = () => {
    // What a bank still has no room for is put back under way: only what waits now is looked at.
    for (const [bank, waiting] of [...backlogs]) {
      backlogs.delete(bank);
      for (const [slot, { handle, type }] of waiting) {
        glance.read(state, handle);
        if (glance.slot === slot + 1 && asksOf[glance.state] === type)
          ask(type, slot, handle, false, remaining(handle, type));
      }
    }
  };

  const remaining = (handle: number, type: number): number => {
    if (type !== questionTypes.offer) return options.configuration().scheme.offerTimeoutMs;
    const dueAt = paymentAt(state, handle).flight?.dueAt ?? state.at;
    return Math.max(0, dueAt - state.at);
  };

  // ---- batches ----

  /** By command of the batch: where it came from, and its message. */
  let links: (StreamLink | undefined)[] = [];
  let bodies: DataView[] = [];
  let bodyAt = new Uint32Array(1024);
  let told = new Uint8Array(1024);

  const lay = (placed: PlacedLot) => {
    const { links: origins, bodies: bytes, commands } = placed.lot as QueuedLot;
    const packed = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const end = placed.first + commands;
    if (end > bodyAt.length) {
      const grown = new Uint32Array(Math.max(end, bodyAt.length * 2));
      grown.set(bodyAt);
      bodyAt = grown;
      const grownTold = new Uint8Array(grown.length);
      grownTold.set(told);
      told = grownTold;
    }
    for (let i = 0, at = 0; i < commands; i++) {
      const index = placed.first + i;
      links[index] = origins[i];
      bodies[index] = packed;
      bodyAt[index] = at + 4;
      told[index] = 0;
      at += 4 + packed.getUint32(at);
    }
  };

  const changed = (handle: number, index: number, slot: number): boolean => {
    glance.read(state, handle);
    const origin = links[index];
    switch (glance.state) {
      case paymentStates.refused:
        if (origin === undefined) return false;
        told[index] = 1;
        tally.submitted++;
        tally.refused++;
        origin.leaveWindow();
        tell(origin, handle, glance.institution, 0, undefined, 0);
        return true;
      case paymentStates.offered:
        return origin !== undefined;
      case paymentStates.reversing:
        return isHeld(slot);
      case paymentStates.unknown: {
        if (!isHeld(slot)) return false;
        tally.unknown++;
        const asker = askers[slot];
        if (asker !== undefined && ways[slot] === 1) {
          asker.leaveWindow();
          tell(asker, handle, glance.institution, 0, undefined, 0);
        }
        ways[slot] = 2;
        return true;
      }
      default: {
        if (slot < 0 || !isHeld(slot)) {
          // A bank on the stream has answered what came over HTTP.
          if (origin !== undefined) {
            told[index] = 1;
            tell(origin, handle, glance.bank, 0, bodies[index], bodyAt[index]);
          }
          return false;
        }
        if (glance.state === paymentStates.succeeded) tally.succeeded++;
        else tally.failed++;
        const asker = askers[slot];
        if (asker !== undefined) {
          if (ways[slot] === 1) asker.leaveWindow();
          tell(asker, handle, glance.institution, 0, origin === undefined ? undefined : bodies[index], bodyAt[index]);
        }
        if (origin !== undefined) {
          told[index] = 1;
          tell(origin, handle, glance.bank, 0, bodies[index], bodyAt[index]);
        }
        forget(slot);
        if (overdue.delete(slot)) return false;
        return origin !== undefined || stream!.speaksFor(glance.bank);
      }
    }
  };

  /** Commands that changed nothing: refused without being remembered, or known already. */
  const tellUnchanged = ({ lot, facts, offset, first }: PlacedLot) => {
    const view = new DataView(facts.buffer, facts.byteOffset, facts.byteLength);
    const { commands } = lot;
    for (let i = 0, at = offset; i < commands; i++) {
      const outcome = view.getUint8(at + 1);
      const link = links[first + i]!;
      if (outcome !== outcomes.accepted && told[first + i] === 0) unchanged(link, view, at, outcome);
      at += view.getUint32(at + 4);
    }
  };

  const unchanged = (link: StreamLink, view: DataView, at: number, outcome: number) => {
    const id = new Uint8Array(view.buffer, view.byteOffset + at + 8, 16);
    const handle = paymentHandle(state, id);
    const isAnswer = view.getUint8(at) === commandTypes.recordAnswer;
    if (handle >= 0 && isAnswer) {
      glance.read(state, handle);
      if (glance.slot > 0) isAnswered(glance.slot - 1);
    }
    if (outcome === outcomes.refused) {
      if (handle >= 0 && isAnswer) {
        const bank = view.getUint32(at + layout.recordAnswer.bank) >>> 8;
        glance.reason = view.getUint16(at + 2);
        tell(link, handle, bank, outcomeFlags.repeated, undefined, 0);
      } else tellNotProcessed(link, view, at, view.getUint16(at + 2));
      return;
    }
    glance.read(state, handle);
    if (isAnswer) {
      tell(link, handle, glance.bank, outcomeFlags.repeated, undefined, 0);
      return;
    }
    if (glance.slot > 0 && isHeld(glance.slot - 1) && glance.state === paymentStates.offered) {
      // It is told when it is known, to whoever asked last.
      const before = askers[glance.slot - 1];
      if (before !== undefined && ways[glance.slot - 1] === 1) before.leaveWindow();
      askers[glance.slot - 1] = link;
      return;
    }
    if (glance.slot > 0 && isHeld(glance.slot - 1)) askers[glance.slot - 1] = link;
    link.leaveWindow();
    tell(link, handle, glance.institution, outcomeFlags.repeated, undefined, 0);
  };

  const applied = (batch: AppliedBatch): Effects => {
    const { effects, lots, at } = batch;
    if (stream === undefined) return effects;
    const commands = lots.reduce((sum, { lot }) => sum + lot.commands, 0);
    links = new Array(commands);
    bodies = new Array(commands);
    let mine = false;
    for (const placed of lots) {
      if (placed.lot instanceof QueuedLot) {
        mine = true;
        lay(placed);
      }
    }
    if (!mine && inFlight === 0) return effects;
    rest.clear();
    for (let i = 0; i < effects.count; i++) {
      const subject = effects.subjects[i];
      const index = effects.commands[i];
      const slot = effects.slots[i] - 1;
      let done = false;
      switch (effects.kinds[i]) {
        case effectKinds.paymentChanged:
          done = changed(subject, index, slot);
          break;
        case effectKinds.offer: {
          const link = links[index];
          if (link === undefined) break;
          const body = bodies[index];
          const from = bodyAt[index];
          keep(slot, body, from, body.getUint16(from + paymentMessage.size));
          askers[slot] = link;
          tally.submitted++;
          glance.read(state, subject);
          ask(questionTypes.offer, slot, subject, false, Math.max(0, dueAtOf(state, slot) - at));
          done = true;
          break;
        }
        case effectKinds.paymentOverdue:
          if (isHeld(slot)) overdue.add(slot);
          break;
        case effectKinds.enquire:
        case effectKinds.reverse:
          if (!isHeld(slot)) break;
          glance.read(state, subject);
          // What a later command of this batch has ended is not asked about.
          if (glance.slot === slot + 1) {
            const type = effects.kinds[i] === effectKinds.enquire ? questionTypes.enquiry : questionTypes.reversal;
            ask(type, slot, subject, false, options.configuration().scheme.offerTimeoutMs);
          }
          done = true;
          break;
      }
      if (!done) rest.copy(effects, i);
    }
    for (const placed of lots) if (placed.lot instanceof QueuedLot) tellUnchanged(placed);
    if (backlogs.size > 0) drain();
    stream.outlet.seal(batch.sequence);
    return rest;
  };

  // ---- the port ----

  const refuseLot = (lot: StreamLot, reason: Reason) => {
    const view = new DataView(lot.facts.buffer, lot.facts.byteOffset, lot.facts.byteLength);
    const { code } = reasons[reason];
    lot.unjournaled();
    for (let i = 0, at = 0; i < lot.commands; i++) {
      tellNotProcessed(lot.links[i], view, at, code);
      at += view.getUint32(at + 4);
    }
    lot.giveBack(lot);
    stream!.outlet.seal(0);
  };

  const departing = ({ commands, arrivedAt }: QueuedLot) => stream!.outlet.departing(commands, arrivedAt);

  const cell: StreamCell = {
    configuration: options.configuration,
    turnedAround: options.turnedAround,
    get uncovered() {
      return options.uncovered();
    },
    get epoch() {
      return options.sequencer().epoch;
    },
    get durable() {
      return options.sequencer().frontier;
    },
    coveredTo: options.coveredTo,
    take(lot) {
      options.sequencer().take(new QueuedLot(lot, departing, refuseLot));
    },
    enquire(link, participant, id) {
      const handle = paymentHandle(state, id);
      if (handle >= 0) {
        glance.read(state, handle);
        const knows = participant === glance.institution || participant === glance.bank;
        if (knows) {
          if (glance.slot > 0 && isHeld(glance.slot - 1) && participant === glance.institution) {
            const slot = glance.slot - 1;
            // Whoever enquires after what is unknown, or what nobody waits for, is told when it is known.
            if (ways[slot] === 2) askers[slot] = link;
            else if (askers[slot]?.open !== true) {
              askers[slot] = link;
              link.underWay++;
            }
          }
          tell(link, handle, participant, outcomeFlags.asked, undefined, 0);
          stream!.outlet.seal(state.sequence);
          return;
        }
      }
      options.remembered(id).then(
        (record) => tellRemembered(link, participant, id, record),
        (error: Error) => {
          options.log('stream.enquiryFailed', { detail: error.message });
          tellRemembered(link, participant, id, 'unavailable');
        },
      );
    },
    async record(checkpoints) {
      for (;;) {
        const recorded = await new Promise<readonly (string | undefined)[] | RefusedBeforeSequencing>((resolve) =>
          options.sequencer().take(checkpointLot(checkpoints, resolve)),
        );
        if (!(recorded instanceof RefusedBeforeSequencing)) return recorded;
        // A proof is not lost because the journal is busy or away for a while.
        if (recorded.reason === 'cellUnavailable') return checkpoints.map(() => recorded.reason);
        await new Promise<void>((resolve) => clock.after(retryMs, resolve));
      }
    },
    reached(bank) {
      backlogs.delete(bank);
      for (const handle of handlesInFlight(state)) {
        glance.read(state, handle);
        const slot = glance.slot - 1;
        const type = asksOf[glance.state];
        if (glance.bank !== bank || type === undefined || !isHeld(slot)) continue;
        // Who would book it again is enquired after it, once its time is over.
        const mayHaveIt = askedOn[slot] !== undefined || perhapsAsked.has(slot);
        if (type === questionTypes.offer && mayHaveIt && !options.isIdempotent(bank)) continue;
        ask(type, slot, handle, true, remaining(handle, type));
      }
      stream!.outlet.seal(state.sequence);
    },
    stopSigner: options.stopSigner,
    signed: options.signed,
  };

  return {
    cell,
    attach(attached) {
      stream = attached;
      stream.outlet.release(options.sequencer().frontier);
    },
    async recover(hasWorkItem) {
      const wanted = new Map<number, { handle: number; slot: number; index: number; isOffered: boolean }[]>();
      for (const handle of handlesInFlight(state)) {
        glance.read(state, handle);
        const { flight } = paymentAt(state, handle);
        if (flight === undefined) continue;
        const list = wanted.get(flight.requestSequence) ?? [];
        wanted.set(flight.requestSequence, list);
        const isOffered = glance.state === paymentStates.offered;
        list.push({ handle, slot: glance.slot - 1, index: flight.requestIndex, isOffered });
      }
      for (const [sequence, list] of wanted) {
        const read = await options.bodies(sequence);
        for (const { handle, slot, index, isOffered } of list) {
          const body = read[index];
          if (!isStreamMessage(body)) continue;
          keep(slot, new DataView(body.buffer, body.byteOffset, body.byteLength), 0, body.length);
          // Its asker was told, or is when it asks: whoever enquires is told how it ends.
          if (isOffered) perhapsAsked.add(slot);
          else ways[slot] = 2;
          if (hasWorkItem(handle)) overdue.add(slot);
        }
      }
    },
    applied,
    released(sequence) {
      stream?.outlet.release(sequence);
    },
    holds(handle) {
      glance.read(state, handle);
      return glance.slot > 0 && isHeld(glance.slot - 1);
    },
    get inFlight() {
      return inFlight;
    },
  };
}

function writeTime(view: DataView, at: number, ms: number): void {
  view.setUint32(at, Math.floor(ms / 0x1_0000_0000));
  view.setUint32(at + 4, ms % 0x1_0000_0000);
}
