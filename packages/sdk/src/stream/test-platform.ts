/**
 * The platform's end of the stream for tests of the SDK, over real links: it checks places, hashes and signatures, asks
 * banks that are linked, and does to its links and outcomes what a test wants. It keeps everything as long as it lives.
 */
import {
  answerMessage,
  answerMessageBytes,
  bankAnswers,
  canonicalCheckpoint,
  checkHello,
  checkpointMessage,
  checkpointMessageBytes,
  coveredMessage,
  coveredMessageBytes,
  enquiryMessage,
  enquiryMessageBytes,
  type Frame,
  FrameError,
  FrameReader,
  type FrameType,
  FrameWriter,
  type Hello,
  merkleRoot,
  messageHashes,
  outcomeFlags,
  outcomeMessage,
  outcomeMessageBytes,
  paymentMessage,
  paymentStates,
  type QuestionType,
  questionPrefix,
  questionPrefixBytes,
  questionTypes,
  type Reason,
  reasons,
  type Scheme,
  sha256Lanes,
  sizeOfMessage,
  streamProtocol,
  textOf,
  windowMessage,
  windowMessageBytes,
} from '@clearway/contract';
import type { Link } from '@clearway/ports';
import { listenLinks, realCrypto } from '@clearway/ports/real';
import { readUint64, writeUint64 } from './payment-message.ts';

export const scheme: Scheme = { schemeId: 'TEST', environment: 'sandbox' };

/** What becomes of a payment whose bank is not linked. `silent`: no outcome at all. */
export type Fate = 'succeeded' | 'failed' | 'unknown' | 'silent' | { readonly notProcessed: Reason };

export interface HeldPayment {
  readonly id: string;
  readonly message: Uint8Array;
  readonly hash: string;
  readonly participant: number;
  state: number;
  answer: number;
  reason: number;
  copies: number;
}

/** What one signer sent on one stream. */
interface Sent {
  readonly signer: number;
  readonly stream: number;
  leaves: Buffer[];
  coveredTo: number;
}

export interface TestLink {
  readonly link: Link;
  readonly hello: Hello | undefined;
  readonly stream: number;
  readonly writer: FrameWriter;
  /** From now on nothing leaves: what is told is lost. */
  isMute: boolean;
  isGreeted: boolean;
  send(): void;
  goodbye(reason: Reason, detail: string): void;
}

export interface TestPlatform {
  readonly address: string;
  readonly links: readonly TestLink[];
  readonly payments: ReadonlyMap<string, HeldPayment>;
  /** Protocol faults of clients; empty in most tests. */
  readonly faults: string[];
  readonly goodbyes: { readonly reason: Reason; readonly detail: string }[];
  readonly enquiries: number;
  /** Sizes of the payment frames that came. */
  readonly frames: number[];
  readonly streams: readonly Sent[];
  fate: (payment: HeldPayment, link: TestLink) => Fate;
  /** JSON in answer to a hello, or undefined for the usual welcome. */
  greet: (hello: Hello, link: TestLink) => object | undefined;
  /** Why no checkpoint is taken for now. */
  refusesCheckpoints: Reason | undefined;
  /** Checkpoints that were refused. */
  readonly refusedCheckpoints: number;
  window: number;
  uncoveredMs: number;
  uncoveredMessages: number;
  /** Tells a payment's state to the institution again. */
  tell(id: string, flags?: number): void;
  /** Ends an unknown or silent payment and tells it. */
  resolve(id: string, state: 'succeeded' | 'failed'): void;
  ask(id: string, type: QuestionType): void;
  setWindow(link: TestLink, count: number): void;
  uncovered(): number;
  close(): Promise<void>;
}

export const hexOf = (bytes: Uint8Array, at: number, length: number) =>
  Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString('hex');

function roomFor(writer: FrameWriter, type: FrameType, size: number): number {
  const at = writer.message(type, size);
  writer.bytes.fill(0, at, at + size);
  return at;
}

