import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Statistics } from '../cell.ts';
import { start } from '../test-bed.ts';
import { sumStatistics } from './operators.ts';

const { cell } = await start(() => 'succeeded', { attached: false });
const nothing = cell.statistics();
await cell.stop();

const two = 10_002;
const told = (change: Partial<Statistics>): Statistics => ({ ...nothing, ...change });
const flush = (batches: number, meanMs: number, largestMs: number) => ({
  ...{ batches, commands: batches * 2, meanMs, largestMs },
  reclaims: 1,
});

const sums: [name: string, parts: readonly Partial<Statistics>[], away: readonly number[], sum: Partial<Statistics>][] =
  [
    [
      'payments are counted together',
      [
        { submitted: 3, succeeded: 2, failed: 1, refused: 4, unknown: 0, inFlight: 1, undelivered: 2 },
        { submitted: 5, succeeded: 1, failed: 0, refused: 1, unknown: 2, inFlight: 3, undelivered: 0 },
      ],
      [],
      { submitted: 8, succeeded: 3, failed: 1, refused: 5, unknown: 2, inFlight: 4, undelivered: 2 },
    ],
    [
      'what lags or is slow is as bad as the worst',
      [
        { recordsLag: 3, latencyMs: { p50: 4, p99: 90 } },
        { recordsLag: 7, latencyMs: { p50: 6, p99: 20 } },
      ],
      [],
      { recordsLag: 7, latencyMs: { p50: 6, p99: 90 } },
    ],
    [
      'a mean of flushes weighs each by how many there were',
      [{ flush: flush(1, 4, 4) }, { flush: flush(3, 8, 9) }],
      [],
      { flush: { batches: 4, commands: 8, meanMs: 7, largestMs: 9, reclaims: 2 } },
    ],
    ['nothing flushed has a mean of 0', [{ flush: flush(0, 0, 0) }], [], { flush: { ...flush(0, 0, 0), reclaims: 1 } }],
    ['all must serve for the platform to serve', [{ serving: true }, { serving: false }], [], { serving: false }],
    ['one that is away does not serve, and is named', [{ serving: true }], [two], { serving: false, away: [two] }],
    ['epoch and business day are those of the home cell', [{ epoch: 4 }, { epoch: 9 }], [], { epoch: 4 }],
  ];
for (const [name, parts, away, sum] of sums) {
  test(name, () => {
    const summed = sumStatistics(parts.map(told), away);
    for (const [figure, value] of Object.entries(sum))
      assert.deepEqual(summed[figure as keyof Statistics], value, figure);
  });
}

test('a cycle has the state of the home cell, and payments and positions of all', () => {
  const position = (participant: string, credits: number, debits: number) => ({
    ...{ participant, currency: 156, credits, debits },
    ...{ creditCount: Math.sign(credits), debitCount: Math.sign(debits) },
  });
  const cycle = (
    number: number,
    state: 'open' | 'cut',
    payments: number,
    ...positions: ReturnType<typeof position>[]
  ) => ({
    ...{ cycle: number, state, payments, positions },
    ...{ businessDate: 20261122, openedAt: 0 },
  });
  const { cycles } = sumStatistics(
    [
      told({ cycles: [cycle(1, 'cut', 2, position('00101', 5, 0)), cycle(2, 'open', 0)] }),
      told({ cycles: [cycle(1, 'open', 3, position('00101', 0, 2), position('00201', 2, 0))] }),
    ],
    [],
  );
  assert.deepEqual(cycles, [cycle(1, 'cut', 5, position('00101', 5, 2), position('00201', 2, 0)), cycle(2, 'open', 0)]);
});

test('an account is what all cells have of it; the cap is one for all', () => {
  const account = (outstanding: number, headroom: number) => ({
    ...{ participant: '00201', currency: 156, outstanding, headroom },
    ...{ reserved: 1, netDebitCap: 1000, funds: 0 },
  });
  const { accounts } = sumStatistics(
    [told({ accounts: [account(-5, 400)] }), told({ accounts: [account(3, 500)] })],
    [],
  );
  assert.deepEqual(accounts, [{ ...account(-2, 900), reserved: 2 }]);
});
