import type { BankStatistics } from './report.ts';

type Counted = 'offers' | 'repeatedOffers' | 'succeeded' | 'failed' | 'enquiries' | 'reversals' | 'late' | 'lost';

export type Counters = { -readonly [K in Counted]: BankStatistics[K] };

export function createCounters(): Counters {
  return { offers: 0, repeatedOffers: 0, succeeded: 0, failed: 0, enquiries: 0, reversals: 0, late: 0, lost: 0 };
}
