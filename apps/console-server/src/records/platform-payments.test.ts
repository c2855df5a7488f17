import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PaymentRow } from '@clearway/console-api';
import { formatTime } from '@clearway/contract';
import fc from 'fast-check';
import type { PaymentPage, Payments, TallyRow } from './payments.ts';
import { platformPayments } from './platform-payments.ts';

const start = 1_800_000_000_000;
const cellOf = (index: number) => 10001 + index;

/** Payments of one cell, newest first; a page reads no more than so many records and then says how far it has come. */
function cellPayments(index: number, times: readonly number[], mostRead: number): Payments {
  const rows = [...times]
    .sort((a, b) => b - a)
    .map(
      (at, serial): Pick<PaymentRow, 'paymentId' | 'submittedAt'> => ({
        paymentId: `${String(serial).padStart(25, '0')}${String(cellOf(index)).padStart(6, '0')}`,
        submittedAt: formatTime(start + at),
      }),
    );
  return {
    async page({ after, limit }: { after: string; limit: number }) {
      const from = after === '' ? 0 : Number(after);
      const shown = rows.slice(from, from + Math.min(limit, mostRead)) as PaymentRow[];
      const to = from + shown.length;
      const hasStopped = to < rows.length && shown.length < limit;
      return {
        payments: shown,
        next: to < rows.length ? String(to) : null,
        understood: [],
        // A millisecond may have been read in part.
        readTo: hasStopped ? rows[to].submittedAt : null,
        isWhole: true,
        places: shown.map((_, place) => String(from + place + 1)),
      } satisfies PaymentPage;
    },
    async tally() {
      const row = { institution: '00101', payments: times.length, amount: BigInt(times.length), firstAt: start };
      return { rows: [row as unknown as TallyRow], readTo: index };
    },
  } as unknown as Payments;
}

const manyTimes = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 40 });

test('pages over several cells give every payment once, newest first, however far each has read', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(manyTimes, { minLength: 2, maxLength: 4 }),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 9 }),
      async (cells, limit, mostRead) => {
        const parts = cells.map((times, index) => ({
          cell: cellOf(index),
          payments: cellPayments(index, times, mostRead),
        }));
        const [home, ...others] = parts;
        const payments = platformPayments([home, ...others]);
        const found: PaymentRow[] = [];
        let after = '';
        const most = cells.flat().length * cells.length + cells.length + 1;
        for (let pages = 0; ; pages++) {
          assert.ok(pages <= most, 'it comes to an end');
          const page = await payments.page({ q: '', after, limit, scope: undefined });
          assert.ok(page.payments.length <= limit);
          found.push(...page.payments);
          if (page.next === null) break;
          after = page.next;
        }
        assert.equal(new Set(found.map(({ paymentId }) => paymentId)).size, found.length, 'none twice');
        assert.equal(found.length, cells.flat().length, 'none is missing');
        const times = found.map(({ submittedAt }) => submittedAt);
        assert.deepEqual(times, [...times].sort().reverse());
      },
    ),
  );
});

test('what is counted in several cells is summed, and a cell that is away is left out only where that may be', async () => {
  const away: Payments = { ...cellPayments(1, [], 9), tally: () => Promise.reject(new Error('away')) };
  const platform = (second: Payments) =>
    platformPayments([
      { cell: cellOf(0), payments: cellPayments(0, [1, 2], 9) },
      { cell: cellOf(1), payments: second },
    ]);
  const query = { by: ['institution'], stepMs: 0 } as const;
  const { rows, readTo } = await platform(cellPayments(1, [3, 4, 5], 9)).tally(query);
  assert.deepEqual([rows.length, rows[0].payments, rows[0].amount, readTo], [1, 5, 5n, 1]);
  await assert.rejects(platform(away).tally(query), /away/);
  assert.equal((await platform(away).tally({ ...query, isPartial: true })).rows[0].payments, 2);
});
