/**
 * What the core needs of an adopted configuration: canonical JSON inside an `adoptConfiguration` fact. The whole
 * documents (names, endpoints, keys) stay with the edge; their hash is in the fact.
 */
export interface SchemeContent {
  /** ISO 4217 numeric; the place in this list is the currency's small number and never changes. */
  readonly currencies: readonly number[];
  /** Minor units, 1 to 10^13. */
  readonly maximumAmount: number;
  readonly offerTimeoutMs: number;
  readonly longestExpiryMs: number;
  readonly enquiryBackoffMs: number;
  readonly enquiryBackoffLargestMs: number;
  readonly reversalAfterMs: number;
  readonly workItemAfterMs: number;
  readonly signingTimeoutMs: number;
  /** Version of the rules that are in force, 1 to 65535; 1 when left out. It never falls. */
  readonly rules?: number;
}

export interface ParticipantContent {
  /** 1 to 99999. */
  readonly code: number;
  readonly role: 'paymentInstitution' | 'bank';
  readonly status: 'active' | 'suspended';
  /** For banks, minor units; absent currencies have a cap of 0. */
  readonly netDebitCaps: readonly { readonly currency: number; readonly amount: number }[];
}

export interface ParticipantsContent {
  readonly participants: readonly ParticipantContent[];
  /**
   * Routing digits as a number of the cell that holds what is not shared out of their caps and money; absent: the cell
   * that is told. It never changes.
   */
  readonly home?: number;
}

/** Largest amount of one payment: 10^13 minor units. */
export const largestAmount = 10_000_000_000_000;
/** No position passes this; a payment that would is refused. */
export const largestPosition = 2 ** 52;

function isCount(value: unknown, smallest: number, largest: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= smallest && (value as number) <= largest;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function isCap(cap: ParticipantContent['netDebitCaps'][number]): boolean {
  return isObject(cap) && isCount(cap.currency, 1, 999) && isCount(cap.amount, 0, largestPosition);
}

/** The content, or undefined if it is not one that the core can live by. */
export function readScheme(json: unknown): SchemeContent | undefined {
  const scheme = json as SchemeContent;
  if (!isObject(json) || !Array.isArray(scheme.currencies)) return undefined;
  const { currencies } = scheme;
  if (currencies.length < 1 || currencies.length > 8 || new Set(currencies).size !== currencies.length)
    return undefined;
  if (!currencies.every((currency) => isCount(currency, 1, 999))) return undefined;
  if (!isCount(scheme.maximumAmount, 1, largestAmount)) return undefined;
  if (scheme.rules !== undefined && !isCount(scheme.rules, 1, 0xffff)) return undefined;
  const day = 86_400_000;
  const durations = [
    scheme.offerTimeoutMs,
    scheme.longestExpiryMs,
    scheme.enquiryBackoffMs,
    scheme.enquiryBackoffLargestMs,
    scheme.reversalAfterMs,
    scheme.workItemAfterMs,
    scheme.signingTimeoutMs,
  ];
  return durations.every((ms) => isCount(ms, 1, day)) ? scheme : undefined;
}

export function readParticipants(json: unknown): ParticipantsContent | undefined {
  const content = json as ParticipantsContent;
  if (!isObject(json) || !Array.isArray(content.participants)) return undefined;
  if (content.home !== undefined && !isCount(content.home, 10_001, 999_999)) return undefined;
  const codes = new Set<number>();
  for (const participant of content.participants) {
    if (!isObject(participant)) return undefined;
    const { code, role, status, netDebitCaps } = participant;
    if (!isCount(code, 1, 99999) || codes.has(code)) return undefined;
    if (role !== 'paymentInstitution' && role !== 'bank') return undefined;
    if (status !== 'active' && status !== 'suspended') return undefined;
    if (!Array.isArray(netDebitCaps) || !netDebitCaps.every(isCap)) return undefined;
    if (new Set(netDebitCaps.map(({ currency }) => currency)).size !== netDebitCaps.length) return undefined;
    codes.add(code);
  }
  return content;
}
