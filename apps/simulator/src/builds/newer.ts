/**
 * The program as a later release may be: this one, compiled, with some lines of it changed. It knows rules of its own,
 * by which enquiries are made less often; no outcome shows that, so only the rules' number keeps an older program from
 * deciding otherwise. Its snapshots have another format.
 */
import type { Change } from '../planted/index.ts';

const core = 'packages/core/dist';

export const newerRules = 2;

export const newerChanges: readonly Change[] = [
  { in: `${core}/rules.js`, of: 'newestRules = 1', instead: `newestRules = ${newerRules}` },
  {
    in: `${core}/payment/expire.js`,
    of: 'scheme.enquiryBackoffMs * 2 **',
    instead: `scheme.enquiryBackoffMs * ((scheme.rules ?? 1) >= ${newerRules} ? 3 : 2) **`,
  },
  { in: `${core}/snapshot.js`, of: 'const format = 3', instead: 'const format = 4' },
];
