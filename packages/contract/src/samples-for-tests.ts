/** Whole messages that tests start from. */
import type { Scheme, Unsigned } from './canonical.ts';
import type {
  AgreementAnswer,
  AgreementConfirmation,
  AgreementRequest,
  AgreementRescission,
  PaymentAnswer,
  PaymentRequest,
  Signature,
} from './messages.ts';

export const scheme: Scheme = { schemeId: 'CLEARWAY', environment: 'sandbox' };

export const signature: Signature = {
  suite: 'ed25519',
  keyVersion: 1,
  value: Buffer.alloc(64, 7).toString('base64'),
};

export const agreementPayment: Unsigned<PaymentRequest> = {
  paymentId: '2026112210010100000000001010001',
  kind: 'agreementPayment',
  instructedAgent: '00201',
  interbankSettlementAmount: { amount: '123.45', currency: 'CNY' },
  agreementId: '2026112210010100000000002010001',
  endToEndId: 'order-1',
  expiresAt: '2026-11-22T10:00:05.000Z',
};

export const payout: Unsigned<PaymentRequest> = {
  paymentId: '2026112210010200000000003010001',
  kind: 'payout',
  instructedAgent: '00202',
  interbankSettlementAmount: { amount: '1.234', currency: 'KWD' },
  endToEndId: '工资 11 月, "一"',
  expiresAt: '2026-11-22T10:00:06.789Z',
  sealed: Buffer.from('a sealed box would stand here').toString('base64'),
};

export const refund: Unsigned<PaymentRequest> = {
  paymentId: '2026112210010100000000004010001',
  kind: 'refund',
  instructedAgent: '00201',
  interbankSettlementAmount: { amount: '23.45', currency: 'CNY' },
  originalPaymentId: '2026112210010100000000001010001',
  endToEndId: 'order-1-refund',
  expiresAt: '2026-11-22T11:00:05.000Z',
};

export const paymentAnswer: Unsigned<PaymentAnswer> = {
  paymentId: agreementPayment.paymentId,
  paymentHash: 'ab'.repeat(32),
  answer: 'failed',
  reason: 'bankInsufficientFunds',
  answeredAt: '2026-11-22T10:00:01.234Z',
};

export const agreement: Unsigned<AgreementRequest> = {
  agreementId: '2026112210010100000000002010001',
  bank: '00201',
  paymentLimit: { amount: '5000.00', currency: 'CNY' },
  expiresOn: '2027-11-22',
  expiresAt: '2026-11-22T09:00:05.000Z',
  sealed: Buffer.from('the debtor, sealed').toString('base64'),
};

export const confirmation: Unsigned<AgreementConfirmation> = {
  agreementId: agreement.agreementId,
  expiresAt: '2026-11-22T09:01:05.000Z',
  sealed: Buffer.from('the code, sealed').toString('base64'),
};

export const rescission: Unsigned<AgreementRescission> = {
  agreementId: agreement.agreementId,
  expiresAt: '2026-11-22T12:00:05.000Z',
};

export const agreementAnswer: Unsigned<AgreementAnswer> = {
  agreementId: agreement.agreementId,
  subjectHash: 'cd'.repeat(32),
  answer: 'codeSent',
  answeredAt: '2026-11-22T09:00:02.000Z',
};
