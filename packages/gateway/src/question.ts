/** Questions to banks: the institution's own message in an envelope, and how the bank's answer to it is read. */
import {
  type AgreementConfirmation,
  type AgreementRequest,
  canonicalAgreement,
  canonicalAgreementAnswer,
  canonicalConfirmation,
  canonicalPayment,
  canonicalPaymentAnswer,
  checkAgreementAnswer,
  checkPaymentAnswer,
  formatTime,
  type PaymentRequest,
  type Scheme,
} from '@clearway/contract';
import type { Ports } from '@clearway/ports';
import { encodeSigningAnswer } from './agreements.ts';
import { mustBeSigned, Refusal, readMessage } from './call.ts';
import { makerOf } from './identifiers.ts';
import { encodePaymentAnswer } from './payments.ts';
import type { Delivery, DeliveryKind, ParticipantConfiguration } from './port.ts';

export type QuestionKind = Exclude<DeliveryKind, 'notices'>;

interface Question {
  readonly path: string;
  /** Field of the envelope that carries the institution's message. */
  readonly field: string;
  readonly readAnswer: ReadAnswer;
}

/**
 * Reads the answer to `message`, the institution's JSON bytes, and gives the command that tells it to the cell.
 * @throws Refusal unless it answers exactly this, and the bank has signed it
 */
type ReadAnswer = (asked: Asked, message: Uint8Array, answer: Uint8Array) => Promise<Uint8Array>;

export interface Asked {
  readonly ports: Pick<Ports, 'clock' | 'crypto'>;
  readonly scheme: Scheme;
  readonly bank: ParticipantConfiguration;
}

const readPaymentAnswer: ReadAnswer = async ({ ports, scheme, bank }, message, body) => {
  const { clock, crypto } = ports;
  const payment = parseOwn<PaymentRequest>(message);
  const answer = readMessage(body, checkPaymentAnswer);
  mustBe('paymentId', answer.paymentId, payment.paymentId);
  mustBe('paymentHash', answer.paymentHash, hex(crypto.sha256(canonicalPayment(scheme, payment))));
  const canonical = canonicalPaymentAnswer(scheme, bank.code, answer);
  await mustBeSigned(crypto, bank.keys, canonical, answer.signature, clock.now());
  return encodePaymentAnswer(answer, bank.code);
};

function readSigningAnswer(canonicalSubject: (scheme: Scheme, message: Uint8Array) => SigningSubject): ReadAnswer {
  return async ({ ports, scheme, bank }, message, body) => {
    const { clock, crypto } = ports;
    const subject = canonicalSubject(scheme, message);
    const answer = readMessage(body, checkAgreementAnswer);
    mustBe('agreementId', answer.agreementId, subject.agreementId);
    mustBe('subjectHash', answer.subjectHash, hex(crypto.sha256(subject.canonical)));
    const canonical = canonicalAgreementAnswer(scheme, bank.code, answer);
    await mustBeSigned(crypto, bank.keys, canonical, answer.signature, clock.now());
    return encodeSigningAnswer(answer, bank.code);
  };
}

interface SigningSubject {
  readonly agreementId: string;
  readonly canonical: Uint8Array;
}

const payment = { field: 'payment', readAnswer: readPaymentAnswer } as const;

export const questions: Record<QuestionKind, Question> = {
  offer: { path: 'v1/offers', ...payment },
  enquiry: { path: 'v1/enquiries', ...payment },
  reversal: { path: 'v1/reversals', ...payment },
  signing: {
    path: 'v1/signings',
    field: 'agreement',
    readAnswer: readSigningAnswer((scheme, message) => {
      const agreement = parseOwn<AgreementRequest>(message);
      return { agreementId: agreement.agreementId, canonical: canonicalAgreement(scheme, agreement) };
    }),
  },
  confirmation: {
    path: 'v1/confirmations',
    field: 'confirmation',
    readAnswer: readSigningAnswer((scheme, message) => {
      const confirmation = parseOwn<AgreementConfirmation>(message);
      const { agreementId } = confirmation;
      return { agreementId, canonical: canonicalConfirmation(scheme, makerOf(agreementId), confirmation) };
    }),
  },
};

/** The institution's message goes in byte for byte, so that a repeated question is the same question. */
export function envelopeOf(kind: QuestionKind, message: Uint8Array, delivery: Delivery): Uint8Array {
  const rest = {
    deadline: formatTime(delivery.deadline),
    ...(kind === 'offer' && { possibleDuplicate: delivery.possibleDuplicate }),
  };
  const head = `{"${questions[kind].field}":`;
  return Buffer.concat([Buffer.from(head), message, Buffer.from(`,${JSON.stringify(rest).slice(1)}`)]);
}

/** A message that this gateway, or one like it, has checked before the cell took it. */
function parseOwn<T>(message: Uint8Array): T {
  return JSON.parse(Buffer.from(message.buffer, message.byteOffset, message.byteLength).toString()) as T;
}

function mustBe(field: string, given: string, expected: string): void {
  if (given !== expected) throw new Refusal('answerHashDiffers', `/${field} is not that of what was asked`);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
