/**
 * How many enquiries an institution may make: a token bucket each, filled evenly up to its burst.
 *
 * Budgets are enforced here and not only agreed upon: participants that flooded "check status" once took a national
 * system down for hours. They follow the institution's configuration at once, at the next enquiry.
 */
export interface EnquiryBudgets {
  /** 0 when the enquiry may go on, and then one token is spent; else the milliseconds until one is there. */
  spend(institution: string, budget: EnquiryBudget): number;
  /** Gives a token back, for a request that turned out not to be the institution's. */
  giveBack(institution: string): void;
}

export interface EnquiryBudget {
  /** Tokens a second, more than 0. */
  readonly perSecond: number;
  /** Most tokens that can be saved up, at least 1. */
  readonly burst: number;
}

/** `elapsed`: milliseconds that only grow (Clock.elapsed). */
export function createEnquiryBudgets(elapsed: () => number): EnquiryBudgets {
  const buckets = new Map<string, { tokens: number; filledAt: number }>();
  return {
    spend(institution, budget) {
      const now = elapsed();
      let bucket = buckets.get(institution);
      if (!bucket) {
        bucket = { tokens: budget.burst, filledAt: now };
        buckets.set(institution, bucket);
      }
      const filled = bucket.tokens + ((now - bucket.filledAt) / 1000) * budget.perSecond;
      bucket.tokens = Math.min(filled, budget.burst);
      bucket.filledAt = now;
      if (bucket.tokens < 1) return Math.ceil(((1 - bucket.tokens) / budget.perSecond) * 1000);
      bucket.tokens -= 1;
      return 0;
    },
    giveBack(institution) {
      const bucket = buckets.get(institution);
      if (bucket) bucket.tokens += 1;
    },
  };
}
