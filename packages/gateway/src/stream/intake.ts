/**
 * From frames to commands: what arrives within one turn becomes one lot, hashed together. Messages are read where they
 * lie; nothing here makes an object for one of them.
 */
import {
  answerMessage,
  answerMessageBytes,
  copyBytes,
  currencyByNumeric,
  type Frame,
  FrameError,
  LotBytes,
  type MessageHashes,
  messageHashes,
  paymentMessage,
  paymentMessageBytes,
  type Scheme,
} from '@clearway/contract';
import { commandTypes, layout, paymentKinds, type Reason, readUint64, reasonOf, reasons } from '@clearway/core';
import type { SignerStream } from './coverage.ts';
import type { StreamLot } from './port.ts';
import type { StreamLink } from './stream-link.ts';

const submission = layout.submitPayment;
const recording = layout.recordAnswer;
const notJournaled = 0xffff_ffff;
/** Commands in a lot: what a stalled process finds waiting may be far more than a batch can hold. */
const largestLot = 4096;

export interface IntakeOptions {
  scheme(): Scheme;
  /** ms: trace time of what is received. */
  now(): number;
  elapsed(): number;
  /** Why nothing is taken from this signer, or undefined. */
  stopped(signer: SignerStream): Reason | undefined;
  /** Whether the bank takes questions over the stream. */
  reaches(bank: number): boolean;
  /** The message at `at` is not processed, definitely. */
  refuse(link: StreamLink, participant: number, view: DataView, id: number, reason: Reason): void;
  take(lot: StreamLot): void;
}

export interface Intake {
  payments(link: StreamLink, frame: Frame): void;
  answers(link: StreamLink, frame: Frame): void;
  /** Hashes what has arrived, gives the leaves to their signers and hands over the lot. */
  close(): void;
}

/** Digits after the point by currency number; 255 for no currency. */
const decimals = new Uint8Array(1000).fill(255);
for (let number = 0; number < decimals.length; number++) {
  const known = currencyByNumeric(number);
  if (known !== undefined) decimals[number] = known.decimals;
}

