/** Refusals as problem details (RFC 9457): one row for each reason. */
import type { Reason } from '@clearway/core/vocabulary';
import { reasons } from '@clearway/core/vocabulary';
import { type Static, Type } from 'typebox';

export const problemContentType = 'application/problem+json';
const typeBase = 'https://clearway.example/problems/';

export interface ProblemKind {
  /** HTTP status. */
  readonly status: number;
  readonly title: string;
  /** What the asker can do. */
  readonly help: string;
}

export const problems: Record<Reason, ProblemKind> = {
  none: {
    status: 500,
    title: 'Internal error',
    help: 'The outcome may be unknown: ask for the status, or repeat with the same identifier.',
  },
  bodyMalformed: {
    status: 400,
    title: 'Body cannot be read',
    help: 'Send one JSON document in UTF-8, no key twice, nested as the schema says.',
  },
  bodyTooLarge: { status: 413, title: 'Body too large', help: 'Keep to the sizes of the schema.' },
  fieldInvalid: { status: 400, title: 'Field invalid', help: 'Compare the field named in detail with the schema.' },
  contentTypeUnsupported: { status: 415, title: 'Content type not supported', help: 'Send application/json.' },
  notFound: { status: 404, title: 'Not found', help: 'Check the path; others’ payments and agreements are not shown.' },
  methodNotAllowed: {
    status: 405,
    title: 'Method not allowed',
    help: 'See /openapi.json for the methods of this path.',
  },
  signatureMissing: {
    status: 401,
    title: 'Signature missing',
    help: 'Sign the request as docs/reference/http-signatures.md says (RFC 9421).',
  },
  signatureInvalid: {
    status: 401,
    title: 'Signature does not hold',
    help: 'Check what is covered, the key and its version; detail says which signature.',
  },
  signatureExpired: { status: 401, title: 'Signature out of time', help: 'Set the clock and sign anew.' },
  signatureReplayed: { status: 401, title: 'Signature used before', help: 'Sign every attempt with a new nonce.' },
  keyUnknown: { status: 401, title: 'Key unknown or ended', help: 'Use a key that is registered and not ended.' },
  digestMismatch: {
    status: 401,
    title: 'Digest is not that of the body',
    help: 'Send content-digest (sha-256) of the very bytes of the body.',
  },
  notYours: { status: 403, title: 'Not yours', help: 'Act only on payments and agreements in which you take part.' },
  certificateRequired: {
    status: 403,
    title: 'Client certificate required',
    help: 'Connect with the certificate that is registered for you.',
  },
  enquiryBudgetSpent: {
    status: 429,
    title: 'Enquiry budget spent',
    help: 'Ask less often; notices tell final states unasked.',
  },
  overloaded: { status: 503, title: 'Overloaded', help: 'Nothing was done. Repeat with the same identifier, later.' },
  journalUnavailable: {
    status: 503,
    title: 'Journal unavailable',
    help: 'Nothing was done. Repeat with the same identifier, later.',
  },
  cellUnavailable: {
    status: 503,
    title: 'Cell unavailable',
    help: 'Nothing was done. Repeat with the same identifier; new ones take other routing digits.',
  },
  keyLimitReached: { status: 409, title: 'Two keys are valid already', help: 'End one of them first.' },
  keyVersionTaken: { status: 409, title: 'Key version taken', help: 'Give the key a version never used before.' },
  frameMalformed: {
    status: 400,
    title: 'Frame malformed',
    help: 'The link ended. Nothing of that frame was taken: send what has no outcome again on a new link.',
  },
  frameOutOfOrder: {
    status: 400,
    title: 'Frame out of order',
    help: 'Frames are numbered 1, 2, 3 in each direction. Send what has no outcome again on a new link.',
  },
  streamVersionUnsupported: {
    status: 400,
    title: 'Version of the stream unsupported',
    help: 'Speak one of the versions that the goodbye names.',
  },
  windowExceeded: {
    status: 429,
    title: 'Window exceeded',
    help: 'Nothing was done. Keep within the window of the link and send it again.',
  },
  positionWrong: {
    status: 400,
    title: 'Position or stream wrong',
    help: 'Count the messages of each signer from 0 on each stream, and name the stream of the welcome.',
  },
  checkpointMissing: {
    status: 403,
    title: 'Signature overdue',
    help: 'Nothing was done. Sign what you have sent on your streams; then an operator lets you go on.',
  },
  checkpointFalse: {
    status: 403,
    title: 'Signature does not cover what was sent',
    help: 'Nothing more is taken from this signer. Compare the messages and the key with an operator.',
  },
  bankNotOnStream: {
    status: 503,
    title: 'Bank not reached over the stream',
    help: 'Nothing was done. Send it over HTTP, or later, with the same identifier.',
  },
  identifierMalformed: {
    status: 400,
    title: 'Identifier malformed',
    help: 'Use 31 digits: date 8, version 1, participant 5, sequence 11, centre 2, cell 4.',
  },
  identifierForeignCell: {
    status: 422,
    title: 'Identifier of another cell',
    help: 'Take the last six digits from the routing list of /v1/platform; of a refund, from its original.',
  },
  identifierForeignParticipant: {
    status: 403,
    title: 'Identifier of another participant',
    help: 'Put your own code into identifiers that you make.',
  },
  identifierDateOutsideWindow: {
    status: 422,
    title: 'Date of the identifier outside its window',
    help: 'Use the business date of /v1/platform; ask for old payments instead of repeating them.',
  },
  identifierReused: {
    status: 409,
    title: 'Identifier used for something else',
    help: 'Repeat byte by byte what you sent first, or make a new identifier.',
  },
  requestExpired: { status: 422, title: 'Request expired', help: 'It will never be processed. Make a new one.' },
  expiryTooFar: {
    status: 422,
    title: 'Expiry too far',
    help: 'Keep expiresAt within longestExpiryMs of /v1/platform.',
  },
  amountInvalid: {
    status: 400,
    title: 'Amount invalid',
    help: 'Digits with a point, above zero, at most the decimals of the currency, no sign and no exponent.',
  },
  amountAboveMaximum: { status: 422, title: 'Amount above the maximum', help: 'Pay less at once.' },
  currencyUnsupported: { status: 400, title: 'Currency not supported', help: 'Use a currency that the scheme clears.' },
  participantUnknown: { status: 422, title: 'Participant unknown', help: 'Look it up in /v1/participants.' },
  participantSuspended: {
    status: 422,
    title: 'Participant suspended',
    help: 'Wait until the operator admits it again.',
  },
  roleNotAllowed: { status: 403, title: 'Not in this role', help: 'Payment institutions ask, banks answer.' },
  kindUnsupported: { status: 400, title: 'Kind not supported', help: 'Use agreementPayment, payout or refund.' },
  agreementUnknown: { status: 422, title: 'Agreement unknown', help: 'Have it signed first.' },
  agreementNotActive: { status: 422, title: 'Agreement not active', help: 'Finish signing it first.' },
  agreementRescinded: { status: 422, title: 'Agreement rescinded', help: 'Have a new one signed.' },
  agreementExpired: { status: 422, title: 'Agreement expired', help: 'Have a new one signed.' },
  agreementPartiesDiffer: {
    status: 409,
    title: 'Agreement of other parties',
    help: 'Name the institution and the bank that the agreement is between.',
  },
  agreementLimitExceeded: { status: 422, title: 'Above the limit of the agreement', help: 'Pay less at once.' },
  agreementStepInvalid: {
    status: 409,
    title: 'Not a step that the agreement waits for',
    help: 'Ask for its state and go on from there.',
  },
  originalUnknown: { status: 422, title: 'Original unknown', help: 'Refund a payment that was made here.' },
  originalNotSucceeded: { status: 422, title: 'Original has not succeeded', help: 'Only what was paid is refunded.' },
  originalPartiesDiffer: {
    status: 409,
    title: 'Original of other parties',
    help: 'A refund goes to the bank and in the currency of its original, by the institution that asked for it.',
  },
  originalNotRefundable: {
    status: 422,
    title: 'Original not refundable',
    help: 'Only agreement payments are refunded.',
  },
  refundAboveOriginal: {
    status: 422,
    title: 'Refunds above the original',
    help: 'All refunds together, those of unknown outcome too, are at most the original.',
  },
  netDebitCapExceeded: {
    status: 422,
    title: 'Net debit cap exceeded',
    help: 'The bank’s headroom is used up; it returns with credits or after settlement.',
  },
  floatInsufficient: {
    status: 422,
    title: 'Float insufficient',
    help: 'Bring money to the account at the settlement agent first.',
  },
  positionOutOfRange: { status: 422, title: 'Position out of range', help: 'Wait for the next cycle.' },
  tooManyInFlight: {
    status: 503,
    title: 'Too many payments in flight',
    help: 'Nothing was done. Repeat with the same identifier, later.',
  },
  accountMissing: {
    status: 422,
    title: 'No account in this currency',
    help: 'Have the operator open one for the participant.',
  },
  paymentUnknown: { status: 404, title: 'Payment unknown', help: 'Check the identifier.' },
  answerFromOther: { status: 403, title: 'Answer of another bank', help: 'Answer only what you were asked.' },
  answerHashDiffers: {
    status: 409,
    title: 'Answer to other content',
    help: 'Answer the payment as it was offered: its canonical bytes give the hash.',
  },
  answerContradicts: {
    status: 409,
    title: 'Answer contradicts a final one',
    help: 'What is final stays. Clear it up with the operator.',
  },
  answerUnasked: { status: 409, title: 'Answer to nothing asked', help: 'Answer only what is waited for.' },
  cycleNotCurrent: { status: 409, title: 'Not the current cycle', help: 'Look at /v1/cycles.' },
  cycleStateInvalid: { status: 409, title: 'Cycle not in a state for this', help: 'Look at /v1/cycles.' },
  configurationVersionInvalid: {
    status: 409,
    title: 'Configuration version out of order',
    help: 'Give it the next version.',
  },
  configurationInvalid: { status: 400, title: 'Configuration invalid', help: 'Mend what detail names.' },
  entryOutOfOrder: {
    status: 409,
    title: 'Account entry out of order',
    help: 'Tell the entries in the order of the statement.',
  },
  businessDayInvalid: { status: 409, title: 'Business day invalid', help: 'Only a later day can begin.' },
  bankDeclined: { status: 422, title: 'Declined by the bank', help: 'The customer may ask the bank why.' },
  bankInsufficientFunds: { status: 422, title: 'Insufficient funds', help: 'The customer may choose another account.' },
  bankAccountClosed: { status: 422, title: 'Account closed', help: 'The customer may choose another account.' },
  bankAccountBlocked: { status: 422, title: 'Account blocked', help: 'The customer may ask the bank.' },
  bankAccountUnknown: { status: 422, title: 'Account unknown to the bank', help: 'Check the account and its holder.' },
  bankLimitExceeded: { status: 422, title: 'Above a limit at the bank', help: 'Pay less, or on another day.' },
  bankAgreementUnknown: { status: 422, title: 'Agreement unknown to the bank', help: 'Have a new one signed.' },
  bankCodeWrong: {
    status: 422,
    title: 'One-time code wrong',
    help: 'Ask the customer for the code that the bank sent.',
  },
  bankIdentityMismatch: {
    status: 422,
    title: 'Not the holder of the account',
    help: 'Check name, document and phone number with the customer.',
  },
  bankNeverProcessed: {
    status: 422,
    title: 'Never processed by the bank',
    help: 'Nothing was paid. A new payment may be made.',
  },
  bankReversed: { status: 422, title: 'Reversed by the bank', help: 'Nothing stays paid. A new payment may be made.' },
  bankBlocked: {
    status: 422,
    title: 'Blocked at the bank before it came',
    help: 'Nothing was paid and nothing will be. A new payment may be made.',
  },
};

export const Problem = Type.Object(
  {
    type: Type.String({ format: 'uri' }),
    title: Type.String(),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    detail: Type.String(),
    reason: Type.Unsafe<Reason>({ type: 'string', enum: Object.keys(reasons) }),
    isoReason: Type.Optional(Type.String({ description: 'ISO 20022 external status reason code.' })),
    paymentId: Type.Optional(Type.String()),
  },
  { additionalProperties: true, description: 'RFC 9457. `reason` is a closed set: docs/reference/reasons.md.' },
);
export type Problem = Static<typeof Problem>;

/** `detail` says what was wrong with what, without personal data; the help of the reason is added to it. */
export function problem(
  reason: Reason,
  detail: string,
  extra: { readonly isoReason?: string; readonly paymentId?: string } = {},
): Problem {
  const { status, title, help } = problems[reason];
  return { type: typeBase + reason, title, status, detail: detail ? `${detail}. ${help}` : help, reason, ...extra };
}
