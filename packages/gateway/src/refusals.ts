/** What the cell refused, in the gateway's words; and what nobody can know yet. */
import { type Reason, reasons } from '@clearway/core/vocabulary';
import { Refusal } from './call.ts';

/** When a definite refusal may be over, ms. */
const tryAgainMs = 1000;

export function refusalOf(reason: Reason, paymentId?: string): Refusal {
  return new Refusal(reason, '', {
    ...(paymentId !== undefined && { paymentId }),
    ...(reasons[reason].kind === 'unavailable' && { retryAfterMs: tryAgainMs }),
  });
}

/** Told with the reason `none`, since nothing definite can be said. */
export function unknownOutcome(): Refusal {
  return new Refusal('none', 'The cell did not tell the outcome in time');
}
