/** Words and numbers that the messages of the stream carry: what the core calls them. */
export {
  type BankAnswer,
  bankAnswers,
  type Identifier,
  identifierBytes,
  identifierFromBytes,
  identifierText,
  identifierToBytes,
  type PaymentKind,
  type PaymentState,
  parseIdentifier,
  paymentKinds,
  paymentStates,
  type Reason,
  reasonOf,
  reasons,
} from '@clearway/core/vocabulary';
