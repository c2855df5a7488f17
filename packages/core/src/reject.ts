/**
 * Every reason why Clearway refuses or fails something: a closed set.
 *
 * The number is what the journal carries and never changes its meaning; the kind says what the asker can do.
 * Each reason's ISO 20022 code is in `iso20022/src/status.ts`, its HTTP problem in `contract/src/problem.ts`.
 *
 * Kinds: `malformed` (mend the message), `unauthorized` (signature or rights), `conflict` (contradicts what is known),
 * `state` (the object is not in a state for this), `limit` (amount, cap, float or rate), `time` (too early, too late),
 * `unavailable` (nothing was done; try again), `bank` (the instructed bank's own decision).
 */
export const reasons = {
  none: { code: 0, kind: 'none' },
  // gateway: decided at the edge, never sequenced
  bodyMalformed: { code: 1, kind: 'malformed' },
  bodyTooLarge: { code: 2, kind: 'malformed' },
  fieldInvalid: { code: 3, kind: 'malformed' },
  contentTypeUnsupported: { code: 4, kind: 'malformed' },
  notFound: { code: 5, kind: 'state' },
  methodNotAllowed: { code: 6, kind: 'malformed' },
  signatureMissing: { code: 10, kind: 'unauthorized' },
  signatureInvalid: { code: 11, kind: 'unauthorized' },
  signatureExpired: { code: 12, kind: 'unauthorized' },
  signatureReplayed: { code: 13, kind: 'unauthorized' },
  keyUnknown: { code: 14, kind: 'unauthorized' },
  digestMismatch: { code: 15, kind: 'unauthorized' },
  notYours: { code: 16, kind: 'unauthorized' },
  certificateRequired: { code: 17, kind: 'unauthorized' },
  enquiryBudgetSpent: { code: 20, kind: 'limit' },
  overloaded: { code: 21, kind: 'unavailable' },
  journalUnavailable: { code: 22, kind: 'unavailable' },
  cellUnavailable: { code: 23, kind: 'unavailable' },
  keyLimitReached: { code: 24, kind: 'limit' },
  keyVersionTaken: { code: 25, kind: 'conflict' },
  // stream: what ends a link, or stops one signer on it
  frameMalformed: { code: 30, kind: 'malformed' },
  frameOutOfOrder: { code: 31, kind: 'malformed' },
  streamVersionUnsupported: { code: 32, kind: 'malformed' },
  windowExceeded: { code: 33, kind: 'limit' },
  positionWrong: { code: 34, kind: 'malformed' },
  checkpointMissing: { code: 35, kind: 'unauthorized' },
  checkpointFalse: { code: 36, kind: 'unauthorized' },
  bankNotOnStream: { code: 37, kind: 'unavailable' },
  // validation
  identifierMalformed: { code: 100, kind: 'malformed' },
  identifierForeignCell: { code: 101, kind: 'malformed' },
  identifierForeignParticipant: { code: 102, kind: 'unauthorized' },
  identifierDateOutsideWindow: { code: 103, kind: 'time' },
  identifierReused: { code: 104, kind: 'conflict' },
  requestExpired: { code: 105, kind: 'time' },
  expiryTooFar: { code: 106, kind: 'time' },
  amountInvalid: { code: 107, kind: 'malformed' },
  amountAboveMaximum: { code: 108, kind: 'limit' },
  currencyUnsupported: { code: 109, kind: 'malformed' },
  participantUnknown: { code: 110, kind: 'state' },
  participantSuspended: { code: 111, kind: 'state' },
  roleNotAllowed: { code: 112, kind: 'unauthorized' },
  kindUnsupported: { code: 113, kind: 'malformed' },
  // agreements
  agreementUnknown: { code: 120, kind: 'state' },
  agreementNotActive: { code: 121, kind: 'state' },
  agreementRescinded: { code: 122, kind: 'state' },
  agreementExpired: { code: 123, kind: 'time' },
  agreementPartiesDiffer: { code: 124, kind: 'conflict' },
  agreementLimitExceeded: { code: 125, kind: 'limit' },
  agreementStepInvalid: { code: 126, kind: 'state' },
  // refunds
  originalUnknown: { code: 130, kind: 'state' },
  originalNotSucceeded: { code: 131, kind: 'state' },
  originalPartiesDiffer: { code: 132, kind: 'conflict' },
  originalNotRefundable: { code: 133, kind: 'state' },
  refundAboveOriginal: { code: 134, kind: 'limit' },
  // risk
  netDebitCapExceeded: { code: 140, kind: 'limit' },
  floatInsufficient: { code: 141, kind: 'limit' },
  positionOutOfRange: { code: 142, kind: 'limit' },
  tooManyInFlight: { code: 143, kind: 'unavailable' },
  accountMissing: { code: 144, kind: 'state' },
  // answers of banks
  paymentUnknown: { code: 150, kind: 'state' },
  answerFromOther: { code: 151, kind: 'unauthorized' },
  answerHashDiffers: { code: 152, kind: 'conflict' },
  answerContradicts: { code: 153, kind: 'conflict' },
  answerUnasked: { code: 154, kind: 'state' },
  // cycles, configuration and funds
  cycleNotCurrent: { code: 160, kind: 'conflict' },
  cycleStateInvalid: { code: 161, kind: 'state' },
  configurationVersionInvalid: { code: 162, kind: 'conflict' },
  configurationInvalid: { code: 163, kind: 'malformed' },
  entryOutOfOrder: { code: 164, kind: 'conflict' },
  businessDayInvalid: { code: 165, kind: 'conflict' },
  // why a payment or agreement failed, decided by the instructed bank
  bankDeclined: { code: 200, kind: 'bank' },
  bankInsufficientFunds: { code: 201, kind: 'bank' },
  bankAccountClosed: { code: 202, kind: 'bank' },
  bankAccountBlocked: { code: 203, kind: 'bank' },
  bankAccountUnknown: { code: 204, kind: 'bank' },
  bankLimitExceeded: { code: 205, kind: 'bank' },
  bankAgreementUnknown: { code: 206, kind: 'bank' },
  bankCodeWrong: { code: 207, kind: 'bank' },
  bankIdentityMismatch: { code: 208, kind: 'bank' },
  bankNeverProcessed: { code: 209, kind: 'bank' },
  bankReversed: { code: 210, kind: 'bank' },
  bankBlocked: { code: 211, kind: 'bank' },
} as const satisfies Record<string, { code: number; kind: ReasonKind }>;

export type ReasonKind =
  | 'none'
  | 'malformed'
  | 'unauthorized'
  | 'conflict'
  | 'state'
  | 'limit'
  | 'time'
  | 'unavailable'
  | 'bank';

export type Reason = keyof typeof reasons;

const byCode: (Reason | undefined)[] = [];
for (const [name, { code }] of Object.entries(reasons)) byCode[code] = name as Reason;

/** The reason with this journal number, or undefined if there is none. */
export function reasonOf(code: number): Reason | undefined {
  return byCode[code];
}
