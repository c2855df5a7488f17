/** Messages of the stream as the journal keeps them (docs/reference/stream.md), held against the facts made from them. */
import {
  answerMessage,
  answerMessageBytes,
  paymentMessage,
  paymentMessageBytes,
  type StreamPlace,
} from '@clearway/contract';
import { bankAnswers, identifierFromBytes, identifierText, paymentKinds, readUint64, reasonOf } from '@clearway/core';
import { codeText, type RecordAnswerFact, type SubmitPaymentFact } from '../journal/fact.ts';
import { MessageError } from './signed-message.ts';

/** A message that its signer's checkpoints sign, not a signature of its own. */
export interface StreamMessage {
  readonly place: StreamPlace;
  /** Names of what differs between message and fact; the hash of a payment is compared apart, many at once. */
  readonly differences: readonly string[];
  readonly endToEndId?: string;
  /** Of a bank's answer: hash of the canonical payment that it names, hex. */
  readonly paymentHash?: string;
}

const mostPadding = 7;
const noReference = '0'.repeat(31);

/** @throws MessageError */
export function readStreamMessage(fact: SubmitPaymentFact | RecordAnswerFact, body: Uint8Array): StreamMessage {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  return fact.type === 'submitPayment' ? readPayment(fact, body, view) : readAnswer(fact, body, view);
}

function readPayment(fact: SubmitPaymentFact, body: Uint8Array, view: DataView): StreamMessage {
  const at = paymentMessage;
  if (body.length < paymentMessageBytes) throw malformed(`has ${body.length} bytes`);
  const size = view.getUint16(at.size);
  const texts = at.endToEndId + view.getUint8(at.referenceLength);
  const end = texts + view.getUint16(at.sealedLength);
  if (size !== body.length || end > size || size - end > mostPadding) {
    throw malformed(`has ${body.length} bytes, by its lengths ${end}, by its size ${size}`);
  }
  const paymentId = identifierAt(body, at.id);
  const reference = identifierAt(body, at.reference);
  return {
    place: {
      signer: paymentId.slice(9, 14),
      stream: readUint64(view, at.stream),
      position: view.getUint32(at.position),
    },
    endToEndId: Buffer.from(body.buffer, body.byteOffset + at.endToEndId, texts - at.endToEndId).toString('utf8'),
    differences: differences([
      ['paymentId', paymentId === fact.paymentId],
      ['kind', view.getUint8(at.kind) === paymentKinds[fact.kind]],
      ['instructedAgent', codeText(view.getUint32(at.instructed)) === fact.instructedAgent],
      ['interbankSettlementAmount', readUint64(view, at.amount) === fact.amount],
      ['currency', view.getUint16(at.currency) === fact.currency],
      ['expiresAt', readUint64(view, at.expiresAt) === fact.expiresAt],
      ['reference', (reference === noReference ? null : reference) === fact.reference],
      ['key', isUnsigned(fact)],
    ]),
  };
}

function readAnswer(fact: RecordAnswerFact, body: Uint8Array, view: DataView): StreamMessage {
  const at = answerMessage;
  if (body.length !== answerMessageBytes) throw malformed(`has ${body.length} bytes, not ${answerMessageBytes}`);
  const signer = codeText(view.getUint32(at.bank));
  const paymentHash = Buffer.from(body.buffer, body.byteOffset + at.hash, 32).toString('hex');
  return {
    place: { signer, stream: readUint64(view, at.stream), position: view.getUint32(at.position) },
    paymentHash,
    differences: differences([
      ['paymentId', identifierAt(body, at.id) === fact.paymentId],
      ['bank', signer === fact.bank],
      ['answer', view.getUint8(at.answer) === bankAnswers[fact.answer]],
      ['reason', reasonOf(view.getUint16(at.reason)) === fact.bankReason],
      ['paymentHash', paymentHash.startsWith(fact.shortHash)],
      ['key', isUnsigned(fact)],
    ]),
  };
}

const malformed = (how: string) =>
  new MessageError(`the message behind the fact is no message of the stream: it ${how}`);

const isUnsigned = ({ suite, keyVersion }: SubmitPaymentFact | RecordAnswerFact) =>
  suite === 'checkpoint' && keyVersion === 0;

function identifierAt(bytes: Uint8Array, at: number): string {
  return identifierText(identifierFromBytes(bytes.subarray(at, at + 16)));
}

function differences(pairs: readonly (readonly [name: string, isSame: boolean])[]): string[] {
  return pairs.filter(([, isSame]) => !isSame).map(([name]) => name);
}
