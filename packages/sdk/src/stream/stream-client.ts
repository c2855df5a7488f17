/**
 * The stream for volume: many signers on a few links, no object or promise a message.
 *
 * What is submitted is written straight into the frame that leaves next, and a copy is kept until its outcome is there.
 * When a link ends, what has no outcome goes over the next one under the same identifiers, and the platform processes
 * every identifier once; so nothing is lost and nothing done twice. Every signer signs at intervals over the hashes of
 * all it has sent.
 */
import {
  enquiryMessage,
  enquiryMessageBytes,
  type Frame,
  largestMessage,
  messageHashes,
  outcomeFlags,
  outcomeMessage,
  outcomeMessageBytes,
  paymentMessage,
  paymentStates,
  questionPrefixBytes,
  reasonOf,
  reasons,
  type Scheme,
  sizeOfMessage,
  streamVersions,
  type Welcome,
  windowMessage,
} from '@clearway/contract';
import type { Cancel, Chance, Clock, Crypto, LinkNetwork } from '@clearway/ports';
import { createAnswers } from './answers.ts';
import type { Attachment } from './attachment.ts';
import { createDeparture } from './departure.ts';
import { KeptMessages, keptStates } from './kept-messages.ts';
import { placePayment, type StreamAnswer, type StreamPayment, sizeOfPayment, writePayment } from './payment-message.ts';
import type { SentHashes } from './sent-hashes.ts';
import { createSignatures, type StreamSigner } from './signatures.ts';
import { createStreamLink, type LinkEnd } from './stream-link.ts';

/** Views and bytes are valid only during the call. */
export interface StreamEvents {
  /**
   * What became of a payment or of an answer that this client sent: an outcome message at `at`. Final for each
   * identifier once; before that perhaps once `unknown`. `notProcessed` is told only if no copy can have been taken, but
   * for `bankNotOnStream`: then `mayBeKnown` tells whether one may have been, and the other rail whether it was.
   */
  outcome(view: DataView, at: number, mayBeKnown: boolean): void;
  /** Any other outcome: to an enquiry, of an earlier run of the program, or told before. */
  otherOutcome?(view: DataView, at: number): void;
  /** Asked of a bank: a question at `at`; 32 bytes of its payment's canonical hash at `hashAt`; on which link. */
  question?(bytes: Uint8Array, view: DataView, at: number, hashes: Uint8Array, hashAt: number, link: number): void;
  /** How far the platform holds signatures; a reason is there when it did not take one. */
  covered?(view: DataView, at: number): void;
  /** `submit` returned false, and can succeed now. */
  room?(): void;
  linked?(address: string, welcome: Welcome): void;
  /** The client goes on to connect by itself. */
  unlinked?(address: string, why: LinkEnd): void;
  /** Cannot be mended here, e.g. a key that does not sign, or a message in this participant's name that is not its own. */
  failed(error: Error): void;
}

export interface StreamClientOptions {
  readonly ports: {
    readonly clock: Clock;
    readonly chance: Chance;
    readonly crypto: Crypto;
    readonly links: LinkNetwork;
  };
  /** `host:port`, one for each link; the same one several times for several links; all of one cell. */
  readonly addresses: readonly string[];
  readonly scheme: Scheme;
  /** At most 4096. Their numbers here are their numbers in all that is sent. */
  readonly signers: readonly StreamSigner[];
  /** Questions without an answer that are taken at once on each link; default 10000. */
  readonly window?: number;
  /** How long a message may wait for others to share its frame, ms; default 0: what one turn of the program submits. */
  readonly lingerMs?: number;
  /** A signer signs so long after the first message that is not signed, ms; default four fifths of what the welcome allows. */
  readonly checkpointEveryMs?: number;
  /** Or after so many messages; default half of what the welcome allows. */
  readonly checkpointEveryMessages?: number;
  /**
   * What earlier runs of this program have sent, e.g. `openSentHashes`: without it only what this run has sent is signed,
   * and who leaves something unsigned is stopped.
   */
  readonly sent?: SentHashes;
  /** Name and version, for the platform's operator. */
  readonly software?: string;
  readonly events: StreamEvents;
}

