import {
  type Fields,
  type InstitutionSettings,
  institutionFields,
  integer,
  listOf,
  number,
  optional,
  shape,
  text,
} from '@clearway/sdk/node';

export interface WalletSettings extends InstitutionSettings {
  /** ISO 4217 alphabetic code. */
  readonly currency: string;
  /** Banks to sign agreements at; `phone` is the base address of the bank's simulated phone network. */
  readonly banks: readonly { readonly code: string; readonly phone: string }[];
  /** Simulated customers at each bank, each with one agreement. */
  readonly customersPerBank: number;
  /** Most that one payment under an agreement may take, major units. */
  readonly paymentLimit: string;
  /** Payments offered a second, open loop: they do not wait for one another. Settable while running. */
  readonly rate: number;
  /** Stop by itself after so many payments; absent: go on. Settable while running. */
  readonly payments?: number;
  /** Most payments that may wait for an answer; beyond it new ones are put off and counted as `delayed`. */
  readonly mostInFlight: number;
  /** Weights of what is sent. Enquiries ask about earlier payments and do not count as payments. */
  readonly mix: {
    readonly agreementPayment: number;
    readonly payout: number;
    readonly refund: number;
    readonly enquiry: number;
  };
  /** Amounts are log-normal by median and 99th percentile, major units, cut at paymentLimit. */
  readonly amounts: { readonly median: string; readonly p99: string };
  /** Any integer from 0 to 2^32 - 1. */
  readonly seed: number;
  /** How often a `statistics` message is sent, ms. */
  readonly statisticsEveryMs: number;
}

const amount = text(/^[0-9]+(\.[0-9]+)?$/, 'an amount in major units, as "1000.00"');
const weight = number(0, 1_000_000);

export const walletFields: Fields<WalletSettings> = {
  ...institutionFields,
  currency: text(/^[A-Z]{3}$/, 'an ISO 4217 code'),
  banks: listOf(
    shape({
      code: text(/^[0-9]{5}$/, 'a participant code of five digits'),
      phone: text(/^http:\/\/(127\.0\.0\.1|\[::1\]):/, 'a loopback http address'),
    }),
  ),
  customersPerBank: integer(1, 999_999),
  paymentLimit: amount,
  rate: number(0, 100_000),
  payments: optional(integer(0, Number.MAX_SAFE_INTEGER)),
  mostInFlight: integer(1, 100_000),
  mix: shape({ agreementPayment: weight, payout: weight, refund: weight, enquiry: weight }),
  amounts: shape({ median: amount, p99: amount }),
  seed: integer(0, 2 ** 32 - 1),
  statisticsEveryMs: integer(100, 86_400_000),
};
