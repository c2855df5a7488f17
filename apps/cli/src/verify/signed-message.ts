/** The message behind a fact: what was signed, by whom, and where it says otherwise than the fact does. */
import {
  type Check,
  canonicalAgreement,
  canonicalAgreementAnswer,
  canonicalConfirmation,
  canonicalPayment,
  canonicalPaymentAnswer,
  canonicalRescission,
  checkAgreementAnswer,
  checkAgreementConfirmation,
  checkAgreementRequest,
  checkAgreementRescission,
  checkPaymentAnswer,
  checkPaymentRequest,
  type Money,
  type PaymentAnswer,
  type PaymentRequest,
  parseAmount,
  parseDate,
  parseTime,
  readAnswerMessage,
  readPaymentMessage,
  type Scheme,
  type Signature,
  type StreamPlace,
  type Unsigned,
} from '@clearway/contract';
import type { Crypto } from '@clearway/ports';
import type { Fact, RecordAnswerFact, SubmitPaymentFact } from '../journal/fact.ts';

export interface SignedMessage {
  /** Code of five digits. */
  readonly signer: string;
  readonly canonical: Uint8Array;
  readonly signature: Signature;
  /** Names of what differs between message and fact. */
  readonly differences: readonly string[];
  /** Of a payment request: the one field that records keep and facts do not. */
  readonly endToEndId?: string;
  /** Of a bank's answer to a payment: hash of the canonical payment that it names. */
  readonly paymentHash?: string;
}

/** The body cannot be the message that the fact was made from. */
export class MessageError extends Error {
  override name = 'MessageError';
}

/**
 * Undefined for facts of the platform's own, which no message stands behind.
 * @throws MessageError
 */
export function readSignedMessage(
  crypto: Pick<Crypto, 'sha256'>,
  scheme: Scheme,
  fact: Fact,
  body: Uint8Array,
): SignedMessage | undefined {
  switch (fact.type) {
    case 'submitPayment': {
      const message = parse(body, checkPaymentRequest);
      const canonical = canonicalPayment(scheme, message);
      return {
        signer: institutionOf(fact.paymentId),
        canonical,
        signature: message.signature,
        endToEndId: message.endToEndId,
        differences: differences([
          ...requestPairs(message, fact),
          ['hash', hashOf(crypto, canonical) === fact.hash],
          ['key', isKey(message.signature, fact)],
        ]),
      };
    }
    case 'recordAnswer': {
      const message = parse(body, checkPaymentAnswer);
      return {
        signer: fact.bank,
        canonical: canonicalPaymentAnswer(scheme, fact.bank, message),
        signature: message.signature,
        paymentHash: message.paymentHash,
        differences: differences([...answerPairs(message, fact), ['key', isKey(message.signature, fact)]]),
      };
    }
    case 'requestAgreement': {
      const message = parse(body, checkAgreementRequest);
      const canonical = canonicalAgreement(scheme, message);
      return {
        signer: institutionOf(fact.agreementId),
        canonical,
        signature: message.signature,
        differences: differences([
          ['agreementId', message.agreementId === fact.agreementId],
          ['bank', message.bank === fact.bank],
          ['paymentLimit', isAmount(message.paymentLimit, fact.paymentLimit, fact.currency)],
          ['expiresOn', parseDate(message.expiresOn) === fact.expiresOn],
          ['expiresAt', parseTime(message.expiresAt) === fact.expiresAt],
          ['hash', hashOf(crypto, canonical) === fact.hash],
          ['key', isKey(message.signature, fact)],
        ]),
      };
    }
    case 'confirmAgreement': {
      const message = parse(body, checkAgreementConfirmation);
      const institution = institutionOf(fact.agreementId);
      const canonical = canonicalConfirmation(scheme, institution, message);
      return {
        signer: institution,
        canonical,
        signature: message.signature,
        differences: differences([
          ['agreementId', message.agreementId === fact.agreementId],
          ['expiresAt', parseTime(message.expiresAt) === fact.expiresAt],
          ['hash', hashOf(crypto, canonical) === fact.hash],
          ['key', isKey(message.signature, fact)],
        ]),
      };
    }
    case 'recordSigningAnswer': {
      const message = parse(body, checkAgreementAnswer);
      return {
        signer: fact.bank,
        canonical: canonicalAgreementAnswer(scheme, fact.bank, message),
        signature: message.signature,
        differences: differences([
          ['agreementId', message.agreementId === fact.agreementId],
          ['answer', message.answer === fact.answer],
          ['reason', (message.reason ?? 'none') === fact.bankReason],
          ['subjectHash', message.subjectHash.startsWith(fact.shortHash)],
          ['key', isKey(message.signature, fact)],
        ]),
      };
    }
    case 'rescindAgreement': {
      const message = parse(body, checkAgreementRescission);
      return {
        signer: fact.by,
        canonical: canonicalRescission(scheme, fact.by, message),
        signature: message.signature,
        differences: differences([['agreementId', message.agreementId === fact.agreementId]]),
      };
    }
    default:
      return undefined;
  }
}

