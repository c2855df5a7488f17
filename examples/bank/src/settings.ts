import {
  type Fields,
  type InstitutionSettings,
  institutionFields,
  integer,
  number,
  oneOf,
  optional,
  shape,
  text,
} from '@clearway/sdk/node';

/** How the bank behaves. Rates are probabilities from 0 to 1; all choices come from one generator under `seed`. */
export interface BankBehaviour {
  /** Offers declined for no reason of the account (`bankDeclined`). Insufficient funds come on top, by real balances. */
  readonly declineRate: number;
  /** Time the bank thinks before it answers, ms: log-normal by its median and 99th percentile. */
  readonly latencyMs: { readonly median: number; readonly p99: number };
  /** Offers that are booked, but whose answer comes only `lateByMs` later, by POST …/answer. */
  readonly lateRate: number;
  readonly lateByMs: number;
  /** Offers that are lost: the bank neither books nor answers them. */
  readonly lostRate: number;
  /** Answers that are told a second time, unasked. */
  readonly duplicateRate: number;
}

export interface BankSettings extends InstitutionSettings {
  /** ISO 4217 alphabetic code of the accounts. */
  readonly currency: string;
  /** Accounts are opened at their first signing, with a balance between these two, major units ("1000.00"). */
  readonly openingBalance: { readonly least: string; readonly most: string };
  /** After each settled cycle, accounts below this balance get this much (major units); absent: never. */
  readonly salary?: string;
  readonly behaviour: BankBehaviour;
  /** Any integer from 0 to 2^32 - 1. */
  readonly seed: number;
  /** The simulation's phone network: plain HTTP, loopback only. `POST /phone {"phone"}` → `{"codes":[{agreementId, code}]}`. */
  readonly phone: { readonly host: string; readonly port: number };
  /** How often a `statistics` message is sent, ms. */
  readonly statisticsEveryMs: number;
}

const rate = number(0, 1);
const amount = text(/^[0-9]+(\.[0-9]+)?$/, 'an amount in major units, as "1000.00"');
const milliseconds = integer(0, 86_400_000);

export const bankFields: Fields<BankSettings> = {
  ...institutionFields,
  currency: text(/^[A-Z]{3}$/, 'an ISO 4217 code'),
  openingBalance: shape({ least: amount, most: amount }),
  salary: optional(amount),
  behaviour: shape<BankBehaviour>({
    declineRate: rate,
    latencyMs: shape({ median: number(0.001, 60_000), p99: number(0.001, 60_000) }),
    lateRate: rate,
    lateByMs: milliseconds,
    lostRate: rate,
    duplicateRate: rate,
  }),
  seed: integer(0, 2 ** 32 - 1),
  phone: shape({ host: oneOf('127.0.0.1', '::1'), port: integer(0, 65_535) }),
  statisticsEveryMs: integer(100, 86_400_000),
};
