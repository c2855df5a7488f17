import type { CycleRecord } from '@clearway/store';
import type { Command } from 'commander';
import { serial } from '../arguments.ts';
import type { Given } from '../given.ts';
import { table } from '../output/table.ts';
import { count, date, money, moneyOf, time } from '../output/words.ts';
import { onlyCurrency } from './find.ts';
import { cycleView } from './report-view.ts';
import { stateOf } from './words.ts';

interface Row extends CycleRecord {
  readonly currency: number;
}

export function listCycles(noun: Command, given: Given): void {
  noun
    .command('list')
    .description('clearing cycles, newest first')
    .option('--limit <n>', 'at most so many', serial, 20)
    .action(async ({ limit }: { limit: number }) => {
      const { records } = (await given.read()).store;
      const rows: Row[] = [];
      for (const cycle of await records.cycles(limit)) {
        rows.push({ ...cycle, currency: onlyCurrency(await records.positions(cycle.cycle)) });
      }
      const view = rows.map((row) => ({ ...cycleView(row), turnover: moneyOf(row.turnover, row.currency) }));
      given.answer(view, (output) =>
        table<Row>(
          output,
          [
            { head: 'cycle', align: 'right', value: ({ cycle }) => String(cycle) },
            { head: 'date', value: ({ businessDate }) => date(businessDate) },
            { head: 'state', value: (row) => stateOf(output, row) },
            { head: 'opened', value: ({ openedAt }) => time(openedAt) },
            { head: 'cut off', value: ({ cutOffAt }) => time(cutOffAt) },
            { head: 'settled', value: ({ settledAt }) => time(settledAt) },
            {
              head: 'payments',
              align: 'right',
              value: ({ state, payments }) => (state === 'open' ? '–' : count(payments)),
            },
            {
              head: 'turnover',
              align: 'right',
              value: ({ turnover, currency }) => (currency === 0 ? '–' : money(turnover, currency)),
            },
          ],
          rows,
          'No cycle has been opened yet.',
        ),
      );
    });
}