/** A message of the stream behind a fact: its signer's checkpoint covers it (coverage.ts). */
export interface StreamedMessage extends StreamPlace {
  /** SHA-256 of the canonical bytes, hex: what the checkpoint's tree is made of. */
  readonly hash: string;
  readonly differences: readonly string[];
  readonly endToEndId?: string;
  readonly paymentHash?: string;
}

/** @throws MessageError */
export function readStreamedMessage(
  crypto: Pick<Crypto, 'sha256'>,
  scheme: Scheme,
  fact: SubmitPaymentFact | RecordAnswerFact,
  body: Uint8Array,
): StreamedMessage {
  try {
    if (fact.type === 'submitPayment') {
      const { payment, ...place } = readPaymentMessage(body);
      const hash = hashOf(crypto, canonicalPayment(scheme, payment));
      const pairs = [...requestPairs(payment, fact), ['hash', hash === fact.hash] as const];
      return { ...place, hash, endToEndId: payment.endToEndId, differences: differences(pairs) };
    }
    const { answer, ...place } = readAnswerMessage(body);
    const hash = hashOf(crypto, canonicalPaymentAnswer(scheme, place.signer, answer));
    const pairs = [...answerPairs(answer, fact), ['bank', place.signer === fact.bank] as const];
    return { ...place, hash, paymentHash: answer.paymentHash, differences: differences(pairs) };
  } catch (error) {
    throw new MessageError(`the message of the stream behind the fact cannot be read: ${(error as Error).message}`);
  }
}

type Pair = readonly [name: string, isSame: boolean];

function requestPairs(message: Unsigned<PaymentRequest>, fact: SubmitPaymentFact): Pair[] {
  return [
    ['paymentId', message.paymentId === fact.paymentId],
    ['kind', message.kind === fact.kind],
    ['instructedAgent', message.instructedAgent === fact.instructedAgent],
    ['interbankSettlementAmount', isAmount(message.interbankSettlementAmount, fact.amount, fact.currency)],
    ['expiresAt', parseTime(message.expiresAt) === fact.expiresAt],
    ['reference', (message.agreementId ?? message.originalPaymentId ?? null) === fact.reference],
  ];
}

function answerPairs(message: Unsigned<PaymentAnswer>, fact: RecordAnswerFact): Pair[] {
  return [
    ['paymentId', message.paymentId === fact.paymentId],
    ['answer', message.answer === fact.answer],
    ['reason', (message.reason ?? 'none') === fact.bankReason],
    ['paymentHash', message.paymentHash.startsWith(fact.shortHash)],
  ];
}

const institutionOf = (identifier: string) => identifier.slice(9, 14);

function parse<M>(body: Uint8Array, check: Check<M>): M {
  if (body.length === 0) throw new MessageError('there is no message behind the fact');
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new MessageError('the message behind the fact is not JSON');
  }
  const checked = check(json);
  if (!checked.ok)
    throw new MessageError(`the message behind the fact is malformed: ${checked.path} ${checked.message}`);
  return checked.value;
}

function differences(pairs: readonly Pair[]): string[] {
  return pairs.filter(([, isSame]) => !isSame).map(([name]) => name);
}

function isAmount(money: Money, minor: number, currency: number): boolean {
  const amount = parseAmount(money);
  return !('reason' in amount) && amount.minor === minor && amount.currency === currency;
}

function isKey(signature: Signature, fact: { readonly suite: string; readonly keyVersion: number }): boolean {
  return signature.suite === fact.suite && signature.keyVersion === fact.keyVersion;
}

function hashOf(crypto: Pick<Crypto, 'sha256'>, canonical: Uint8Array): string {
  return Buffer.from(crypto.sha256(canonical)).toString('hex');
}
