/**
 * A link of the stream into a cell in the same process, for tests: its end speaks for all participants, answers as a
 * bank that books everything, and signs checkpoints when it is told to.
 */
import {
  answerMessage,
  answerMessageBytes,
  canonicalCheckpoint,
  checkpointMessage,
  checkpointMessageBytes,
  coveredMessage,
  coveredMessageBytes,
  type Frame,
  FrameReader,
  FrameWriter,
  merkleRoot,
  messageHashes,
  outcomeMessage,
  outcomeMessageBytes,
  paymentMessage,
  paymentMessageBytes,
  questionPrefixBytes,
  sha256Lanes,
  signMessage,
  sizeOfMessage,
  textOf,
  type Welcome,
} from '@clearway/contract';
import { bankAnswers, identifierToBytes, parseIdentifier, paymentKinds, readUint64, writeUint64 } from '@clearway/core';
import { type Crypto, type Link, type LinkEvents, suites } from '@clearway/ports';
import { type Keys, scheme } from './recorded-cell.ts';

export interface StreamedPayment {
  readonly paymentId: string;
  readonly bank: string;
  /** Minor units of CNY. */
  readonly amount: number;
  readonly endToEndId: string;
  readonly expiresAt: number;
}

export interface StreamLinkEnd {
  readonly stream: number;
  /** Sends payouts in one frame. */
  send(payments: readonly StreamedPayment[]): void;
  /** Outcomes that the institution was told of this payment, as states of the core. */
  outcomes(paymentId: string): readonly number[];
  /** Places up to which a signer has sent, and up to which the platform holds its checkpoints. */
  sent(signer: string): number;
  covered(signer: string): number;
  /** Signs what the signer has sent since its last checkpoint. */
  checkpoint(signer: string): Promise<void>;
  end(): void;
}

interface Signer {
  readonly leaves: Uint8Array[];
  signed: number;
  covered: number;
}

