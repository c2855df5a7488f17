import { paymentStates } from '@clearway/core';
import type { PaymentQuery, PaymentRecord } from '@clearway/store';
import { type Command, Option } from 'commander';
import { identifier, moment, participantCode, serial } from '../arguments.ts';
import type { Given } from '../given.ts';
import { table } from '../output/table.ts';
import { paint } from '../output/terminal.ts';
import { money, time } from '../output/words.ts';
import { searchPayments } from './find.ts';
import { paymentView, stateWords } from './payment-view.ts';

const states = Object.keys(paymentStates).filter((state) => state !== 'none');
const colours = { succeeded: 'green', failed: 'red', refused: 'red', unknown: 'yellow', reversing: 'yellow' } as const;

export function listPayments(noun: Command, given: Given): void {
  noun
    .command('list')
    .alias('find')
    .description('payments of either rail, newest first')
    .option('--participant <code>', 'on either side', participantCode)
    .addOption(new Option('--state <state>', 'in this state').choices(states))
    .option('--cycle <n>', 'succeeded in this cycle', serial)
    .option('--reference <text>', "the institution's own reference")
    .option('--end-to-end-id <text>', 'the same')
    .option('--from <time>', 'submitted at or after, UTC', moment)
    .option('--to <time>', 'submitted before, UTC', moment)
    .option('--after <paymentId>', 'go on after this one of the same list', identifier)
    .option('--limit <n>', 'at most so many', serial, 20)
    .action(async ({ reference, ...asked }: PaymentQuery & { readonly reference?: string }) => {
      const query = { ...asked, ...(reference !== undefined && { endToEndId: reference }) };
      const progress = given.progress('Searching', 'payments');
      const found = await searchPayments(given, query);
      progress.end();
      given.answer(found.map(paymentView), (output) => {
        const rows = table<PaymentRecord>(
          output,
          [
            { head: 'payment', value: ({ paymentId }) => paymentId },
            { head: 'submitted', value: ({ submittedAt }) => time(submittedAt) },
            { head: 'kind', value: ({ kind }) => kind },
            { head: 'from', value: ({ instructingAgent }) => instructingAgent },
            { head: 'asked', value: ({ instructedAgent }) => instructedAgent },
            { head: 'amount', align: 'right', value: ({ amount, currency }) => money(amount, currency) },
            {
              head: 'state',
              value: (payment) => {
                const colour = colours[payment.state as keyof typeof colours];
                return colour === undefined ? stateWords(payment) : paint(output, colour, stateWords(payment));
              },
            },
            { head: 'cycle', align: 'right', value: ({ cycle }) => (cycle === 0 ? '–' : String(cycle)) },
          ],
          found,
          'No payment is like that.',
        );
        if (found.length < query.limit) return rows;
        return `${rows}\nThere may be more: --after ${found[found.length - 1].paymentId}\n`;
      });
    });
}
