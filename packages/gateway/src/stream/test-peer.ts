/** A participant's end of a link for tests of the platform's: it writes what the test says, right or wrong. */
import {
  answerMessage,
  answerMessageBytes,
  canonicalCheckpoint,
  checkpointMessage,
  checkpointMessageBytes,
  type Frame,
  FrameReader,
  FrameWriter,
  type Hello,
  merkleRoot,
  messageHashes,
  paymentMessage,
  paymentMessageBytes,
  recallMessage,
  recallMessageBytes,
  Slabs,
  sha256Lanes,
  textOf,
  type Welcome,
} from '@clearway/contract';
import { writeUint64 } from '@clearway/core';
import type { Link, LinkEvents, Suite } from '@clearway/ports';
import { realCrypto } from '@clearway/ports/real';
import { scheme, startedAt } from '../test-bed.ts';

export interface Told {
  readonly type: Frame['type'];
  readonly count: number;
  readonly view: DataView;
  /** Of a welcome or goodbye. */
  readonly text?: unknown;
}

export interface PaymentToSend {
  readonly sequence: number;
  readonly signer?: number;
  readonly bank?: number;
  readonly kind?: number;
  readonly currency?: number;
  readonly decimals?: number;
  readonly endToEndId?: string;
  readonly agreement?: boolean;
  readonly position?: number;
  readonly stream?: number;
}

// Whoever reads what was given back shall be found.
Slabs.overwrites = true;
const lanes = sha256Lanes();

export class TestPeer {
  readonly told: Told[] = [];
  readonly writer = new FrameWriter();
  /** Hashes of what each signer has sent on this stream. */
  readonly leaves = new Map<number, Uint8Array[]>();
  ended = false;
  destroyed = false;
  /** Bytes that the peer has not read; a test may set it. */
  waiting = 0;
  private readonly events: LinkEvents;
  private readonly reader = new FrameReader();
  private readonly hashes = messageHashes(scheme);

  constructor(accept: (link: Link) => LinkEvents, certificate?: string) {
    const peer = this;
    this.events = accept({
      certificate,
      peer: 'test',
      write(bytes, done) {
        peer.reader.read(bytes, ({ type, count, payload, view }) => {
          const kept = payload.slice();
          const text = type === 'welcome' || type === 'goodbye' ? textOf({ type, count, payload, view }) : undefined;
          peer.told.push({ type, count, view: new DataView(kept.buffer), text });
        });
        done?.();
        return true;
      },
      get waiting() {
        return peer.waiting;
      },
      pause() {},
      resume() {},
      end() {
        peer.ended = true;
      },
      destroy() {
        peer.destroyed = true;
      },
    });
  }

  hello(participants: string[], more: Partial<Hello> = {}): this {
    this.writer.text('hello', { versions: [1, 2], ...scheme, participants, window: 100, software: 'test', ...more });
    return this.send();
  }

  /** Everything written so far, in one piece. */
  send(): this {
    this.raw(this.writer.take());
    return this;
  }

  raw(bytes: Uint8Array): void {
    this.events.data(bytes);
  }

  close(): void {
    this.events.closed(undefined);
  }

  of(type: Frame['type']): Told[] {
    return this.told.filter((one) => one.type === type);
  }

  get stream(): number {
    return (this.of('welcome')[0]!.text as Welcome).stream;
  }

  get goodbye(): { readonly reason: string; readonly versions?: number[] } | undefined {
    return this.of('goodbye')[0]?.text as never;
  }

  private leafOf(signer: number, add: () => void): number {
    const leaves = this.leaves.get(signer) ?? [];
    this.leaves.set(signer, leaves);
    this.hashes.start();
    add();
    leaves.push(this.hashes.finish().slice());
    return leaves.length - 1;
  }