export function createIntake(options: IntakeOptions): Intake {
  const { now, elapsed } = options;
  let hashes: MessageHashes | undefined;
  const facts = new LotBytes(1 << 18);
  const bodies = new LotBytes(1 << 20);
  let arrivedAt = 0;
  /** For each command: its link, whose it is, and its place in the signer's stream. */
  const links: StreamLink[] = [];
  const owners: SignerStream[] = [];
  const places: number[] = [];
  let commands = 0;
  /** For each message: its signer, and where in the facts its hash goes, if it becomes a command. */
  const signers: SignerStream[] = [];
  let messages = 0;
  let hashPlaces = new Uint32Array(1024);

  const addBody = (message: DataView, at: number, size: number): void => {
    const place = bodies.take(4 + size);
    bodies.view.setUint32(place, size);
    copyBytes(message, at, bodies.view, place + 4, size);
  };

  const copyWords = (view: DataView, from: number, to: number, bytes: number): void => {
    copyBytes(view, from, facts.view, to, bytes);
  };

  const addMessage = (signer: SignerStream, hashPlace: number): void => {
    if (messages === hashPlaces.length) {
      const grown = new Uint32Array(hashPlaces.length * 2);
      grown.set(hashPlaces);
      hashPlaces = grown;
    }
    hashPlaces[messages] = hashPlace;
    signers[messages++] = signer;
  };

  const own = (link: StreamLink, signer: SignerStream): void => {
    if (commands === 0) arrivedAt = elapsed();
    links[commands] = link;
    owners[commands] = signer;
    places[commands++] = signer.next - 1;
  };

  /** The signer of a message whose place is right. @throws FrameError */
  const signerAt = (link: StreamLink, code: number, stream: number, position: number): SignerStream => {
    const signer = link.signers.get(code);
    if (signer === undefined) throw new FrameError('frameMalformed', `the link does not speak for participant ${code}`);
    if (stream !== link.stream || position !== signer.next) {
      throw new FrameError(
        'frameOutOfOrder',
        `message ${position} of participant ${code} on stream ${stream}, where ${signer.next} on ${link.stream} was due`,
      );
    }
    signer.next++;
    return signer;
  };

  const wrongPayment = (view: DataView, payload: Uint8Array, at: number): Reason | undefined => {
    const kind = view.getUint8(at + paymentMessage.kind);
    if (kind < 1 || kind > 3) return 'kindUnsupported';
    const currency = view.getUint16(at + paymentMessage.currency);
    const places = currency < decimals.length ? decimals[currency] : 255;
    if (places === 255) return 'currencyUnsupported';
    if (view.getUint8(at + paymentMessage.decimals) !== places) return 'amountInvalid';
    const named = view.getUint32(at + paymentMessage.reference) !== 0;
    if (named !== (kind !== paymentKinds.payout)) return 'fieldInvalid';
    if (!options.reaches(view.getUint32(at + paymentMessage.instructed))) return 'bankNotOnStream';
    const start = at + paymentMessageBytes;
    return isReference(payload, start, view.getUint8(at + paymentMessage.referenceLength)) ? undefined : 'fieldInvalid';
  };

  const giveBack = (lot: StreamLot) => {
    facts.giveBack(lot.facts);
    bodies.giveBack(lot.bodies);
  };

  const close = () => {
    if (messages === 0) return;
    const digests = hashes!.finish();
    const time = elapsed();
    for (let i = 0; i < messages; i++) {
      const place = hashPlaces[i];
      signers[i].add(digests, i * 32, place !== notJournaled, time);
      if (place < notJournaled - 1)
        for (let b = 0; b < 32; b++) facts.bytes[facts.from + place + b] = digests[i * 32 + b];
    }
    hashes!.start();
    messages = 0;
    if (commands === 0) return;
    const lot = {
      facts: facts.cut(),
      bodies: bodies.cut(),
      commands,
      links: links.slice(0, commands),
      arrivedAt,
      unjournaled: unjournalAll.bind(undefined, owners.slice(0, commands), places.slice(0, commands)),
      giveBack,
    };
    commands = 0;
    options.take(lot);
  };

  return {
    payments(link, { payload, view, count }) {
      hashes ??= messageHashes(options.scheme());
      const receivedAt = now();
      for (let i = 0, at = 0; i < count; i++) {
        const size = view.getUint16(at + paymentMessage.size);
        const code = view.getUint32(at + paymentMessage.id + 4) & 0xffffff;
        const signer = signerAt(
          link,
          code,
          readUint64(view, at + paymentMessage.stream),
          view.getUint32(at + paymentMessage.position),
        );
        hashes.addPayment(view, at);
        const reason =
          options.stopped(signer) ?? (link.underWay >= link.share ? 'windowExceeded' : wrongPayment(view, payload, at));
        if (reason !== undefined) {
          addMessage(signer, notJournaled);
          options.refuse(link, code, view, at + paymentMessage.id, reason);
        } else {
          const fact = facts.take(submission.size);
          const factsView = facts.view;
          factsView.setUint32(fact, commandTypes.submitPayment << 24);
          factsView.setUint32(fact + 4, submission.size);
          copyWords(view, at + paymentMessage.id, fact + submission.id, 16);
          factsView.setUint32(fact + 24, view.getUint8(at + paymentMessage.kind) << 24);
          factsView.setUint16(fact + submission.currency, view.getUint16(at + paymentMessage.currency));
          factsView.setUint16(fact + submission.flags, 0);
          factsView.setUint32(fact + submission.instructed, view.getUint32(at + paymentMessage.instructed));
          factsView.setUint32(fact + submission.originalInstructed, 0);
          copyWords(view, at + paymentMessage.amount, fact + submission.amount, 16);
          factsView.setUint32(fact + submission.receivedAt, Math.floor(receivedAt / 0x1_0000_0000));
          factsView.setUint32(fact + submission.receivedAt + 4, receivedAt % 0x1_0000_0000);
          copyWords(view, at + paymentMessage.reference, fact + submission.reference, 16);
          factsView.setUint32(fact + submission.originalAmount, 0);
          factsView.setUint32(fact + submission.originalAmount + 4, 0);
          addMessage(signer, fact - facts.from + submission.hash);
          addBody(view, at, size);
          own(link, signer);
          link.underWay++;
        }
        if (messages >= largestLot) close();
        at += size;
      }
    },

    answers(link, { view, count }) {
      hashes ??= messageHashes(options.scheme());
      for (let i = 0, at = 0; i < count; i++, at += answerMessageBytes) {
        const bank = view.getUint32(at + answerMessage.bank);
        const signer = signerAt(
          link,
          bank,
          readUint64(view, at + answerMessage.stream),
          view.getUint32(at + answerMessage.position),
        );
        hashes.addAnswer(view, at);
        const answer = view.getUint8(at + answerMessage.answer);
        const reason = view.getUint16(at + answerMessage.reason);
        const wrong = options.stopped(signer) ?? (isAnswer(answer, reason) ? undefined : 'fieldInvalid');
        if (wrong !== undefined) {
          addMessage(signer, notJournaled);
          options.refuse(link, bank, view, at + answerMessage.id, wrong);
          continue;
        }
        const fact = facts.take(recording.size);
        const factsView = facts.view;
        factsView.setUint32(fact, commandTypes.recordAnswer << 24);
        factsView.setUint32(fact + 4, recording.size);
        copyWords(view, at + answerMessage.id, fact + recording.id, 16);
        factsView.setUint32(fact + recording.answer, answer << 24);
        factsView.setUint32(fact + recording.bank, bank * 0x100 + (reason === 0 ? 0 : reason - 199));
        copyWords(view, at + answerMessage.hash, fact + recording.hash, 16);
        // The hash in an answer's fact is that of the payment: it stands there already.
        addMessage(signer, notJournaled - 1);
        addBody(view, at, answerMessageBytes);
        own(link, signer);
        if (messages >= largestLot) close();
      }
    },

    close,
  };
}

function unjournalAll(owners: readonly SignerStream[], places: readonly number[]): void {
  owners.forEach((signer, index) => {
    signer.unjournal(places[index]!);
  });
}

/** ISO 20022 Max35Text without control, format or separator characters: ASCII at a glance, others by the book. */
function isReference(bytes: Uint8Array, start: number, length: number): boolean {
  if (length === 0) return false;
  let plain = length <= 35;
  for (let i = start; plain && i < start + length; i++) plain = bytes[i] >= 0x20 && bytes[i] <= 0x7e;
  if (plain) return true;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      bytes.subarray(start, start + length),
    );
    return /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,35}$/u.test(text);
  } catch {
    return false;
  }
}

const failed = 2;

function isAnswer(answer: number, reason: number): boolean {
  if (answer < 1 || answer > 6) return false;
  if (reason === 0) return true;
  const known = reasonOf(reason);
  return answer === failed && known !== undefined && reasons[known].kind === 'bank';
}
