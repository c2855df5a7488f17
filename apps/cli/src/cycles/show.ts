import type { Command } from 'commander';
import { serial } from '../arguments.ts';
import { readAdopted } from '../config/adopted.ts';
import type { Given } from '../given.ts';
import { sheet, table } from '../output/table.ts';
import { moneyOf } from '../output/words.ts';
import { findCycle, onlyCurrency } from './find.ts';
import { cycleView, sumsView } from './report-view.ts';
import { cycleLines, positionColumns } from './words.ts';

export function showCycle(noun: Command, given: Given): void {
  noun
    .command('show')
    .argument('<cycle>', 'serial number', serial)
    .description('one cycle with the position of every participant')
    .action(async (number: number) => {
      const { store } = await given.read();
      const cycle = await findCycle(store.records, number);
      const positions = await store.records.positions(number);
      const { participants } = (await readAdopted(store)).participants;
      const nameOf = (code: string) => participants.find((one) => one.code === code)?.name ?? '';
      const currency = onlyCurrency(positions);
      const view = {
        ...cycleView(cycle),
        turnover: moneyOf(cycle.turnover, currency),
        positions: positions.map((position) => ({ participant: position.participant, ...sumsView(position) })),
      };
      given.answer(view, (output) =>
        [
          sheet(output, cycleLines(output, cycle, currency)),
          table(output, positionColumns(output, nameOf), positions, 'Positions are recorded when the cycle is cut.'),
        ].join('\n'),
      );
    });
}
