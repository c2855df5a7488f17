/**
 * The stream for volume: many signers on a few links, no object or promise a message.
 *
 * What is submitted is written straight into the frame that leaves next, and a copy is kept until its outcome is there.
 * When a link ends, what has no outcome goes over the next one under the same identifiers, and the platform processes
 * every identifier once; so nothing is lost and nothing done twice. Every signer signs at intervals over the hashes of
 * all it has sent.
 */
import {
  type Frame,
  outcomeMessage,
  outcomeMessageBytes,
  reasonOf,
  reasons,
  streamVersions,
  windowMessage,
} from '@clearway/contract';
import type { Cancel } from '@clearway/ports';
import { createAnswers } from './answers.ts';
import type { Attachment } from './attachment.ts';
import { createDeparture } from './departure.ts';
import { createPayments } from './payments.ts';
import type { StreamClient, StreamClientOptions } from './port.ts';
import { createTakeQuestions } from './questions.ts';
import { createSignatures } from './signatures.ts';
import { createStreamLink, type LinkEnd } from './stream-link.ts';

const defaultWindow = 10_000;
/** Pause before what the platform had no room for, or could not process, is sent again: doubled while that goes on, ms. */
const shortestAgainMs = 100;
const longestAgainMs = 2_000;
const sweepMs = 1_000;
const closeMs = 3_000;

/** Whether a refusal speaks of the moment, and not of the message, which would always have been refused. */
function isPassing(code: number): boolean {
  const reason = reasonOf(code);
  // Of a copy that was taken before it would not say that the identifier has other content.
  return reason !== undefined && reason !== 'identifierReused' && reasons[reason].kind !== 'malformed';
}

export function createStreamClient(options: StreamClientOptions): StreamClient {
  const { ports, scheme, signers, events, lingerMs = 0 } = options;
  const { clock } = ports;
  const codes = signers.map(({ code }) => Number(code));
  const takeQuestions = createTakeQuestions(scheme, events);
  const open: Attachment[] = [];
  let attachments = 0;
  let cancelAgain: Cancel | undefined;
  let againMs = shortestAgainMs;
  let againAt = Number.NEGATIVE_INFINITY;
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
  const payments = createPayments({
    ...{ clock, codes, open, leave, positionFor, attachmentOf, isPassing, events },
    isClosing: () => isClosing,
    paused: sendAgainLater,
  });

  // Links: every signer has one that it prefers.

  function attachmentOf(signer: number): Attachment | undefined {
    return open.length === 0 ? undefined : open[signer % open.length];
  }

  /** There may be room. */
  function goOn(): void {
    answers.sendWaiting();
    payments.pump();
  }

  function sendAgainLater(): void {
    if (cancelAgain) return;
    const isNew = clock.elapsed() - againAt > 2 * longestAgainMs;
    againMs = isNew ? shortestAgainMs : Math.min(2 * againMs, longestAgainMs);
    cancelAgain = clock.after(againMs * (0.5 + ports.chance.bytes(1)[0] / 512), () => {
      cancelAgain = undefined;
      againAt = clock.elapsed();
      answers.sendPaused();
      payments.sendPaused();
    });
  }

  // Outcomes.

  function takeOutcomes(from: Attachment, view: DataView, count: number): void {
    for (let i = 0, at = 0; i < count; i++, at += outcomeMessageBytes) {
      const participant = view.getUint32(at + outcomeMessage.participant);
      const isMaker = (view.getUint32(at + outcomeMessage.id + 4) & 0xffffff) === participant;
      if (isMaker) payments.takeOutcome(from, view, at);
      else answers.takeOutcome(view, at);
    }
    goOn();
  }

  // Beginning and end of links.

  function attached(address: string, attachment: Attachment): void {
    open.push(attachment);
    events.linked?.(address, attachment.welcome);
    signatures.attached();
    payments.attached();
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
    payments.detached(attachment);
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
        return payments.pump();
    }
  }

  function sweep(): void {
    payments.sweep();
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
      drained: payments.pump,
      ended: (attachment, why) => ended(address, attachment, why),
    }),
  );
  let cancelSweep = clock.after(sweepMs, sweep);

  return {
    submit: payments.submit,
    answer: answers.send,
    enquire: payments.enquire,
    room: payments.room,
    counts: {
      get payments() {
        return payments.count;
      },
      get unknown() {
        return payments.unknown;
      },
      get answers() {
        return answers.count;
      },
      get links() {
        return open.length;
      },
      get keptBytes() {
        return payments.keptBytes + answers.keptBytes;
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
