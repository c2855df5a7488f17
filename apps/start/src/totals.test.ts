import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WalletRecorded, WalletStatistics } from '@clearway/example-wallet';
import { createTally } from './totals.ts';
import { split } from './traffic.ts';

const statistics = (participant: string, counts: Partial<WalletStatistics>): WalletStatistics => ({
  type: 'statistics',
  role: 'wallet',
  participant,
  at: 0,
  phase: 'paying',
  agreements: 1,
  sent: 0,
  succeeded: 0,
  failed: 0,
  refused: 0,
  refusals: {},
  failures: {},
  unknown: 0,
  enquiries: 0,
  inFlight: 0,
  unresolved: 0,
  delayed: 0,
  latency: { count: 0, p50: 0, p90: 0, p99: 0, largest: 0 },
  reconciliations: { cycles: 0, differences: 0 },
  ...counts,
});

const recorded = (counts: Partial<WalletRecorded>): WalletRecorded => ({
  type: 'recorded',
  participant: '00101',
  sent: 0,
  succeeded: 0,
  failed: 0,
  refused: 0,
  ...counts,
});

test('counts are of this start, go on over a restart, and what is now is only of those that live', () => {
  const tally = createTally();
  tally.hear('a', recorded({ sent: 1000, succeeded: 990 }));
  tally.hear('b', recorded({}));
  tally.hear('a', recorded({ sent: 1010, succeeded: 999 }));
  tally.hear('a', statistics('00101', { inFlight: 1, unknown: 2 }));
  tally.hear('b', recorded({ sent: 5, succeeded: 5 }));
  tally.restarted('a');
  assert.deepEqual([tally.totals().sent, tally.totals().inFlight, tally.totals().unknown], [15, 0, 2]);
  tally.hear('a', recorded({ sent: 1012, succeeded: 1001 }));
  tally.hear('a', statistics('00101', { inFlight: 1, unknown: 1 }));
  const { sent, succeeded, inFlight, unknown } = tally.totals();
  assert.deepEqual([sent, succeeded, inFlight, unknown], [17, 16, 1, 3]);
  assert.equal(tally.wallet('a').sentEver, 1012);
});

test('counts can begin anew', () => {
  const tally = createTally();
  tally.hear('a', recorded({ sent: 10 }));
  tally.hear('a', recorded({ sent: 15 }));
  tally.hear('a', statistics('00101', { unknown: 4 }));
  tally.begin();
  tally.hear('a', recorded({ sent: 18 }));
  assert.deepEqual([tally.totals().sent, tally.totals().unknown], [3, 0]);
});

test('latency weighs the medians by their payments and takes the slowest tail', () => {
  const tally = createTally();
  tally.hear('a', statistics('00101', { latency: { count: 30, p50: 10, p90: 0, p99: 20, largest: 0 } }));
  tally.hear('b', statistics('00102', { latency: { count: 10, p50: 50, p90: 0, p99: 90, largest: 0 } }));
  tally.hear('c', statistics('00103', {}));
  assert.deepEqual(tally.totals().latency, { p50: 20, p99: 90 });
});

test('a reconciliation that is told again counts once', () => {
  const tally = createTally();
  const told = {
    type: 'reconciliation',
    participant: '00101',
    cycle: 1,
    payments: 3,
    differences: 0,
    learnt: 0,
    unmatched: 0,
    examples: [],
  } as const;
  tally.hear('a', told);
  tally.hear('a', told);
  tally.hear('a', { ...told, cycle: 2 });
  assert.equal(tally.reconciled().length, 2);
});

const splits: [whole: number, percents: number[], parts: number[]][] = [
  [100, [50, 30, 20], [50, 30, 20]],
  [1, [50, 30, 20], [1, 0, 0]],
  [20001, [50, 30, 20], [10001, 6000, 4000]],
  [7, [50, 30, 20], [4, 2, 1]],
];
for (const [whole, percents, parts] of splits) {
  test(`${whole} payments are split into ${parts.join(', ')}`, () => assert.deepEqual(split(whole, percents), parts));
}
