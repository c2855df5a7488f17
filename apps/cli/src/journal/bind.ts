import { formatTime } from '@clearway/contract';
import type { Command } from 'commander';
import { serial } from '../arguments.ts';
import type { Given, OpenedStore } from '../given.ts';
import { sheet } from '../output/table.ts';
import { count, many } from '../output/words.ts';
import { overThrough } from './over.ts';

const dayMs = 86_400_000;

/** Copies old days of the journal into volumes; the journal stays as it is. */
export function bindJournal(noun: Command, given: Given): void {
  noun
    .command('bind')
    .description('copy days that are over into volumes, checked against the chain; nothing is removed from the journal')
    .requiredOption('--keep-days <days>', 'days that are not bound yet, counted from now', serial)
    .action(async ({ keepDays }: { keepDays: number }) => {
      const bound: Bound[] = [];
      for (const cell of await given.readCells()) bound.push(await bindCell(given, cell, keepDays));
      given.answer(bound, (output) => bound.map((one) => sheet(output, linesOf(one))).join('\n'));
    });
}

async function bindCell(given: Given, cell: OpenedStore, keepDays: number) {
  const { volumes, store, place } = cell;
  if (volumes === undefined) throw new Error('There is no place for volumes.');
  const { through, because } = await overThrough(cell, given.clock.now() - keepDays * dayMs);
  const before = await volumes.last();
  const progress = given.progress('Binding the journal', 'batches');
  let made = 0;
  let last = before;
  try {
    for await (const link of volumes.bind(store.journal, through)) {
      given.signal.throwIfAborted();
      made++;
      last = link;
      progress.update(link.sequence - before.sequence, through - before.sequence);
    }
  } finally {
    progress.end();
  }
  const anchor = { sequence: last.sequence, hash: Buffer.from(last.hash).toString('hex'), at: last.at };
  return { cell: place, volumes: made, anchor, over: { through, because } };
}

type Bound = Awaited<ReturnType<typeof bindCell>>;

function linesOf({ cell, volumes, anchor, over }: Bound): [string, string][] {
  return [
    ['cell', `${cell.centre}/${cell.cell}`],
    ['now bound', many(volumes, 'volume')],
    ['bound to', anchor.sequence === 0 ? 'nothing' : `batch ${count(anchor.sequence)}, ${formatTime(anchor.at)}`],
    ['anchor', `${anchor.sequence}:${anchor.hash}`],
    ['over to', `batch ${count(over.through)}: ${over.because}`],
  ];
}