  payment(payment: PaymentToSend): this {
    const reference = Buffer.from(payment.endToEndId ?? `order-${payment.sequence}`, 'utf8');
    const size = Math.ceil((paymentMessageBytes + reference.length) / 8) * 8;
    const at = this.writer.message('payments', size);
    const { bytes, view } = this.writer;
    const signer = payment.signer ?? 101;
    view.setUint16(at + paymentMessage.size, size);
    view.setUint8(at + paymentMessage.referenceLength, reference.length);
    view.setUint8(at + paymentMessage.decimals, payment.decimals ?? 2);
    view.setUint32(at + paymentMessage.id, 20261122);
    view.setUint32(at + paymentMessage.id + 4, 0x1000000 + signer);
    view.setUint32(at + paymentMessage.id + 9, payment.sequence);
    view.setUint8(at + paymentMessage.id + 13, 1);
    view.setUint16(at + paymentMessage.id + 14, 1);
    view.setUint8(at + paymentMessage.kind, payment.kind ?? 2);
    view.setUint16(at + paymentMessage.currency, payment.currency ?? 156);
    view.setUint32(at + paymentMessage.instructed, payment.bank ?? 201);
    writeUint64(view, at + paymentMessage.amount, 500);
    writeUint64(view, at + paymentMessage.expiresAt, startedAt + 60_000);
    writeUint64(view, at + paymentMessage.stream, payment.stream ?? this.stream);
    if (payment.agreement === true) view.setUint32(at + paymentMessage.reference, 20261122);
    bytes.set(reference, at + paymentMessage.endToEndId);
    const place = this.leafOf(signer, () => this.hashes.addPayment(view, at));
    view.setUint32(at + paymentMessage.position, payment.position ?? place);
    return this;
  }

  answer(sequence: number, answer: number, reason = 0, bank = 201): this {
    const at = this.writer.message('answers', answerMessageBytes);
    const { view } = this.writer;
    view.setUint8(at + answerMessage.answer, answer);
    view.setUint16(at + answerMessage.reason, reason);
    view.setUint32(at + answerMessage.bank, bank);
    view.setUint32(at + answerMessage.id + 9, sequence);
    writeUint64(view, at + answerMessage.stream, this.stream);
    const place = this.leafOf(bank, () => this.hashes.addAnswer(view, at));
    view.setUint32(at + answerMessage.position, place);
    return this;
  }

  recall(signer: number, stream: number): this {
    const at = this.writer.message('recalls', recallMessageBytes);
    this.writer.view.setUint32(at + recallMessage.signer, signer);
    writeUint64(this.writer.view, at + recallMessage.stream, stream);
    return this;
  }

  /** A checkpoint over what this signer has sent from `from` up to `to`; a wrong leaf or key makes it false. */
  async checkpoint(
    signer: number,
    key: { readonly suite: Suite; readonly version: number; readonly privateKey: string },
    range: { from: number; to: number; stream?: number; leaves?: readonly Uint8Array[] },
  ): Promise<this> {
    const { from, to, stream = this.stream } = range;
    const leaves = Buffer.concat((range.leaves ?? this.leaves.get(signer)!).slice(from, to));
    const root = merkleRoot(lanes, leaves, to - from);
    const code = String(signer).padStart(5, '0');
    const canonical = canonicalCheckpoint(scheme, { signer: code, stream, from, to, signedAt: startedAt, root });
    const signature = await realCrypto.sign(key.suite, key.privateKey, canonical);
    const at = this.writer.message('checkpoints', checkpointMessageBytes);
    const { bytes, view } = this.writer;
    view.setUint32(at + checkpointMessage.signer, signer);
    view.setUint8(at + checkpointMessage.suite, key.suite === 'ed25519' ? 1 : 2);
    view.setUint16(at + checkpointMessage.keyVersion, key.version);
    writeUint64(view, at + checkpointMessage.stream, stream);
    view.setUint32(at + checkpointMessage.from, from);
    view.setUint32(at + checkpointMessage.to, to);
    writeUint64(view, at + checkpointMessage.signedAt, startedAt);
    bytes.set(root, at + checkpointMessage.root);
    bytes.set(signature, at + checkpointMessage.signature);
    return this;
  }
}
