/**
 * One participant's stream with a promise a payment and a handler a question: what `createInstitution` and
 * `createReceiver` use when they are given one.
 */
import {
  outcomeFlags,
  outcomeMessage,
  type PaymentRequest,
  type PaymentStatus,
  paymentMessage,
  problem,
  questionPrefix,
  questionPrefixBytes,
  questionTypes,
  readPaymentMessage,
  reasons,
  type Signature,
  signatureTrailer,
  type Unsigned,
} from '@clearway/contract';
import { type Cancel, type LinkNetwork, type Suite, suites } from '@clearway/ports';
import { defaultAttempts, defaultPatienceMs, type InstitutionOptions } from '../options.ts';
import { Refused, Unanswered } from '../outcome.ts';
import type { PaymentDecision } from '../question.ts';
import { addressesByCell, createCellStreams } from './cell-streams.ts';
import {
  codeText,
  idTextAt,
  readOutcome,
  type StreamOutcome,
  statusOf,
  toStreamAnswer,
  toStreamPayment,
} from './payment-form.ts';
import type { StreamPayment } from './payment-message.ts';
import type { StreamClientOptions, StreamCounts } from './port.ts';

export interface ParticipantStreamOptions
  extends Pick<InstitutionOptions, 'ports' | 'code' | 'scheme' | 'signing' | 'attempts' | 'patienceMs'>,
    Pick<
      StreamClientOptions,
      'addresses' | 'window' | 'lingerMs' | 'checkpointEveryMs' | 'checkpointEveryMessages' | 'sent' | 'software'
    > {
  /** With the certificate that is registered for the participant: `realLinks`. */
  readonly links: LinkNetwork;
  /** A handler that threw, or a key that does not sign. What was asked stays without an answer. */
  failed(error: Error): void;
  /** For the operator's eyes: when links come and go. */
  linked?: StreamClientOptions['events']['linked'];
  unlinked?: StreamClientOptions['events']['unlinked'];
}

/** What the platform asks over the stream, as it came. */
export interface StreamQuestion {
  readonly type: 'offer' | 'enquiry' | 'reversal';
  readonly possibleDuplicate: boolean;
  /** ms, by the own clock. */
  readonly deadline: number;
  readonly payment: Unsigned<PaymentRequest>;
  /** Of a payment that came to the platform over HTTP; over the stream its sender signs for many at once. */
  readonly signature: Signature | undefined;
  /** SHA-256 of the canonical payment, hex. */
  readonly paymentHash: string;
}

/** `mayBeKnown`: a copy may have been taken over the stream before. */
export interface NotOnStream {
  readonly state: 'notOnStream';
  readonly mayBeKnown: boolean;
}

export interface ParticipantStream {
  /**
   * As `Institution.submitPayment`, or that the bank is not on the stream: the message has to go over HTTP.
   * @throws Refused, Unanswered
   */
  submit(message: PaymentRequest, mayBeKnown: boolean): Promise<PaymentStatus | NotOnStream>;
  /** The bank's side; a decision is sent when the handler resolves with one. */
  onQuestion(handler: (question: StreamQuestion) => Promise<PaymentDecision | 'later' | undefined>): void;
  /** What became of an unknown payment, and of payments that this bank answered. */
  onStatus(handler: (status: PaymentStatus) => Promise<void>): void;
  readonly counts: StreamCounts;
  /** Signs what is left and ends. Who still waits gets {@link Unanswered}. */
  close(): Promise<void>;
}

interface Open {
  readonly message: PaymentRequest;
  readonly payment: StreamPayment;
  readonly mayBeKnown: boolean;
  sent: number;
  /** Those who wait for it; empty once they were told that it is unknown, or have waited long enough. */
  waiters: {
    readonly resolve: (status: PaymentStatus | NotOnStream) => void;
    readonly reject: (error: Error) => void;
  }[];
  cancel: Cancel;
  /** What was told while it is unknown. */
  told?: PaymentStatus;
}

const firstPauseMs = 100;
const questionNames = Object.keys(questionTypes) as (keyof typeof questionTypes)[];
const suiteNames = Object.keys(suites) as Suite[];
/** Final states that nobody has waited for are remembered for the bank's notices up to so many. */
const mostAsked = 100_000;

