import type { Command } from 'commander';
import { serial } from '../arguments.ts';
import { readAdopted } from '../config/adopted.ts';
import { CommandError, type Given } from '../given.ts';
import { sheet, table } from '../output/table.ts';
import { paint } from '../output/terminal.ts';
import { count } from '../output/words.ts';
import { findCycle, onlyCurrency } from './find.ts';
import { cycleView, type FileEntry, filesOf, sumsView, totalsOf } from './report-view.ts';
import { cycleLines, positionColumns } from './words.ts';

export function reportCycle(noun: Command, given: Given): void {
  noun
    .command('report')
    .argument('<cycle>', 'serial number', serial)
    .description('the report of a cycle that is cut: positions, totals, and the files with their hashes')
    .action(async (number: number) => {
      const { store } = await given.read();
      const cycle = await findCycle(store.records, number);
      if (cycle.state === 'open') throw new CommandError(`Cycle ${number} is still open: close it first.`);
      const positions = await store.records.positions(number);
      const { participants } = (await readAdopted(store)).participants;
      const files = await filesOf(
        store.records,
        number,
        participants.map(({ code }) => code),
      );
      const nameOf = (code: string) => participants.find((one) => one.code === code)?.name ?? '';
      const totals = totalsOf(positions);
      const isZero = totals.every(({ credits, debits }) => credits === debits);
      if (!isZero) given.answerNo();

      const view = {
        ...cycleView(cycle),
        positions: positions.map((position) => ({ participant: position.participant, ...sumsView(position) })),
        totals: totals.map(sumsView),
        files,
      };
      given.answer(view, (output) => {
        const all = totals.map((sums) => ({ participant: 'all', ...sums }));
        const sum = isZero ? paint(output, 'green', 'zero') : paint(output, 'red', 'not zero');
        return [
          sheet(output, [...cycleLines(output, cycle, onlyCurrency(positions)), ['sum of nets', sum]]),
          table(output, positionColumns(output, nameOf), [...positions, ...all], 'No payment succeeded in this cycle.'),
          table<FileEntry>(
            output,
            [
              { head: 'file of', value: ({ participant }) => participant },
              { head: 'bytes', align: 'right', value: ({ bytes }) => count(bytes) },
              { head: 'sha-256', value: ({ hash }) => hash },
            ],
            files,
            'The files are written when the cycle is netted.',
          ),
        ].join('\n');
      });
    });
}
