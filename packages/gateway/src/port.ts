/**
 * What the gateway asks of a cell, and what a cell asks of the gateway. In production the two are processes joined
 * by a link (apps/server/src/link.ts); in tests and the simulator they may stand in one process.
 */
import type {
  AgreementState,
  BankAnswer,
  PaymentKind,
  PaymentState,
  Reason,
  SigningAnswer,
} from '@clearway/core/vocabulary';

/** A payment as the cell knows it at the durable frontier. */
export interface PaymentView {
  readonly paymentId: string;
  readonly kind: PaymentKind;
  readonly state: PaymentState;
  readonly reason: Reason;
  /** Codes of five digits. */
  readonly instructingAgent: string;
  readonly instructedAgent: string;
  /** Minor units as decimal digits. */
  readonly amount: string;
  /** ISO 4217 numeric. */
  readonly currency: number;
  /** Serial of the clearing cycle of its success, 0 before. */
  readonly cycle: number;
  /** Time of the last change, ms. */
  readonly changedAt: number;
  /** The bank's deciding answer, the JSON bytes exactly as the bank signed and sent them; absent before. */
  readonly answer?: Uint8Array | undefined;
}

export interface AgreementView {
  readonly agreementId: string;
  readonly institution: string;
  readonly bank: string;
  readonly state: AgreementState;
  readonly reason: Reason;
  readonly paymentLimit: string;
  readonly currency: number;
  readonly expiresOn: number;
  readonly changedAt: number;
  readonly answer?: Uint8Array | undefined;
}

/** `refused`: a definite refusal of this command that leaves what is known of the object (`payment`) as it was. */
export type SubmitResult =
  | { readonly outcome: 'accepted' | 'repeated'; readonly payment?: PaymentView; readonly agreement?: AgreementView }
  | {
      readonly outcome: 'refused';
      readonly reason: Reason;
      readonly payment?: PaymentView;
      readonly agreement?: AgreementView;
    };

export interface Cell {
  /**
   * Sequences one command (encoded by core/command.ts) with its body, the signed bytes as received.
   * For submitPayment, requestAgreement and confirmAgreement it resolves when the outcome is told: at success,
   * definite failure, *unknown*, codeSent, active; for others when the command is durable.
   * Reasons `journalUnavailable`, `overloaded` and `cellUnavailable` are definite: nothing was done. When the link is
   * lost after sending, it rejects with {@link OutcomeUnknownError}.
   */
  submit(command: Uint8Array, body: Uint8Array): Promise<SubmitResult>;
  /** In a lane of its own, not journaled; undefined for an id that this cell does not hold (ask the records then). */
  payment(paymentId: string): Promise<PaymentView | undefined>;
  agreement(agreementId: string): Promise<AgreementView | undefined>;
}

export class OutcomeUnknownError extends Error {
  override name = 'OutcomeUnknownError';
}

/**
 * What the cell wants delivered to an institution's endpoint.
 * offer, enquiry, reversal: to the instructed bank about a payment · signing, confirmation: to the bank about an
 * agreement · notices: final states, to whom they concern.
 */
export type DeliveryKind = 'offer' | 'enquiry' | 'reversal' | 'signing' | 'confirmation' | 'notices';

/** A final state: the view to tell is the one of its kind. */
export interface NoticeDelivery {
  /** Stable over retries and restarts: `<kind>:<subject>:<state>`. */
  readonly noticeId: string;
  readonly kind: 'paymentNotice' | 'agreementNotice' | 'cycleNotice';
  /** Payment, agreement or cycle. */
  readonly subject: string;
  readonly payment?: PaymentView | undefined;
  readonly agreement?: AgreementView | undefined;
  readonly cycle?: { readonly cycle: number; readonly businessDate: number; readonly state: string } | undefined;
}

