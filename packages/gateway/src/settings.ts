/** What an operator can set at the gateway, with the value that is taken otherwise. */
export interface GatewaySettings {
  /** Payments and signing steps at work at once; more are refused as overloaded, definitely. */
  readonly paymentsInFlight: number;
  /** Banks' late answers at work at once. */
  readonly answersInFlight: number;
  /** Few, so that their signatures do not queue before those of payments. */
  readonly enquiriesInFlight: number;
  /** Enquiries within their budget that wait for one of those places. */
  readonly enquiriesWaiting: number;
  /** Requests for platform, directory, cycles, files and keys at work at once. */
  readonly administrationInFlight: number;
  /** How long a transport signature is good, ms; at most the 60 s of the contract. */
  readonly signatureWindowMs: number;
  /** Nonces remembered for each institution within that window. */
  readonly noncesRemembered: number;
  /** Final payments kept for enquiries. */
  readonly finalPaymentsKept: number;
  /** After `expiresAt`, how much longer the cell may take to tell the outcome before it is told as unknown, ms. */
  readonly outcomeMarginMs: number;
  /** Longest wait for the cell or the records where no deadline of a message says otherwise, ms. */
  readonly cellPatienceMs: number;
  /** Longest wait for an institution to take a notice, ms. */
  readonly noticeTimeoutMs: number;
  /** Host (and port) under which institutions know this gateway; without it the Host header is believed. */
  readonly authority: string | undefined;
}

export const defaultSettings: GatewaySettings = {
  paymentsInFlight: 5_000,
  answersInFlight: 1_000,
  enquiriesInFlight: 16,
  enquiriesWaiting: 1_000,
  administrationInFlight: 32,
  signatureWindowMs: 60_000,
  noncesRemembered: 200_000,
  finalPaymentsKept: 20_000,
  outcomeMarginMs: 1_000,
  cellPatienceMs: 5_000,
  noticeTimeoutMs: 5_000,
  authority: undefined,
};
