/** The one place where states and reasons meet ISO 20022: pacs.002 statuses and external status reason codes. */
import type { PaymentState, Reason } from '@clearway/core/vocabulary';

/**
 * Codes of ExternalPaymentTransactionStatus1Code: rejected; pending; accepted, settlement in process; settled.
 * ACSC is a status, not a booking notice.
 */
export type IsoStatus = 'RJCT' | 'PDNG' | 'ACSP' | 'ACSC';

const statuses: Record<PaymentState, IsoStatus> = {
  refused: 'RJCT',
  offered: 'PDNG',
  unknown: 'PDNG',
  reversing: 'PDNG',
  succeeded: 'ACSP',
  failed: 'RJCT',
};

/** `cycleSettled`: the cycle of the payment's success is settled and final. */
export function isoStatus(state: PaymentState, cycleSettled = false): IsoStatus {
  return state === 'succeeded' && cycleSettled ? 'ACSC' : statuses[state];
}

/** The instructed agent has not answered in time: an unknown payment is pending for this reason, never rejected. */
export const timeoutReason = 'AB06';

/** Status and reason together, as a pacs.002 carries them; `reason` is `none` where the payment has none. */
export function isoFace(
  state: PaymentState,
  reason: Reason,
  cycleSettled = false,
): { readonly isoStatus: IsoStatus; readonly isoReason?: string } {
  const status = isoStatus(state, cycleSettled);
  if (state === 'unknown') return { isoStatus: status, isoReason: timeoutReason };
  return reason === 'none' ? { isoStatus: status } : { isoStatus: status, isoReason: isoReason[reason] };
}

/** ExternalStatusReason1Code for every reason. NARR: only the reason's own word says it. */
export const isoReason: Record<Reason, string> = {
  none: 'NARR',
  bodyMalformed: 'FF02',
  bodyTooLarge: 'FF01',
  fieldInvalid: 'FF01',
  contentTypeUnsupported: 'FF01',
  notFound: 'NARR',
  methodNotAllowed: 'NARR',
  signatureMissing: 'DS0A',
  signatureInvalid: 'DS0B',
  signatureExpired: 'DS0B',
  signatureReplayed: 'DS15',
  keyUnknown: 'DS16',
  digestMismatch: 'DS0B',
  notYours: 'AG08',
  certificateRequired: 'AG08',
  enquiryBudgetSpent: 'NARR',
  overloaded: 'ED06',
  journalUnavailable: 'ED06',
  cellUnavailable: 'ED06',
  keyLimitReached: 'NARR',
  keyVersionTaken: 'NARR',
  frameMalformed: 'FF01',
  frameOutOfOrder: 'FF01',
  streamVersionUnsupported: 'FF01',
  windowExceeded: 'ED06',
  positionWrong: 'FF01',
  checkpointMissing: 'DS0D',
  checkpointFalse: 'DS0B',
  bankNotOnStream: 'AB08',
  identifierMalformed: 'FF01',
  identifierForeignCell: 'FF01',
  identifierForeignParticipant: 'AG08',
  identifierDateOutsideWindow: 'DT01',
  identifierReused: 'AM05',
  requestExpired: 'TM01',
  expiryTooFar: 'DT01',
  amountInvalid: 'AM12',
  amountAboveMaximum: 'AM02',
  currencyUnsupported: 'AM03',
  participantUnknown: 'RC02',
  participantSuspended: 'AG10',
  roleNotAllowed: 'AG08',
  kindUnsupported: 'FF03',
  agreementUnknown: 'MD01',
  agreementNotActive: 'MD01',
  agreementRescinded: 'MD01',
  agreementExpired: 'MD01',
  agreementPartiesDiffer: 'MD01',
  agreementLimitExceeded: 'AM14',
  agreementStepInvalid: 'NARR',
  originalUnknown: 'AG09',
  originalNotSucceeded: 'AG09',
  originalPartiesDiffer: 'NARR',
  originalNotRefundable: 'AG13',
  refundAboveOriginal: 'AM09',
  netDebitCapExceeded: 'AM13',
  floatInsufficient: 'AM04',
  positionOutOfRange: 'AM23',
  tooManyInFlight: 'ED06',
  accountMissing: 'AC09',
  paymentUnknown: 'AG09',
  answerFromOther: 'AG08',
  answerHashDiffers: 'NARR',
  answerContradicts: 'NARR',
  answerUnasked: 'NARR',
  cycleNotCurrent: 'NARR',
  cycleStateInvalid: 'NARR',
  configurationVersionInvalid: 'NARR',
  configurationInvalid: 'NARR',
  entryOutOfOrder: 'NARR',
  businessDayInvalid: 'DT01',
  bankDeclined: 'MS03',
  bankInsufficientFunds: 'AM04',
  bankAccountClosed: 'AC04',
  bankAccountBlocked: 'AC06',
  bankAccountUnknown: 'AC01',
  bankLimitExceeded: 'AM21',
  bankAgreementUnknown: 'MD01',
  bankCodeWrong: 'NARR',
  bankIdentityMismatch: 'BE01',
  bankNeverProcessed: 'AB06',
  bankReversed: 'AB06',
  bankBlocked: 'AB06',
};