export interface StreamClient {
  /**
   * Sends a payment, or returns false if there is no room for it now (see `room` of the events): no link, window full,
   * or too much without a signature. `mayBeKnown`: it may have been sent before, by an earlier run of the program.
   * @throws RangeError if it is under way already, or larger than a message can be
   */
  submit(payment: StreamPayment, mayBeKnown?: boolean): boolean;
  /** Sends a bank's answer; kept and sent again until its outcome is there. */
  answer(answer: StreamAnswer): void;
  /** Asks for a payment's state, told as another outcome; 16 bytes of the identifier. False: there is no link. */
  enquire(signer: number, id: Uint8Array, idAt: number): boolean;
  /** How many payments of this signer can be submitted now. */
  room(signer: number): number;
  readonly counts: StreamCounts;
  /** Signs what is not signed, says goodbye, and ends. What has no outcome is dropped. */
  close(): Promise<void>;
}

export interface StreamCounts {
  /** Payments without a final outcome; those of unknown outcome; answers without an outcome. */
  readonly payments: number;
  readonly unknown: number;
  readonly answers: number;
  /** Links that are up. */
  readonly links: number;
  /** Bytes that kept messages take. */
  readonly keptBytes: number;
  /** Messages that no signature of theirs covers yet, as far as the platform has told. */
  readonly uncovered: number;
}

const defaultWindow = 10_000;
/** Pause before what the platform had no room for, or could not process, is sent again: doubled while that goes on, ms. */
const shortestAgainMs = 100;
const longestAgainMs = 2_000;
/** A payment without an outcome is asked about so long after its expiry, and then every so often, ms. */
const overdueMs = 5_000;
/** What is unknown is told unasked when it is known; should that be lost, it is asked about so often, ms. */
const unknownMs = 20_000;
const sweepMs = 1_000;
/** Unknown ones are remembered up to so many; beyond that the caller alone enquires. */
const mostUnknown = 65_536;
const closeMs = 3_000;

const isFinal = (state: number) =>
  state === paymentStates.succeeded || state === paymentStates.failed || state === paymentStates.refused;

/** Whether a refusal speaks of the moment, and not of the message, which would always have been refused. */
function isPassing(code: number): boolean {
  const reason = reasonOf(code);
  return reason !== undefined && reasons[reason].kind !== 'malformed';
}

