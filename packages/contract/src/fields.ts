/** The one table of who may read what: for every field of every message that institutions exchange. */

/**
 * `clear`: everybody on the way, the journal included. `receiver`: sealed by the sender to the receiver, opaque to the
 * platform. `receiverAndVault`: sealed to the receiver, and once more to the platform’s vault, which alone opens it and
 * gives back keyed pseudonyms.
 */
export type Visibility = 'clear' | 'receiver' | 'receiverAndVault';

const signature = { 'signature.suite': 'clear', 'signature.keyVersion': 'clear', 'signature.value': 'clear' } as const;

/** Names with `sealed.` stand inside the sealed part, a JSON object; whatever else a sender puts there is `receiver` too. */
export const fields = {
  PaymentRequest: {
    paymentId: 'clear',
    kind: 'clear',
    instructedAgent: 'clear',
    'interbankSettlementAmount.amount': 'clear',
    'interbankSettlementAmount.currency': 'clear',
    agreementId: 'clear',
    originalPaymentId: 'clear',
    endToEndId: 'clear',
    expiresAt: 'clear',
    'sealed.creditorName': 'receiver',
    'sealed.creditorAccount': 'receiver',
    ...signature,
  },
  PaymentAnswer: {
    paymentId: 'clear',
    paymentHash: 'clear',
    answer: 'clear',
    reason: 'clear',
    answeredAt: 'clear',
    ...signature,
  },
  AgreementRequest: {
    agreementId: 'clear',
    bank: 'clear',
    'paymentLimit.amount': 'clear',
    'paymentLimit.currency': 'clear',
    expiresOn: 'clear',
    expiresAt: 'clear',
    'sealed.debtorName': 'receiver',
    'sealed.debtorAccount': 'receiver',
    'sealed.document': 'receiver',
    'sealed.phone': 'receiver',
    ...signature,
  },
  AgreementConfirmation: { agreementId: 'clear', expiresAt: 'clear', 'sealed.code': 'receiver', ...signature },
  AgreementRescission: { agreementId: 'clear', expiresAt: 'clear', ...signature },
  AgreementAnswer: {
    agreementId: 'clear',
    subjectHash: 'clear',
    answer: 'clear',
    reason: 'clear',
    answeredAt: 'clear',
    ...signature,
  },
} as const satisfies Record<string, Record<string, Visibility>>;