export interface Delivery {
  /** Stable over retries and restarts: `<kind>:<subject>`. */
  readonly deliveryId: string;
  readonly kind: DeliveryKind;
  /** Code of the addressee. */
  readonly participant: string;
  /** Payment or agreement; of notices that of the first. */
  readonly subject: string;
  /** The signed JSON bytes of the institution's request, unchanged (offer, signing, confirmation, reversal: the original payment). */
  readonly message?: Uint8Array | undefined;
  /** At least one, and no more than a request may tell; they are taken together. */
  readonly notices?: readonly NoticeDelivery[] | undefined;
  /** When the bank's answer must have come, ms; 0 for notices. */
  readonly deadline: number;
  /** True when an earlier, byte-equal copy may have reached the addressee. */
  readonly possibleDuplicate: boolean;
}

/**
 * `done`: the addressee took it; for questions its verified answer has been submitted to the cell as a command.
 * `notSent`: certainly never reached it. `noAnswer`: anything else (time-out, broken connection, unusable or
 * wrongly signed answer): it may have been processed.
 */
export type DeliveryResult = 'done' | 'accepted' | 'notSent' | 'noAnswer';

export interface Deliverer {
  /** Never rejects. `accepted`: the bank said 202, its answer comes later. */
  deliver(delivery: Delivery): Promise<DeliveryResult>;
}

/** Public description of one participant, as adopted (kind `participants` of the configuration). */
export interface ParticipantConfiguration {
  readonly code: string;
  readonly name: string;
  readonly role: 'paymentInstitution' | 'bank';
  readonly status: 'active' | 'suspended';
  /** Certified to treat a repeated offer of the same id as one. */
  readonly idempotent: boolean;
  /** Base address of its own endpoint, https. */
  readonly endpoint: string;
  /** SHA-256 fingerprint (hex) of its TLS client certificate, when mutual TLS is asked for. */
  readonly certificate?: string | undefined;
  /** At most two signing keys not yet ended. */
  readonly keys: readonly {
    readonly version: number;
    readonly suite: 'ed25519' | 'ecdsa-p256-sha256';
    readonly publicKey: string;
    /** ms; absent: still valid. */
    readonly endedAt?: number | undefined;
  }[];
  /** X25519 public key, PEM, for sealed fields. */
  readonly sealingKey: string;
  /** Banks: net debit cap for each currency, minor units as digits. Payment institutions: none (their float counts). */
  readonly netDebitCaps: readonly { readonly currency: number; readonly amount: string }[];
  /** Enquiries a second and burst that the gateway lets through. */
  readonly enquiryBudget: { readonly perSecond: number; readonly burst: number };
}

export interface SchemeConfiguration {
  /** At most 8 ASCII characters, part of all canonical bytes. */
  readonly schemeId: string;
  readonly environment: 'sandbox' | 'production';
  /** ISO 4217 numeric. */
  readonly currencies: readonly number[];
  /** Minor units as digits, at most 10^13. */
  readonly maximumAmount: string;
  /** How long a bank has to answer an offer, ms. */
  readonly offerTimeoutMs: number;
  /** Longest time from now to a request's expiresAt that is accepted, ms. */
  readonly longestExpiryMs: number;
  /** First enquiry after the time-out, doubled each time up to the largest, ms. */
  readonly enquiryBackoffMs: number;
  readonly enquiryBackoffLargestMs: number;
  /** An unknown agreement payment is reversed after this time from its offer, ms. */
  readonly reversalAfterMs: number;
  /** An unknown or reversing payment becomes a work item after this time, ms. */
  readonly workItemAfterMs: number;
  /** Two-step signing must be finished within this time, ms. */
  readonly signingTimeoutMs: number;
  /**
   * Rules by which the cells decide, 1 when left out. Raised when every program of the platform knows them, it never
   * falls: older programs then refuse the journal.
   */
  readonly rules?: number;
  /** Routing list handed out: last six digits with weights; weight zero retires. */
  readonly routing: readonly { readonly centre: number; readonly cell: number; readonly weight: number }[];
  /** IANA name, e.g. Asia/Shanghai: the day that business dates are counted in. */
  readonly timeZone: string;
}

/** What every gateway holds and goes on with when everything that makes it is down. */
export interface Configuration {
  readonly schemeVersion: number;
  readonly scheme: SchemeConfiguration;
  readonly participantsVersion: number;
  readonly participants: readonly ParticipantConfiguration[];
  /** Current business date, yyyymmdd. */
  readonly businessDate: number;
}

export type { BankAnswer, SigningAnswer };