export function createParticipantStream(options: ParticipantStreamOptions): ParticipantStream {
  const { ports, code, patienceMs = defaultPatienceMs, attempts = defaultAttempts } = options;
  const { clock } = ports;
  /** Payments of this institution that have no final outcome. */
  const open = new Map<string, Open>();
  /** Those that wait for room, in order. */
  let queue: string[] = [];
  /** Payments that this bank was asked about, until their outcome is known. */
  const asked = new Map<string, Unsigned<PaymentRequest>>();
  let ask: Parameters<ParticipantStream['onQuestion']>[0] | undefined;
  let tell: Parameters<ParticipantStream['onStatus']>[0] | undefined;

  const cells = addressesByCell(options.addresses);
  const client = createCellStreams({
    ...options,
    ports: { ...ports, links: options.links },
    signers: [{ code, signing: options.signing }],
    events: {
      outcome: takeOutcome,
      otherOutcome: () => {},
      question: takeQuestion,
      room: sendQueued,
      failed: options.failed,
      linked: (address, welcome) => {
        options.linked?.(address, welcome);
        sendQueued();
      },
      ...(options.unlinked && { unlinked: options.unlinked }),
    },
  });

  function send(paymentId: string): boolean {
    const one = open.get(paymentId);
    if (!one) return true;
    if (!client.submit(one.payment, one.mayBeKnown)) return false;
    one.sent++;
    return true;
  }

  /** In order; where a cell has no room, the others do not wait for it. */
  function sendQueued(): void {
    const full = new Set<string>();
    queue = queue.filter((paymentId) => {
      const cell = cellOf(paymentId);
      if (!full.has(cell) && send(paymentId)) return false;
      full.add(cell);
      return true;
    });
  }

  function submit(message: PaymentRequest, mayBeKnown: boolean): Promise<PaymentStatus | NotOnStream> {
    const { paymentId } = message;
    const known = open.get(paymentId);
    if (known) return wait(known);
    const cell = cellOf(paymentId);
    if (!cells.has('') && !cells.has(cell)) return Promise.resolve({ state: 'notOnStream', mayBeKnown });
    const payment = toStreamPayment(message, 0);
    return new Promise((resolve, reject) => {
      const cancel = clock.after(patienceMs, () => giveUp(paymentId));
      open.set(paymentId, { message, payment, mayBeKnown, sent: 0, waiters: [{ resolve, reject }], cancel });
      const isBehind = queue.some((queued) => cellOf(queued) === cell);
      if (isBehind || !send(paymentId)) queue.push(paymentId);
    });
  }

  /** For what is under way already. */
  function wait(known: Open): Promise<PaymentStatus | NotOnStream> {
    if (known.told) return Promise.resolve(known.told);
    known.cancel();
    known.cancel = clock.after(patienceMs, () => giveUp(known.message.paymentId));
    return new Promise((resolve, reject) => known.waiters.push({ resolve, reject }));
  }

  /** Nobody waits any longer; what was sent stays with the client until its outcome is there. */
  function giveUp(paymentId: string): void {
    const one = open.get(paymentId)!;
    const why = one.sent === 0 ? 'there was no room on the stream' : 'no outcome';
    if (one.sent === 0) {
      open.delete(paymentId);
      queue = queue.filter((queued) => queued !== paymentId);
    }
    for (const { reject } of one.waiters.splice(0))
      reject(new Unanswered(`payment ${paymentId}: ${why} within ${patienceMs} ms`));
  }

  function takeOutcome(view: DataView, at: number, mayBeKnown: boolean): void {
    const paymentId = idTextAt(new Uint8Array(view.buffer, view.byteOffset), at + outcomeMessage.id);
    const outcome = readOutcome(view, at);
    const one = codeText(view.getUint32(at + outcomeMessage.participant)) === code ? open.get(paymentId) : undefined;
    if (one) settle(one, outcome, mayBeKnown);
    else settleAsked(paymentId, outcome);
  }

  function settle(one: Open, outcome: StreamOutcome, mayBeKnown: boolean) {
    const { message, waiters } = one;
    const { paymentId } = message;
    const { state, reason, flags } = outcome;
    const isElsewhere = reason === 'bankNotOnStream';
    if (flags & outcomeFlags.notProcessed && reasons[reason].kind === 'unavailable' && !isElsewhere) {
      if (one.sent < (reason === 'overloaded' ? 2 : attempts) && waiters.length > 0) return sendLater(one);
    }
    const status = state === undefined ? undefined : statusOf(message, state, outcome);
    const isOpen = state === 'unknown' || state === 'reversing';
    if (!isOpen || waiters.length > 0) one.cancel();
    if (isOpen && status) one.told = status;
    else open.delete(paymentId);
    if (waiters.length === 0 && status) return notify(status);
    for (const { resolve, reject } of waiters.splice(0)) {
      if (isElsewhere) resolve({ state: 'notOnStream', mayBeKnown });
      else if (state === 'refused' || status === undefined)
        reject(new Refused(problem(reason, 'over the stream', { paymentId })));
      else resolve(status);
    }
  }

  function sendLater(one: Open) {
    const pauseMs = firstPauseMs * 2 ** one.sent * (0.5 + ports.chance.bytes(1)[0] / 256);
    clock.after(pauseMs, () => {
      queue.push(one.message.paymentId);
      sendQueued();
    });
  }

  function settleAsked(paymentId: string, outcome: StreamOutcome): void {
    const message = asked.get(paymentId);
    if (message === undefined || (outcome.state !== 'succeeded' && outcome.state !== 'failed')) return;
    asked.delete(paymentId);
    notify(statusOf(message, outcome.state, outcome));
  }

  function notify(status: PaymentStatus) {
    tell?.(status).catch(options.failed);
  }

  function takeQuestion(
    bytes: Uint8Array,
    view: DataView,
    at: number,
    hashes: Uint8Array,
    hashAt: number,
    link: number,
  ): void {
    if (!ask) return;
    try {
      const start = at + questionPrefixBytes;
      const { payment } = readPaymentMessage(bytes.subarray(start));
      const paymentHash = Buffer.from(hashes.subarray(hashAt, hashAt + 32)).toString('hex');
      const isSigned = view.getUint8(at + questionPrefix.signed) === 1;
      const question: StreamQuestion = {
        type: questionNames.find((name) => questionTypes[name] === view.getUint8(at + questionPrefix.type))!,
        possibleDuplicate: view.getUint8(at + questionPrefix.possibleDuplicate) === 1,
        deadline: clock.now() + view.getUint32(at + questionPrefix.remainingMs),
        payment,
        signature: isSigned ? trailerAt(bytes, view, start + view.getUint16(start + paymentMessage.size)) : undefined,
        paymentHash,
      };
      asked.set(payment.paymentId, payment);
      if (asked.size > mostAsked) asked.delete(asked.keys().next().value!);
      ask(question).then((decision) => {
        if (decision === undefined || decision === 'later') return;
        client.answer(toStreamAnswer(0, link, payment.paymentId, paymentHash, decision));
      }, options.failed);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      options.failed(error);
    }
  }

  return {
    submit,
    onQuestion: (handler) => {
      ask = handler;
    },
    onStatus: (handler) => {
      tell = handler;
    },
    counts: client.counts,
    async close() {
      await client.close();
      for (const [paymentId, { waiters, cancel }] of open) {
        cancel();
        for (const { reject } of waiters) reject(new Unanswered(`payment ${paymentId}: the stream was closed`));
      }
      open.clear();
    },
  };
}

/** Its routing digits. */
const cellOf = (paymentId: string) => paymentId.slice(-6);

/** The signature behind a payment that was signed on its own. */
function trailerAt(bytes: Uint8Array, view: DataView, at: number): Signature {
  const suite = suiteNames.find((name) => suites[name] === view.getUint8(at + signatureTrailer.suite));
  if (suite === undefined) throw new RangeError('a signature of no known suite');
  const value = bytes.subarray(at + signatureTrailer.value, at + signatureTrailer.value + 64);
  return {
    suite,
    keyVersion: view.getUint16(at + signatureTrailer.keyVersion),
    value: Buffer.from(value).toString('base64'),
  };
}
