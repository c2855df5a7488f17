/** For institutions that connect to Clearway. Start with the README. */
export { type Connection, createConnection } from './connection.ts';
export {
  type AgreementOrder,
  type AgreementPaymentOrder,
  createInstitution,
  type Institution,
  type PaymentOrder,
  type PayoutOrder,
  type RefundOrder,
} from './institution.ts';
export type { InstitutionOptions } from './options.ts';
export { Refusal, Refused, Unanswered } from './outcome.ts';
export type {
  AgreementDecision,
  ConfirmationQuestion,
  Details,
  FinalNotice,
  OfferQuestion,
  PaymentDecision,
  PaymentQuestion,
  SigningQuestion,
} from './question.ts';
export { createReceiver, type Handlers, type ReceiverOptions } from './receiver.ts';
export {
  type Difference,
  describeDifference,
  type OwnPayment,
  type OwnRecords,
  type Reconciliation,
  reconcile,
  reconcileLines,
} from './reconcile.ts';
export { createReconciler, type ReconcilerOptions } from './reconciler.ts';
export * from './stream/index.ts';
