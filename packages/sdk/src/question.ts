/** What the platform asks of a bank, verified and opened: the argument of a bank's handlers. */
import type {
  AgreementConfirmation,
  AgreementRequest,
  AgreementStatus,
  CycleNotice,
  PaymentAnswer,
  PaymentRequest,
  PaymentStatus,
  Unsigned,
} from '@clearway/contract';

/** Sealed content, opened. What is in it is agreed between institutions and banks; README lists the usual fields. */
export type Details = Readonly<Record<string, unknown>>;

export interface PaymentQuestion {
  /**
   * The institution's own message. Its end-to-end signature has been verified where it has one of its own; what an
   * institution sends over the stream it signs for many payments at once, a moment later.
   */
  readonly payment: Unsigned<PaymentRequest> & Partial<Pick<PaymentRequest, 'signature'>>;
  /** SHA-256 of the canonical payment bytes, hex: what the answer is bound to. */
  readonly paymentHash: string;
  /** Code of the institution that signed the payment. */
  readonly institution: string;
  /** Minor units, 1 to 10^13. */
  readonly amount: number;
  /** ISO 4217 alphabetic code. */
  readonly currency: string;
  /** Empty where nothing was sealed; undefined where what was sealed cannot be opened. */
  readonly details: Details | undefined;
  /** ms since 1970; the institution signed it. */
  readonly expiresAt: number;
  /** Until when the platform waits for the answer, ms. */
  readonly deadline: number;
}

export interface OfferQuestion extends PaymentQuestion {
  /** True when an earlier, equal offer may have come. False proves nothing. */
  readonly possibleDuplicate: boolean;
}

export interface SigningQuestion {
  readonly agreement: AgreementRequest;
  /** SHA-256 of the canonical agreement bytes, hex. */
  readonly subjectHash: string;
  readonly institution: string;
  /** Minor units. */
  readonly paymentLimit: number;
  readonly currency: string;
  /** `debtor`: whose account it is. Undefined where it cannot be opened. */
  readonly details: Details | undefined;
  readonly expiresAt: number;
  readonly deadline: number;
}

export interface ConfirmationQuestion {
  readonly confirmation: AgreementConfirmation;
  /** SHA-256 of the canonical confirmation bytes, hex: another code makes another hash. */
  readonly subjectHash: string;
  readonly institution: string;
  /** What the customer typed; undefined where it cannot be opened. */
  readonly code: string | undefined;
  readonly expiresAt: number;
  readonly deadline: number;
}

export interface FinalNotice {
  /** The same in every repetition. */
  readonly noticeId: string;
  readonly payment?: PaymentStatus;
  readonly agreement?: AgreementStatus;
  readonly cycle?: CycleNotice;
}

/** The bank's decision on a payment. `answeredAt` (ms) is when it was taken: give the stored one when repeating it. */
export interface PaymentDecision {
  readonly answer: PaymentAnswer['answer'];
  /** With `failed`, and only then. */
  readonly reason?: NonNullable<PaymentAnswer['reason']>;
  readonly answeredAt: number;
}

export interface AgreementDecision {
  readonly answer: 'codeSent' | 'active' | 'failed';
  /** With `failed`, and only then. */
  readonly reason?: NonNullable<PaymentAnswer['reason']>;
  readonly answeredAt: number;
}
