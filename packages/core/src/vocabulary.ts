/** The words that the wire shares with the core: identifiers, kinds, answers, reasons, facts that evidence shows. The contract imports this door alone. */
export {
  type BankAnswer,
  bankAnswers,
  commandTypes,
  journaled,
  outcomes,
  type PaymentKind,
  paymentKinds,
  type SigningAnswer,
  signingAnswers,
} from './command.ts';
export {
  type Identifier,
  identifierBytes,
  identifierFromBytes,
  identifierText,
  identifierToBytes,
  parseIdentifier,
} from './identifier.ts';
export { type Reason, type ReasonKind, reasonOf, reasons } from './reject.ts';
export { type AgreementState, agreementStates, type PaymentState, paymentStates } from './states.ts';
