/** The oracle's own reading of configurations. */

export interface Scheme {
  readonly currencies: readonly number[];
  readonly maximumAmount: number;
  readonly offerTimeoutMs: number;
  readonly longestExpiryMs: number;
  readonly enquiryBackoffMs: number;
  readonly enquiryBackoffLargestMs: number;
  readonly reversalAfterMs: number;
  readonly workItemAfterMs: number;
  readonly signingTimeoutMs: number;
}

export type Participants = readonly {
  readonly code: number;
  readonly role: 'bank' | 'paymentInstitution';
  readonly status: 'active' | 'suspended';
  readonly netDebitCaps: readonly { readonly currency: number; readonly amount: number }[];
}[];

const isBetween = (value: unknown, low: number, high: number) =>
  typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high;

const isUnique = (values: readonly unknown[]) => new Set(values).size === values.length;

export function readScheme(content: unknown): Scheme | undefined {
  const scheme = content as Scheme | null;
  if (!Array.isArray(scheme?.currencies)) return undefined;
  const { currencies, maximumAmount, ...durations } = scheme;
  const isGood =
    isBetween(currencies.length, 1, 8) &&
    isUnique(currencies) &&
    currencies.every((currency) => isBetween(currency, 1, 999)) &&
    isBetween(maximumAmount, 1, 1e13) &&
    Object.keys(durations).length === 7 &&
    Object.values(durations).every((ms) => isBetween(ms, 1, 24 * 60 * 60 * 1000));
  return isGood ? scheme : undefined;
}

export function readParticipants(content: unknown): Participants | undefined {
  const list = (content as { participants?: Participants } | null)?.participants;
  if (!Array.isArray(list)) return undefined;
  const isGood =
    isUnique(list.map((one) => one?.code)) &&
    list.every(
      (one) =>
        isBetween(one?.code, 1, 99999) &&
        (one.role === 'bank' || one.role === 'paymentInstitution') &&
        (one.status === 'active' || one.status === 'suspended') &&
        Array.isArray(one.netDebitCaps) &&
        isUnique(one.netDebitCaps.map((cap: { currency: number }) => cap?.currency)) &&
        one.netDebitCaps.every(
          (cap: { currency: number; amount: number } | null) =>
            isBetween(cap?.currency, 1, 999) && isBetween(cap?.amount, 0, 2 ** 52),
        ),
    );
  return isGood ? list : undefined;
}
