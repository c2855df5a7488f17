/**
 * What load or banks remember of payments, by their number: the state of each for the whole run, and of the last few
 * millions what it was about.
 */
export const paymentStates = {
  none: 0,
  open: 1,
  unknown: 2,
  succeeded: 3,
  failed: 4,
  refused: 5,
  notProcessed: 6,
} as const;

const mostPayments = 2 ** 27;
const recent = 2 ** 22;

export interface PaymentTable {
  /** By number. Untouched pages of it take no memory. */
  readonly states: Uint8Array;
  /** By number & mask. */
  readonly mask: number;
  readonly amounts: Uint32Array;
  readonly kinds: Uint8Array;
  readonly agreements: Uint32Array;
  /** When it was to be sent, ms. */
  readonly intendedAt: Float64Array;
}

export function paymentTable(): PaymentTable {
  return {
    states: new Uint8Array(mostPayments),
    mask: recent - 1,
    amounts: new Uint32Array(recent),
    kinds: new Uint8Array(recent),
    agreements: new Uint32Array(recent),
    intendedAt: new Float64Array(recent),
  };
}
