/** Payments of institutions: sent, kept until their final outcome is there, sent again over the next link, asked about. */
import {
  enquiryMessage,
  enquiryMessageBytes,
  largestMessage,
  outcomeFlags,
  outcomeMessage,
  paymentMessage,
  paymentStates,
  reasons,
} from '@clearway/contract';
import type { Clock } from '@clearway/ports';
import type { Attachment } from './attachment.ts';
import type { Departure } from './departure.ts';
import { KeptMessages, keptStates } from './kept-messages.ts';
import { placePayment, type StreamPayment, sizeOfPayment, writePayment } from './payment-message.ts';
import type { StreamClient, StreamEvents } from './port.ts';
import type { Signatures } from './signatures.ts';

export interface PaymentsOptions {
  readonly clock: Clock;
  /** Of the signers. */
  readonly codes: readonly number[];
  /** Links that are up. */
  readonly open: readonly Attachment[];
  readonly leave: Departure['leave'];
  readonly positionFor: Signatures['positionFor'];
  /** The link that the signer prefers. */
  attachmentOf(signer: number): Attachment | undefined;
  isClosing(): boolean;
  /** Whether a refusal with this reason may be another one later. */
  isPassing(reason: number): boolean;
  readonly events: Pick<StreamEvents, 'outcome' | 'otherOutcome' | 'room'>;
  /** Something waits for {@link Payments.sendPaused}. */
  paused(): void;
}

export interface Payments extends Pick<StreamClient, 'submit' | 'enquire' | 'room'> {
  /** Sends what waits as far as there is room, then lets new ones come. */
  pump(): void;
  /** What the platform had no room for, or could not process. */
  sendPaused(): void;
  takeOutcome(from: Attachment, view: DataView, at: number): void;
  /** A link is there: what is unknown may have been told to the one before. */
  attached(): void;
  /** The link is no longer among those that are up. */
  detached(attachment: Attachment): void;
  /** Asks about what should have had its outcome long ago, and now and then about what is unknown. */
  sweep(): void;
  readonly count: number;
  readonly unknown: number;
  readonly keptBytes: number;
}

/** A payment without an outcome is asked about so long after its expiry, and then every so often, ms. */
const overdueMs = 5_000;
/** What is unknown is told unasked when it is known; should that be lost, it is asked about so often, ms. */
const unknownMs = 20_000;
/** Unknown ones are remembered up to so many; beyond that the caller alone enquires. */
const mostUnknown = 65_536;

const isFinal = (state: number) =>
  state === paymentStates.succeeded || state === paymentStates.failed || state === paymentStates.refused;

export function createPayments(options: PaymentsOptions): Payments {
  const { clock, codes, open, leave, positionFor, attachmentOf, events } = options;
  const payments = new KeptMessages();
  let unknown = 0;
  /** To be sent (again), in order from `nextWaiting` on; and those to be put there after a pause. */
  let waiting: number[] = [];
  let nextWaiting = 0;
  let paused: number[] = [];
  let wasRefusedRoom = false;

  function roomOn(attachment: Attachment | undefined, signer: number): number {
    if (!attachment || attachment.isBlocked || options.isClosing() || waiting.length > nextWaiting) return 0;
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

  // Enquiries.

  function enquire(signer: number, id: Uint8Array, idAt: number): boolean {
    const attachment = attachmentOf(signer);
    if (!attachment) return false;
    writeEnquiry(attachment, signer, id, idAt);
    return true;
  }

  function enquireKept(entry: number): void {
    const signer = payments.signer[entry];
    const attachment = attachmentOf(signer);
    if (!attachment) return;
    const id = new Uint8Array(16);
    payments.writeId(new DataView(id.buffer), 0, entry);
    writeEnquiry(attachment, signer, id, 0);
  }

  /** It may leave at once, so it is whole before that. */
  function writeEnquiry(attachment: Attachment, signer: number, id: Uint8Array, idAt: number): void {
    const { writer } = attachment;
    const at = writer.message('enquiries', enquiryMessageBytes);
    for (let i = 0; i < 16; i++) writer.bytes[at + enquiryMessage.id + i] = id[idAt + i];
    writer.view.setUint32(at + enquiryMessage.participant, codes[signer]);
    leave(attachment);
  }

  // Outcomes.

  function takeOutcome(from: Attachment, view: DataView, at: number) {
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
      if (state !== paymentStates.none && !isFinal(state)) return;
      // An identifier alone was asked about, and it may be that of another content: the same message settles it. It does
      // too when there is no such payment, since whatever was sent did not arrive, or never will.
      if (wasSent && isOverdue(entry)) return again(entry, from);
      if (payments.state[entry] !== keptStates.unknown || state === paymentStates.none) return;
    } else if (flags & outcomeFlags.notProcessed) {
      const reason = view.getUint16(at + outcomeMessage.reason);
      if (!wasSent) return;
      const isWindow = reason === reasons.windowExceeded.code;
      const isElsewhere = reason === reasons.bankNotOnStream.code;
      if (isWindow || (mayBeKnown && options.isPassing(reason) && !isElsewhere)) return again(entry, from);
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
    options.paused();
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

  return {
    submit,
    enquire,
    room: (signer) => Math.max(0, roomOn(attachmentOf(signer), signer)),
    pump,
    sendPaused() {
      waiting = waiting.slice(nextWaiting).concat(paused);
      nextWaiting = 0;
      paused = [];
      pump();
    },
    takeOutcome,
    attached() {
      for (let entry = 0; entry < payments.capacity; entry++)
        if (payments.state[entry] === keptStates.unknown) enquireKept(entry);
    },
    detached(attachment) {
      for (let entry = 0; entry < payments.capacity; entry++) {
        if (payments.state[entry] !== keptStates.sent || payments.attachment[entry] !== attachment.number) continue;
        payments.state[entry] = keptStates.waiting;
        payments.mayBeKnown[entry] = 1;
        waiting.push(entry);
      }
    },
    sweep() {
      const now = clock.elapsed();
      for (let entry = 0; entry < payments.capacity; entry++) {
        const state = payments.state[entry];
        const isLate = state === keptStates.sent && isOverdue(entry);
        if (!isLate && state !== keptStates.unknown) continue;
        if (now - payments.askedAt[entry] < (isLate ? overdueMs : unknownMs)) continue;
        payments.askedAt[entry] = now;
        enquireKept(entry);
      }
    },
    get count() {
      return payments.count;
    },
    get unknown() {
      return unknown;
    },
    get keptBytes() {
      return payments.bytes;
    },
  };
}
