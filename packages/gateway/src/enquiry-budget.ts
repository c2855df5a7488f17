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
  giveBack(institution: string, budget: EnquiryBudget): void;
}

export interface EnquiryBudget {
  /** Tokens a second, more than 0. */
  readonly perSecond: number;
  /** Most tokens that can be saved up, at least 1. */
  readonly burst: number;
}

/** `elapsed`: milliseconds that only grow (Clock.elapsed). */
export function createEnquiryBudgets(elapsed: () => number): EnquiryBudgets {
  /** When each institution's bucket will be full again; a token less moves it one interval on. */
  const fullAgainAt = new Map<string, number>();
  return {
    spend(institution, { perSecond, burst }) {
      const now = elapsed();
      const intervalMs = 1000 / perSecond;
      const fullAt = Math.max(fullAgainAt.get(institution) ?? now, now);
      const waitMs = fullAt - now - (burst - 1) * intervalMs;
      if (waitMs > 0) return Math.ceil(waitMs);
      fullAgainAt.set(institution, fullAt + intervalMs);
      return 0;
    },
    giveBack(institution, { perSecond }) {
      const fullAt = fullAgainAt.get(institution);
      if (fullAt !== undefined) fullAgainAt.set(institution, fullAt - 1000 / perSecond);
    },
  };
}
