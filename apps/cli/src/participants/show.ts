import type { Records } from '@clearway/store';
import type { Command } from 'commander';
import { participantCode } from '../arguments.ts';
import { readAdopted } from '../config/adopted.ts';
import { CommandError, type Given } from '../given.ts';
import { sheet, table } from '../output/table.ts';
import { count, money, moneyOf, time } from '../output/words.ts';
import { caps, type Participant } from './words.ts';

const cyclesShown = 5;

export function showParticipant(noun: Command, given: Given): void {
  noun
    .command('show')
    .argument('<code>', 'code of the participant', participantCode)
    .description('one participant with its keys and last positions')
    .action(async (code: string) => {
      const { store } = await given.read();
      const { participants } = (await readAdopted(store)).participants;
      const participant = participants.find((one) => one.code === code);
      if (participant === undefined) throw new CommandError(`There is no participant ${code}.`);
      const positions = await lastPositions(store.records, code);
      const view = positions.map(({ currency, credits, debits, ...position }) => ({
        ...position,
        credits: moneyOf(credits, currency),
        debits: moneyOf(debits, currency),
        net: moneyOf(credits - debits, currency),
      }));
      given.answer({ ...participant, positions: view }, (output) =>
        [
          sheet(output, participantLines(participant)),
          table(
            output,
            [
              { head: 'cycle', align: 'right', value: ({ cycle }) => String(cycle) },
              { head: 'state', value: ({ state }) => state },
              { head: 'credits', align: 'right', value: ({ credits, currency }) => money(credits, currency) },
              { head: 'debits', align: 'right', value: ({ debits, currency }) => money(debits, currency) },
              {
                head: 'net',
                align: 'right',
                value: ({ credits, debits, currency }) => money(credits - debits, currency),
              },
              {
                head: 'payments',
                align: 'right',
                value: ({ creditCount, debitCount }) => count(creditCount + debitCount),
              },
            ],
            positions,
            'No cycle with its payments has been cut yet.',
          ),
        ].join('\n'),
      );
    });
}

function participantLines(participant: Participant): [string, string | undefined][] {
  return [
    ['code', participant.code],
    ['name', participant.name],
    ['role', participant.role === 'bank' ? 'bank' : 'payment institution'],
    ['status', participant.status],
    ['net debit cap', participant.role === 'bank' ? caps(participant) : undefined],
    ['endpoint', participant.endpoint],
    ['client certificate', participant.certificate],
    ['certified idempotent', participant.idempotent ? 'yes' : 'no'],
    ['enquiries', `${participant.enquiryBudget.perSecond} a second, ${participant.enquiryBudget.burst} at once`],
    ...participant.keys.map(({ version, suite, endedAt }): [string, string] => [
      `key ${version}`,
      endedAt === undefined ? suite : `${suite}, ended ${time(endedAt)}`,
    ]),
  ];
}

async function lastPositions(records: Records, code: string) {
  const cycles = await records.cycles(cyclesShown);
  const found = await Promise.all(
    cycles.map(async ({ cycle, state }) =>
      (await records.positions(cycle))
        .filter(({ participant }) => participant === code)
        .map(({ participant: _, ...position }) => ({ ...position, state })),
    ),
  );
  return found.flat();
}
