/** Answers of banks: sent, kept until their outcome is there, and sent again over the next link. */
import { answerMessage, answerMessageBytes, outcomeFlags, outcomeMessage } from '@clearway/contract';
import type { Attachment } from './attachment.ts';
import type { Departure } from './departure.ts';
import { KeptMessages, keptStates } from './kept-messages.ts';
import { placeAnswer, type StreamAnswer, writeAnswer } from './payment-message.ts';
import type { Signatures } from './signatures.ts';

/** Answers kept for sending again; of those beyond, the platform enquires. */
const mostKept = 1 << 20;

export interface AnswersOptions {
  /** Of the signers. */
  readonly codes: readonly number[];
  readonly leave: Departure['leave'];
  readonly positionFor: Signatures['positionFor'];
  /** The link with this number if it is up, else the one that the signer prefers. */
  attachmentFor(signer: number, link: number): Attachment | undefined;
  /** Whether a refusal with this reason may be another one later. */
  isPassing(reason: number): boolean;
  outcome(view: DataView, at: number): void;
  otherOutcome(view: DataView, at: number): void;
  /** Something waits for {@link Answers.sendPaused}. */
  paused(): void;
}

export interface Answers {
  send(answer: StreamAnswer): void;
  /** What had no link, or too much unsigned before it. */
  sendWaiting(): void;
  /** What the platform had refused for the moment. */
  sendPaused(): void;
  takeOutcome(view: DataView, at: number): void;
  detached(attachment: Attachment): void;
  readonly count: number;
  readonly keptBytes: number;
}

export function createAnswers(options: AnswersOptions): Answers {
  const answers = new KeptMessages();
  const message = new Uint8Array(answerMessageBytes);
  const messageView = new DataView(message.buffer);
  let waiting: number[] = [];
  let paused: number[] = [];

  function sendKept(entry: number, link = 0): void {
    if (answers.state[entry] !== keptStates.waiting) return;
    const signer = answers.signer[entry];
    const attachment = options.attachmentFor(signer, link);
    if (!attachment || attachment.unsignedOf(signer) >= attachment.welcome.uncoveredMessages) {
      waiting.push(entry);
      return;
    }
    const { writer, welcome } = attachment;
    const at = writer.message('answers', answerMessageBytes);
    answers.copyTo(writer.bytes, at, entry);
    placeAnswer(writer.view, at, welcome.stream, options.positionFor(attachment, signer, ~at));
    answers.state[entry] = keptStates.sent;
    answers.attachment[entry] = attachment.number;
    options.leave(attachment);
  }

  return {
    send(answer) {
      const known = answers.find(answer.id, answer.idAt);
      if (known >= 0) answers.remove(known);
      writeAnswer(message, messageView, 0, options.codes[answer.signer], answer);
      const entry = answers.add(message, messageView, 0, answerMessageBytes, answerMessage.id);
      answers.signer[entry] = answer.signer;
      sendKept(entry, answer.link);
      // Too many to be kept: should this one be lost, the platform enquires.
      if (answers.count > mostKept && answers.state[entry] === keptStates.sent) answers.remove(entry);
    },
    sendWaiting() {
      if (waiting.length === 0) return;
      const entries = waiting;
      waiting = [];
      for (const entry of entries) sendKept(entry);
    },
    sendPaused() {
      const entries = paused;
      paused = [];
      for (const entry of entries) sendKept(entry);
    },
    takeOutcome(view, at) {
      const entry = answers.findIn(view, at + outcomeMessage.id);
      if (entry < 0) return options.otherOutcome(view, at);
      const flags = view.getUint8(at + outcomeMessage.flags);
      if (flags & outcomeFlags.asked) return options.otherOutcome(view, at);
      if (flags & outcomeFlags.notProcessed) {
        if (answers.state[entry] !== keptStates.sent) return;
        if (options.isPassing(view.getUint16(at + outcomeMessage.reason))) {
          answers.state[entry] = keptStates.waiting;
          paused.push(entry);
          return options.paused();
        }
      }
      answers.remove(entry);
      options.outcome(view, at);
    },
    detached(attachment) {
      for (let entry = 0; entry < answers.capacity; entry++) {
        if (answers.state[entry] !== keptStates.sent || answers.attachment[entry] !== attachment.number) continue;
        answers.state[entry] = keptStates.waiting;
        waiting.push(entry);
      }
    },
    get count() {
      return answers.count;
    },
    get keptBytes() {
      return answers.bytes;
    },
  };
}
