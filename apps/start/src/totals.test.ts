import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WalletStatistics } from '@clearway/example-wallet';
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

test('counts go on after a restart, and what is now is only of those that live', () => {
  const tally = createTally();
  tally.hear('a', statistics('00101', { sent: 10, succeeded: 9, inFlight: 1 }));
  tally.hear('b', statistics('00102', { sent: 5, succeeded: 5 }));
  tally.restarted('a');
  assert.deepEqual([tally.totals().sent, tally.totals().inFlight], [15, 0]);
  tally.hear('a', statistics('00101', { sent: 2, succeeded: 1, inFlight: 1 }));
  const { sent, succeeded, inFlight } = tally.totals();
  assert.deepEqual([sent, succeeded, inFlight], [17, 15, 1]);
  assert.equal(tally.wallet('a').sent, 12);
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