/** @param accept of a stream that asks for no certificates */
export function openStreamLink(
  accept: (link: Link) => LinkEvents,
  keys: Keys,
  { crypto, now }: { readonly crypto: Crypto; now(): number },
): StreamLinkEnd {
  const reader = new FrameReader();
  const writer = new FrameWriter();
  const hashing = messageHashes(scheme);
  const signers = new Map<string, Signer>();
  for (const code of keys.keys()) signers.set(code, { leaves: [], signed: 0, covered: 0 });
  const told = new Map<string, number[]>();
  let stream = 0;

  const reserve = (type: 'payments' | 'answers' | 'checkpoints', size: number) => {
    const at = writer.message(type, size);
    writer.bytes.fill(0, at, at + size);
    return at;
  };
  const flush = () => events.data(writer.take());

  const answer = ({ payload, view, count }: Frame) => {
    hashing.start();
    for (let i = 0, at = 0; i < count; i++, at += sizeOfMessage('questions', view, at)) {
      hashing.addPayment(view, at + questionPrefixBytes);
    }
    const hashes = hashing.finish().slice();
    hashing.start();
    for (let i = 0, at = 0; i < count; i++, at += sizeOfMessage('questions', view, at)) {
      const message = at + questionPrefixBytes;
      const out = reserve('answers', answerMessageBytes);
      const { bytes, view: writing } = writer;
      const bank = view.getUint32(message + paymentMessage.instructed);
      const { leaves } = signers.get(codeOf(bank))!;
      writing.setUint8(out + answerMessage.answer, bankAnswers.succeeded);
      writing.setUint32(out + answerMessage.bank, bank);
      bytes.set(
        payload.subarray(message + paymentMessage.id, message + paymentMessage.id + 16),
        out + answerMessage.id,
      );
      writeUint64(writing, out + answerMessage.answeredAt, now());
      writeUint64(writing, out + answerMessage.stream, stream);
      writing.setUint32(out + answerMessage.position, leaves.length);
      bytes.set(hashes.subarray(i * 32, i * 32 + 32), out + answerMessage.hash);
      hashing.addAnswer(writing, out);
      leaves.push(hashing.finish().slice());
      hashing.start();
    }
    flush();
  };

  const take = (frame: Frame) => {
    const { view, payload, count } = frame;
    switch (frame.type) {
      case 'welcome':
        stream = (textOf(frame) as Welcome).stream;
        break;
      case 'goodbye': {
        const { reason, detail } = textOf(frame) as { readonly reason: string; readonly detail: string };
        if (reason !== 'cellUnavailable') throw new Error(`the platform says goodbye: ${reason}, ${detail}`);
        break;
      }
      case 'questions':
        answer(frame);
        break;
      case 'outcomes':
        for (let at = 0; at < count * outcomeMessageBytes; at += outcomeMessageBytes) {
          const id = hexOf(payload.subarray(at + outcomeMessage.id, at + outcomeMessage.id + 16));
          const isInstitution =
            view.getUint32(at + outcomeMessage.participant) !== view.getUint32(at + outcomeMessage.bank);
          if (isInstitution) told.set(id, [...(told.get(id) ?? []), view.getUint8(at + outcomeMessage.state)]);
        }
        break;
      case 'covered':
        for (let at = 0; at < count * coveredMessageBytes; at += coveredMessageBytes) {
          const reason = view.getUint16(at + coveredMessage.reason);
          if (reason !== 0) throw new Error(`a checkpoint was not taken: reason ${reason}`);
          if (readUint64(view, at + coveredMessage.stream) !== stream) continue;
          signers.get(codeOf(view.getUint32(at + coveredMessage.signer)))!.covered = view.getUint32(
            at + coveredMessage.to,
          );
        }
    }
  };

  const events = accept({
    peer: 'test',
    write(bytes) {
      reader.read(bytes, take);
      return true;
    },
    waiting: 0,
    pause() {},
    resume() {},
    end() {},
    destroy() {},
  });
  writer.text('hello', {
    versions: [1],
    schemeId: scheme.schemeId,
    environment: scheme.environment,
    participants: [...keys.keys()],
    window: 1000,
    software: 'test',
  });
  flush();

  return {
    get stream() {
      return stream;
    },
    send(payments) {
      for (const { paymentId, bank, amount, endToEndId, expiresAt } of payments) {
        const text = Buffer.from(endToEndId);
        const sealed = Buffer.from(`sealed for ${bank}`);
        const size = Math.ceil((paymentMessageBytes + text.length + sealed.length) / 8) * 8;
        const at = reserve('payments', size);
        const { bytes, view } = writer;
        const { leaves } = signers.get(paymentId.slice(9, 14))!;
        view.setUint16(at + paymentMessage.size, size);
        view.setUint8(at + paymentMessage.referenceLength, text.length);
        view.setUint8(at + paymentMessage.decimals, 2);
        view.setUint16(at + paymentMessage.sealedLength, sealed.length);
        bytes.set(idOf(paymentId), at + paymentMessage.id);
        view.setUint8(at + paymentMessage.kind, paymentKinds.payout);
        view.setUint16(at + paymentMessage.currency, 156);
        view.setUint32(at + paymentMessage.instructed, Number(bank));
        view.setUint32(at + paymentMessage.position, leaves.length);
        writeUint64(view, at + paymentMessage.amount, amount);
        writeUint64(view, at + paymentMessage.expiresAt, expiresAt);
        writeUint64(view, at + paymentMessage.stream, stream);
        bytes.set(text, at + paymentMessage.endToEndId);
        bytes.set(sealed, at + paymentMessage.endToEndId + text.length);
        hashing.addPayment(view, at);
        leaves.push(hashing.finish().slice());
        hashing.start();
      }
      flush();
    },
    outcomes: (paymentId) => told.get(hexOf(idOf(paymentId))) ?? [],
    sent: (signer) => signers.get(signer)!.leaves.length,
    covered: (signer) => signers.get(signer)!.covered,
    async checkpoint(code) {
      const signer = signers.get(code)!;
      const key = keys.get(code)!;
      const [from, to] = [signer.signed, signer.leaves.length];
      signer.signed = to;
      const root = merkleRoot(sha256Lanes(), Buffer.concat(signer.leaves.slice(from)), to - from);
      const covers = { signer: code, stream, from, to, signedAt: now(), root };
      const { value } = await signMessage(crypto, key, canonicalCheckpoint(scheme, covers));
      const at = reserve('checkpoints', checkpointMessageBytes);
      const { bytes, view } = writer;
      view.setUint32(at + checkpointMessage.signer, Number(code));
      view.setUint8(at + checkpointMessage.suite, suites[key.suite]);
      view.setUint16(at + checkpointMessage.keyVersion, key.version);
      writeUint64(view, at + checkpointMessage.stream, stream);
      view.setUint32(at + checkpointMessage.from, from);
      view.setUint32(at + checkpointMessage.to, to);
      writeUint64(view, at + checkpointMessage.signedAt, covers.signedAt);
      bytes.set(root, at + checkpointMessage.root);
      bytes.set(Buffer.from(value, 'base64'), at + checkpointMessage.signature);
      flush();
    },
    end: () => events.closed(undefined),
  };
}

const idOf = (paymentId: string) => identifierToBytes(parseIdentifier(paymentId)!);
const codeOf = (code: number) => String(code).padStart(5, '0');
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