export async function startTestPlatform(options: {
  readonly tls: { readonly cert: string; readonly key: string };
  /** Public keys by code. */
  readonly keys: ReadonlyMap<number, string>;
}): Promise<TestPlatform> {
  const links: TestLink[] = [];
  const payments = new Map<string, HeldPayment>();
  const streams: Sent[] = [];
  const hashes = messageHashes(scheme);
  const lanes = sha256Lanes();
  let lastStream = 0;

  const platform = {
    links,
    payments,
    faults: [] as string[],
    goodbyes: [] as { reason: Reason; detail: string }[],
    frames: [] as number[],
    enquiries: 0,
    streams,
    fate: (() => 'succeeded') as TestPlatform['fate'],
    greet: (() => undefined) as TestPlatform['greet'],
    refusesCheckpoints: undefined as Reason | undefined,
    refusedCheckpoints: 0,
    window: 1000,
    uncoveredMs: 200,
    uncoveredMessages: 10_000,
  };

  function accept(link: Link) {
    const reader = new FrameReader();
    const mine = {
      link,
      hello: undefined as Hello | undefined,
      stream: ++lastStream,
      writer: new FrameWriter(),
      isMute: false,
      isGreeted: false,
      send() {
        const bytes = mine.writer.take();
        if (bytes.length > 0 && !mine.isMute) link.write(bytes);
      },
      goodbye(reason: Reason, detail: string) {
        mine.writer.text('goodbye', { reason, detail });
        mine.send();
        link.end();
      },
    };
    links.push(mine);
    return {
      data(bytes: Uint8Array) {
        try {
          reader.read(bytes, (frame) => take(mine, frame));
          mine.send();
        } catch (error) {
          if (!(error instanceof FrameError)) throw error;
          platform.faults.push(error.message);
          mine.goodbye(error.reason, error.message);
        }
      },
      drained() {},
      closed() {
        links.splice(links.indexOf(mine), 1);
      },
    };
  }

  function take(link: TestLink & { hello: Hello | undefined }, frame: Frame): void {
    switch (frame.type) {
      case 'hello': {
        const hello = checkHello(textOf(frame));
        if (!hello.ok) throw new Error(hello.message);
        link.hello = hello.value;
        const { window, uncoveredMs, uncoveredMessages } = platform;
        const usual = { version: 1, stream: link.stream, window, uncoveredMs, uncoveredMessages, now: Date.now() };
        link.writer.text('welcome', platform.greet(hello.value, link) ?? usual);
        link.isGreeted = true;
        tellEnded(link);
        break;
      }
      case 'goodbye':
        platform.goodbyes.push(textOf(frame) as { reason: Reason; detail: string });
        break;
      case 'payments':
        platform.frames.push(frame.count);
        takePayments(link, frame);
        break;
      case 'answers':
        takeAnswers(link, frame);
        break;
      case 'enquiries':
        for (let i = 0; i < frame.count; i++) {
          platform.enquiries++;
          const id = hexOf(frame.payload, i * enquiryMessageBytes + enquiryMessage.id, 16);
          const participant = frame.view.getUint32(i * enquiryMessageBytes);
          writeOutcome(link.writer, participant, id, payments.get(id), outcomeFlags.asked);
        }
        break;
      case 'checkpoints':
        for (let i = 0; i < frame.count; i++) takeCheckpoint(link, frame, i * checkpointMessageBytes);
        break;
    }
  }

  function sentBy(signer: number, stream: number): Sent {
    let sent = streams.find((one) => one.signer === signer && one.stream === stream);
    if (!sent) {
      sent = { signer, stream, leaves: [], coveredTo: 0 };
      streams.push(sent);
    }
    return sent;
  }

  function place(link: TestLink, signer: number, stream: number, position: number, hash: Buffer): void {
    const sent = sentBy(signer, stream);
    if (stream !== link.stream) platform.faults.push(`stream ${stream} on link ${link.stream}`);
    if (position !== sent.leaves.length)
      platform.faults.push(`position ${position} of ${signer} where ${sent.leaves.length} was due`);
    sent.leaves.push(hash);
    if (sent.leaves.length - sent.coveredTo > platform.uncoveredMessages)
      platform.faults.push(`${signer} has ${sent.leaves.length - sent.coveredTo} messages without a signature`);
  }

  function takePayments(link: TestLink, frame: Frame): void {
    const { payload, view, count } = frame;
    for (let i = 0, at = 0; i < count; i++) {
      const size = sizeOfMessage('payments', view, at);
      hashes.start();
      hashes.addPayment(view, at);
      const hash = Buffer.from(hashes.finish());
      const participant = view.getUint32(at + paymentMessage.id + 4) & 0xffffff;
      const stream = readUint64(view, at + paymentMessage.stream);
      place(link, participant, stream, view.getUint32(at + paymentMessage.position), hash);
      takePayment(link, participant, Buffer.from(payload.subarray(at, at + size)), hash.toString('hex'));
      at += size;
    }
  }

  function takePayment(link: TestLink, participant: number, message: Buffer, hash: string) {
    const id = hexOf(message, paymentMessage.id, 16);
    const known = payments.get(id);
    if (known) {
      known.copies++;
      if (known.hash !== hash) platform.faults.push(`${id} came with other content`);
      if (known.state !== paymentStates.offered)
        writeOutcome(link.writer, participant, id, known, outcomeFlags.repeated);
      return;
    }
    const none = { state: paymentStates.offered as number, answer: 0, reason: 0, copies: 1 };
    const payment: HeldPayment = { id, message, hash, participant, ...none };
    const bank = message.readUInt32BE(paymentMessage.instructed);
    if (linkOf(bank)) {
      payments.set(id, payment);
      return ask(id, 'offer');
    }
    const fate = platform.fate(payment, link);
    if (typeof fate === 'object') {
      writeOutcome(link.writer, participant, id, undefined, outcomeFlags.notProcessed, reasons[fate.notProcessed].code);
      return;
    }
    payments.set(id, payment);
    if (fate === 'silent') return;
    payment.state = paymentStates[fate];
    writeOutcome(link.writer, participant, id, payment, 0);
  }

  function takeAnswers(link: TestLink, { view, payload, count }: Frame): void {
    for (let i = 0, at = 0; i < count; i++, at += answerMessageBytes) {
      hashes.start();
      hashes.addAnswer(view, at);
      const bank = view.getUint32(at + answerMessage.bank);
      const stream = readUint64(view, at + answerMessage.stream);
      place(link, bank, stream, view.getUint32(at + answerMessage.position), Buffer.from(hashes.finish()));
      const payment = payments.get(hexOf(payload, at + answerMessage.id, 16));
      if (!payment) {
        platform.faults.push('answer to nothing asked');
        continue;
      }
      if (payment.hash !== hexOf(payload, at + answerMessage.hash, 32)) platform.faults.push('answer to other content');
      const answer = view.getUint8(at + answerMessage.answer);
      if (payment.state === paymentStates.offered || payment.state === paymentStates.unknown) {
        payment.state = answer === bankAnswers.succeeded ? paymentStates.succeeded : paymentStates.failed;
        payment.answer = answer;
        payment.reason = view.getUint16(at + answerMessage.reason);
        tell(payment.id);
      }
      writeOutcome(link.writer, bank, payment.id, payment, 0);
    }
  }

  function takeCheckpoint(link: TestLink, { payload, view }: Frame, at: number) {
    const signer = view.getUint32(at + checkpointMessage.signer);
    const stream = readUint64(view, at + checkpointMessage.stream);
    const from = view.getUint32(at + checkpointMessage.from);
    const to = view.getUint32(at + checkpointMessage.to);
    const signedAt = readUint64(view, at + checkpointMessage.signedAt);
    const root = payload.slice(at + checkpointMessage.root, at + checkpointMessage.root + 32);
    const signature = payload.slice(at + checkpointMessage.signature, at + checkpointMessage.signature + 64);
    const sent = sentBy(signer, stream);
    if (platform.refusesCheckpoints !== undefined) {
      platform.refusedCheckpoints++;
      return tellCovered(link, sent, platform.refusesCheckpoints);
    }
    if (from < sent.coveredTo) return tellCovered(link, sent);
    if (from !== sent.coveredTo || to > sent.leaves.length) {
      platform.faults.push(`checkpoint [${from}, ${to}) of ${sent.leaves.length}, covered to ${sent.coveredTo}`);
      return;
    }
    const leaves = Buffer.concat(sent.leaves.slice(from, to));
    if (!Buffer.from(root).equals(merkleRoot(lanes, leaves, to - from))) platform.faults.push('another root');
    const code = String(signer).padStart(5, '0');
    const canonical = canonicalCheckpoint(scheme, { signer: code, stream, from, to, signedAt, root });
    sent.coveredTo = to;
    void realCrypto.verify('ed25519', options.keys.get(signer)!, canonical, signature).then((holds) => {
      if (!holds) platform.faults.push(`signature of ${signer} does not hold`);
      tellCovered(link, sent);
      link.send();
    });
  }

  function tellCovered(
    { writer }: TestLink,
    { signer, stream, coveredTo, leaves }: Sent,
    reason: Reason = 'none',
  ): void {
    const at = roomFor(writer, 'covered', coveredMessageBytes);
    writer.view.setUint32(at + coveredMessage.signer, signer);
    writeUint64(writer.view, at + coveredMessage.stream, stream);
    writer.view.setUint32(at + coveredMessage.to, coveredTo);
    writer.view.setUint32(at + coveredMessage.taken, leaves.length);
    writer.view.setUint16(at + coveredMessage.reason, reasons[reason].code);
  }

  function tellEnded(link: TestLink): void {
    for (const sent of streams) {
      const isMine = link.hello?.participants.some((code) => Number(code) === sent.signer);
      const hasEnded = links.every(({ stream }) => stream !== sent.stream);
      if (isMine && hasEnded && sent.coveredTo < sent.leaves.length) tellCovered(link, sent);
    }
  }

  function linkOf(code: number): TestLink | undefined {
    return links.find(
      ({ hello, isGreeted }) => isGreeted && hello?.participants.some((participant) => Number(participant) === code),
    );
  }

  function writeOutcome(
    writer: FrameWriter,
    participant: number,
    id: string,
    payment: HeldPayment | undefined,
    flags: number,
    reason = payment?.reason ?? 0,
  ): void {
    const at = roomFor(writer, 'outcomes', outcomeMessageBytes);
    const { view, bytes } = writer;
    view.setUint8(at + outcomeMessage.state, payment?.state ?? paymentStates.none);
    view.setUint8(at + outcomeMessage.answer, payment?.answer ?? 0);
    view.setUint16(at + outcomeMessage.reason, reason);
    view.setUint32(at + outcomeMessage.participant, participant);
    bytes.set(Buffer.from(id, 'hex'), at + outcomeMessage.id);
    writeUint64(view, at + outcomeMessage.changedAt, Date.now());
    view.setUint32(at + outcomeMessage.cycle, payment?.state === paymentStates.succeeded ? 1 : 0);
    view.setUint8(at + outcomeMessage.flags, flags);
    if (payment) {
      const bank = Buffer.from(payment.message).readUInt32BE(paymentMessage.instructed);
      view.setUint32(at + outcomeMessage.bank, bank);
    }
  }

  function tell(id: string, flags = 0): void {
    const payment = payments.get(id)!;
    const link = linkOf(payment.participant);
    if (!link) return;
    writeOutcome(link.writer, payment.participant, id, payment, flags);
    link.send();
  }

  function ask(id: string, type: QuestionType): void {
    const payment = payments.get(id)!;
    const link = linkOf(Buffer.from(payment.message).readUInt32BE(paymentMessage.instructed))!;
    const at = roomFor(link.writer, 'questions', questionPrefixBytes + payment.message.length);
    link.writer.view.setUint8(at + questionPrefix.type, questionTypes[type]);
    link.writer.view.setUint32(at + questionPrefix.remainingMs, 5000);
    link.writer.bytes.set(payment.message, at + questionPrefixBytes);
    link.send();
  }

  const listener = await listenLinks(accept, {
    host: '127.0.0.1',
    port: 0,
    tls: options.tls,
    protocol: streamProtocol,
  });

  return Object.assign(platform, {
    address: `127.0.0.1:${listener.port}`,
    tell,
    ask,
    resolve(id: string, state: 'succeeded' | 'failed') {
      payments.get(id)!.state = paymentStates[state];
      tell(id);
    },
    setWindow(link: TestLink, count: number) {
      const at = roomFor(link.writer, 'window', windowMessageBytes);
      link.writer.view.setUint32(at + windowMessage.count, count);
      link.send();
    },
    uncovered: () => streams.reduce((sum, { leaves, coveredTo }) => sum + leaves.length - coveredTo, 0),
    close: () => listener.close(),
  });
}