export function createStreamClient(options: StreamClientOptions): StreamClient {
  const { ports, scheme, signers, events, lingerMs = 0 } = options;
  const { clock } = ports;
  const codes = signers.map(({ code }) => Number(code));
  const payments = new KeptMessages();
  const asked = messageHashes(scheme);
  const open: Attachment[] = [];
  let attachments = 0;
  let unknown = 0;
  /** Payments to be sent (again), in order from `nextWaiting` on; and those to be put there after a pause. */
  let waiting: number[] = [];
  let nextWaiting = 0;
  let paused: number[] = [];
  let cancelAgain: Cancel | undefined;
  let againMs = shortestAgainMs;
  let againAt = Number.NEGATIVE_INFINITY;
  let wasRefusedRoom = false;
  let isClosing = false;
  const departure = createDeparture(clock, scheme, lingerMs, options.sent);
  const { leave } = departure;
  const signatures = createSignatures({
    ...{ clock, crypto: ports.crypto, scheme, signers, sent: options.sent, open, attachmentOf, ...departure },
    everyMs: options.checkpointEveryMs,
    everyMessages: options.checkpointEveryMessages,
    signed: goOn,
    covered: (view, at) => events.covered?.(view, at),
    failed: events.failed,
  });
  const { positionFor } = signatures;
  const answers = createAnswers({
    ...{ codes, leave, positionFor, isPassing },
    attachmentFor: (signer, link) => open.find(({ number }) => number === link) ?? attachmentOf(signer),
    outcome: (view, at) => events.outcome(view, at, true),
    otherOutcome: (view, at) => events.otherOutcome?.(view, at),
    paused: sendAgainLater,
  });

  // Links: every signer has one that it prefers.

  function attachmentOf(signer: number): Attachment | undefined {
    return open.length === 0 ? undefined : open[signer % open.length];
  }

  function roomOn(attachment: Attachment | undefined, signer: number): number {
    if (!attachment || attachment.isBlocked || isClosing || waiting.length > nextWaiting) return 0;
    const unsigned = attachment.unsignedOf(signer);
    return Math.min(attachment.window - attachment.underWay, attachment.welcome.uncoveredMessages - unsigned);
  }

  function submit(payment: StreamPayment, mayBeKnown = false): boolean {
    const attachment = attachmentOf(payment.signer);
    if (roomOn(attachment, payment.signer) <= 0) {
      wasRefusedRoom = true;
      return false;
    }
    const size = sizeOfPayment(payment);
    if (size > largestMessage)
      throw new RangeError(`a payment of ${size} bytes; a message has at most ${largestMessage}`);
    if (payments.find(payment.id, payment.idAt) >= 0)
      throw new RangeError('a payment with this identifier is under way');
    const { writer, welcome } = attachment!;
    const at = writer.message('payments', size);
    writePayment(writer.bytes, writer.view, at, size, payment);
    placePayment(writer.view, at, welcome.stream, positionFor(attachment!, payment.signer, at));
    const entry = payments.add(writer.bytes, writer.view, at, size, at + paymentMessage.id);
    payments.signer[entry] = payment.signer;
    payments.mayBeKnown[entry] = mayBeKnown ? 1 : 0;
    payments.expiresAt[entry] = payment.expiresAt;
    payments.askedAt[entry] = 0;
    payments.state[entry] = keptStates.sent;
    payments.attachment[entry] = attachment!.number;
    attachment!.underWay++;
    leave(attachment!);
    return true;
  }

  function resend(entry: number, attachment: Attachment): void {
    const { writer, welcome } = attachment;
    const signer = payments.signer[entry];
    const at = writer.message('payments', payments.sizeOf(entry));
    payments.copyTo(writer.bytes, at, entry);
    placePayment(writer.view, at, welcome.stream, positionFor(attachment, signer, at));
    payments.state[entry] = keptStates.sent;
    payments.attachment[entry] = attachment.number;
    attachment.underWay++;
    leave(attachment);
  }

  /** Sends what waits as far as there is room, then lets new ones come. */
  function pump(): void {
    for (; nextWaiting < waiting.length; nextWaiting++) {
      const entry = waiting[nextWaiting];
      if (payments.state[entry] !== keptStates.waiting) continue;
      const signer = payments.signer[entry];
      const attachment = attachmentOf(signer);
      if (!attachment || attachment.isBlocked || attachment.underWay >= attachment.window) return;
      if (attachment.unsignedOf(signer) >= attachment.welcome.uncoveredMessages) return;
      resend(entry, attachment);
    }
    if (waiting.length > 0) {
      waiting = [];
      nextWaiting = 0;
    }
    if (!wasRefusedRoom || open.length === 0) return;
    wasRefusedRoom = false;
    events.room?.();
  }

  /** There may be room. */
  function goOn(): void {
    answers.sendWaiting();
    pump();
  }

  function sendAgainLater(): void {
    if (cancelAgain) return;
    const isNew = clock.elapsed() - againAt > 2 * longestAgainMs;
    againMs = isNew ? shortestAgainMs : Math.min(2 * againMs, longestAgainMs);
    cancelAgain = clock.after(againMs * (0.5 + ports.chance.bytes(1)[0] / 512), () => {
      cancelAgain = undefined;
      againAt = clock.elapsed();
      waiting = waiting.slice(nextWaiting).concat(paused);
      nextWaiting = 0;
      paused = [];
      answers.sendPaused();
      pump();
    });
  }

  // Enquiries.

  function enquire(signer: number, id: Uint8Array, idAt: number): boolean {
    const attachment = attachmentOf(signer);
    if (!attachment) return false;
    const at = putEnquiry(attachment, signer);
    for (let i = 0; i < 16; i++) attachment.writer.bytes[at + i] = id[idAt + i];
    return true;
  }

  function enquireKept(entry: number): void {
    const signer = payments.signer[entry];
    const attachment = attachmentOf(signer);
    if (attachment) payments.writeId(attachment.writer.view, putEnquiry(attachment, signer), entry);
  }

  function putEnquiry(attachment: Attachment, signer: number): number {
    const at = attachment.writer.message('enquiries', enquiryMessageBytes);
    attachment.writer.view.setUint32(at + enquiryMessage.participant, codes[signer]);
    attachment.writer.view.setUint32(at + enquiryMessage.participant + 4, 0);
    leave(attachment);
    return at + enquiryMessage.id;
  }

  // Outcomes.

  function takeOutcomes(from: Attachment, view: DataView, count: number): void {
    for (let i = 0, at = 0; i < count; i++, at += outcomeMessageBytes) {
      const participant = view.getUint32(at + outcomeMessage.participant);
      const isMaker = (view.getUint32(at + outcomeMessage.id + 4) & 0xffffff) === participant;
      if (isMaker) takePaymentOutcome(from, view, at);
      else answers.takeOutcome(view, at);
    }
    goOn();
  }

  function takePaymentOutcome(from: Attachment, view: DataView, at: number) {
    const entry = payments.findIn(view, at + outcomeMessage.id);
    if (entry < 0) return events.otherOutcome?.(view, at);
    const flags = view.getUint8(at + outcomeMessage.flags);
    const state = view.getUint8(at + outcomeMessage.state);
    const wasSent = payments.state[entry] === keptStates.sent;
    const mayBeKnown = payments.mayBeKnown[entry] === 1;
    if (flags & outcomeFlags.asked) {
      events.otherOutcome?.(view, at);
      // The platform could not look; it is asked again.
      if (flags & outcomeFlags.notProcessed) return;
      // No such payment: whatever was sent did not arrive, or never will; the same message settles it.
      if (state === paymentStates.none && wasSent && isOverdue(entry)) return again(entry, from);
      if (!isFinal(state)) return;
    } else if (flags & outcomeFlags.notProcessed) {
      const reason = view.getUint16(at + outcomeMessage.reason);
      if (!wasSent) return;
      const isWindow = reason === reasons.windowExceeded.code;
      const isElsewhere = reason === reasons.bankNotOnStream.code;
      if (isWindow || (mayBeKnown && isPassing(reason) && !isElsewhere)) return again(entry, from);
    } else if (state === paymentStates.unknown || state === paymentStates.reversing) {
      return keepUnknown(entry, from, view, at);
    } else if (!isFinal(state)) {
      return;
    }
    freeWindow(entry, from);
    if (payments.state[entry] === keptStates.unknown) unknown--;
    payments.remove(entry);
    events.outcome(view, at, mayBeKnown);
  }

  function isOverdue(entry: number): boolean {
    return payments.expiresAt[entry] + overdueMs <= clock.now();
  }

  function again(entry: number, from: Attachment): void {
    freeWindow(entry, from);
    payments.state[entry] = keptStates.waiting;
    paused.push(entry);
    sendAgainLater();
  }

  function keepUnknown(entry: number, from: Attachment, view: DataView, at: number) {
    if (payments.state[entry] === keptStates.unknown) return events.otherOutcome?.(view, at);
    freeWindow(entry, from);
    if (unknown >= mostUnknown) payments.remove(entry);
    else {
      unknown++;
      payments.dropMessage(entry);
      payments.state[entry] = keptStates.unknown;
      payments.askedAt[entry] = clock.elapsed();
    }
    events.outcome(view, at, true);
  }

  /** The payment no longer counts in the window of the link that it was sent on, which mostly is the one it comes from. */
  function freeWindow(entry: number, from: Attachment): void {
    if (payments.state[entry] !== keptStates.sent) return;
    const sentOn = payments.attachment[entry];
    const attachment = from.number === sentOn ? from : open.find(({ number }) => number === sentOn);
    if (attachment) attachment.underWay--;
  }

  // Questions: hashed in bulk, then handed over one by one.

  function takeQuestions({ number }: Attachment, frame: Frame): void {
    if (!events.question) return;
    asked.start();
    let at = 0;
    for (let i = 0; i < frame.count; i++) {
      asked.addPayment(frame.payload, frame.view, at + questionPrefixBytes);
      at += sizeOfMessage('questions', frame.view, at);
    }
    const digests = asked.finish();
    at = 0;
    for (let i = 0; i < frame.count; i++) {
      events.question(frame.payload, frame.view, at, digests, i * 32, number);
      at += sizeOfMessage('questions', frame.view, at);
    }
  }

  // Beginning and end of links.

  function attached(address: string, attachment: Attachment): void {
    open.push(attachment);
    events.linked?.(address, attachment.welcome);
    signatures.attached();
    for (let entry = 0; entry < payments.capacity; entry++) {
      if (payments.state[entry] === keptStates.unknown) enquireKept(entry);
    }
    goOn();
  }

  function ended(address: string, attachment: Attachment | undefined, why: LinkEnd): void {
    if (attachment) detach(attachment);
    events.unlinked?.(address, why);
    if (open.length > 0) goOn();
  }

  function detach(attachment: Attachment): void {
    open.splice(open.indexOf(attachment), 1);
    signatures.detached(attachment);
    answers.detached(attachment);
    for (let entry = 0; entry < payments.capacity; entry++) {
      if (payments.state[entry] !== keptStates.sent || payments.attachment[entry] !== attachment.number) continue;
      payments.state[entry] = keptStates.waiting;
      payments.mayBeKnown[entry] = 1;
      waiting.push(entry);
    }
  }

  function takeFrame(attachment: Attachment, frame: Frame) {
    switch (frame.type) {
      case 'outcomes':
        return takeOutcomes(attachment, frame.view, frame.count);
      case 'questions':
        return takeQuestions(attachment, frame);
      case 'covered':
        return signatures.takeCovered(attachment, frame.view, frame.count);
      case 'held':
        return signatures.takeHeld(frame.view, frame.count);
      case 'window':
        if (frame.count > 0) attachment.window = frame.view.getUint32(windowMessage.count);
        return pump();
    }
  }

  /**
   * Asks about what should have had its outcome long ago, and now and then about what is unknown; gives up signatures
   * that nobody asks for.
   */
  function sweep(): void {
    const now = clock.elapsed();
    for (let entry = 0; entry < payments.capacity; entry++) {
      const state = payments.state[entry];
      const isLate = state === keptStates.sent && isOverdue(entry);
      if (!isLate && state !== keptStates.unknown) continue;
      if (now - payments.askedAt[entry] < (isLate ? overdueMs : unknownMs)) continue;
      payments.askedAt[entry] = now;
      enquireKept(entry);
    }
    signatures.sweep();
    cancelSweep = clock.after(sweepMs, sweep);
  }

  const hello = {
    versions: [...streamVersions],
    schemeId: scheme.schemeId,
    environment: scheme.environment,
    participants: signers.map(({ code }) => code),
    window: options.window ?? defaultWindow,
    software: options.software ?? 'clearway-sdk',
  };
  const links = options.addresses.map((address) =>
    createStreamLink({
      clock,
      chance: ports.chance,
      links: ports.links,
      address,
      hello,
      next: () => ++attachments,
      attached: (attachment) => attached(address, attachment),
      frame: takeFrame,
      leaving: departure.hashWritten,
      drained: pump,
      ended: (attachment, why) => ended(address, attachment, why),
    }),
  );
  let cancelSweep = clock.after(sweepMs, sweep);

  return {
    submit,
    answer: answers.send,
    enquire,
    room: (signer) => Math.max(0, roomOn(attachmentOf(signer), signer)),
    counts: {
      get payments() {
        return payments.count;
      },
      get unknown() {
        return unknown;
      },
      get answers() {
        return answers.count;
      },
      get links() {
        return open.length;
      },
      get keptBytes() {
        return payments.bytes + answers.keptBytes;
      },
      get uncovered() {
        return signatures.uncovered;
      },
    },
    async close() {
      isClosing = true;
      cancelSweep();
      await signatures.finish(closeMs);
      cancelAgain?.();
      for (const link of links) link.close();
    },
  };
}
