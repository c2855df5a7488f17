import type { PaymentState } from '@clearway/console-api';

/** Nothing changes a payment's outcome any more. */
export function isFinal(state: PaymentState): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'refused';
}
