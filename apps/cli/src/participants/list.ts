import type { Command } from 'commander';
import { readAdopted } from '../config/adopted.ts';
import type { Given } from '../given.ts';
import { table } from '../output/table.ts';
import { paint } from '../output/terminal.ts';
import { caps, type Participant, validKeys } from './words.ts';

export function listParticipants(noun: Command, given: Given): void {
  noun
    .command('list')
    .description('all participants as adopted')
    .action(async () => {
      const { store } = await given.read();
      const { participants } = (await readAdopted(store)).participants;
      given.answer(participants, (output) =>
        table<Participant>(
          output,
          [
            { head: 'code', value: ({ code }) => code },
            { head: 'name', value: ({ name }) => name },
            { head: 'role', value: ({ role }) => (role === 'bank' ? 'bank' : 'payment institution') },
            { head: 'status', value: ({ status }) => paint(output, status === 'active' ? 'green' : 'red', status) },
            { head: 'net debit cap', align: 'right', value: caps },
            { head: 'keys', value: validKeys },
            { head: 'endpoint', value: ({ endpoint }) => endpoint },
          ],
          participants,
          'There are no participants.',
        ),
      );
    });
}
