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
