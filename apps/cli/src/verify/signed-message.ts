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
  parseAmount,
  parseDate,
  parseTime,
  type Scheme,
  type Signature,
} from '@clearway/contract';
import type { Crypto } from '@clearway/ports';
import type { Fact } from '../journal/fact.ts';

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
          ['paymentId', message.paymentId === fact.paymentId],
          ['kind', message.kind === fact.kind],
          ['instructedAgent', message.instructedAgent === fact.instructedAgent],
          ['interbankSettlementAmount', isAmount(message.interbankSettlementAmount, fact.amount, fact.currency)],
          ['expiresAt', parseTime(message.expiresAt) === fact.expiresAt],
          ['reference', (message.agreementId ?? message.originalPaymentId ?? null) === fact.reference],
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
        differences: differences([
          ['paymentId', message.paymentId === fact.paymentId],
          ['answer', message.answer === fact.answer],
          ['reason', (message.reason ?? 'none') === fact.bankReason],
          ['paymentHash', message.paymentHash.startsWith(fact.shortHash)],
          ['key', isKey(message.signature, fact)],
        ]),
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

function differences(pairs: readonly (readonly [name: string, isSame: boolean])[]): string[] {
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
