/**
 * What banks do with a payment, known beforehand from its number alone: so the load knows what must come of each
 * payment, and banks and load can be compared to the last one.
 */
export interface Behaviour {
  /** Shares of all payments. */
  readonly declined: number;
  /** The bank never answers the offer; asked later, it says what it did. */
  readonly silent: number;
}

export type Fate = 'approved' | 'declined' | 'silentApproved' | 'silentDeclined';

/** From 0 to below 1, the same in every process. */
const drawnOf = (sequence: number) => (Math.imul(sequence ^ (sequence >>> 15), 0x9e3779b1) >>> 0) / 2 ** 32;

export const isSilent = (sequence: number, { silent }: Behaviour): boolean => drawnOf(sequence) < silent;

export function fateOf(sequence: number, { declined, silent }: Behaviour): Fate {
  const drawn = drawnOf(sequence);
  if (drawn < silent / 2) return 'silentApproved';
  if (drawn < silent) return 'silentDeclined';
  return drawn < silent + declined ? 'declined' : 'approved';
}
