import { formatTime } from '@clearway/contract';
import type { WorkItemRecord } from '@clearway/store';
import type { Command } from 'commander';
import type { Given } from '../given.ts';
import { table } from '../output/table.ts';
import { paint } from '../output/terminal.ts';
import { time } from '../output/words.ts';

const kinds: Readonly<Record<string, string>> = {
  overdue: 'payment without an outcome for too long',
  contradiction: 'a bank denies what is final',
  shortfall: 'settlement waits for funds',
};

export function listWorkItems(noun: Command, given: Given): void {
  noun
    .command('list')
    .description('open work items, the most urgent first')
    .option('--closed', 'those that are closed')
    .action(async ({ closed = false }: { closed?: boolean }) => {
      const { store } = await given.read();
      const items = await store.records.workItems(!closed);
      given.answer(items.map(view), (output) =>
        table<WorkItemRecord>(
          output,
          [
            { head: 'due', value: ({ dueAt }) => time(dueAt) },
            { head: 'what', value: ({ kind }) => paint(output, closed ? 'dim' : 'yellow', kinds[kind] ?? kind) },
            { head: 'about', value: ({ kind, subject }) => (kind === 'shortfall' ? `cycle ${subject}` : subject) },
            { head: 'owner', value: ({ owner }) => owner },
            { head: 'opened', value: ({ openedAt }) => time(openedAt) },
            {
              head: 'closed',
              value: ({ closedAt, resolution }) => (closedAt === 0 ? '–' : `${time(closedAt)} ${resolution}`),
            },
          ],
          items,
          closed ? 'No work item has been closed.' : 'Nothing waits for a person.',
        ),
      );
    });
}

function view({ openedAt, dueAt, closedAt, ...rest }: WorkItemRecord) {
  return {
    ...rest,
    openedAt: formatTime(openedAt),
    dueAt: formatTime(dueAt),
    ...(closedAt !== 0 && { closedAt: formatTime(closedAt) }),
  };
}
