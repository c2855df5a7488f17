import { formatDate, formatTime } from '@clearway/contract';
import type { Command } from 'commander';
import { identifier } from '../arguments.ts';
import { CommandError, type Given } from '../given.ts';
import { sheet } from '../output/table.ts';
import { date, money, moneyOf, time } from '../output/words.ts';

export function showAgreement(noun: Command, given: Given): void {
  noun
    .command('show')
    .argument('<agreementId>', 'the 31 digits', identifier)
    .description('one agreement as the records have it')
    .action(async (agreementId: string) => {
      const { store } = await given.read();
      const record = await store.records.agreement(agreementId);
      if (record === undefined) throw new CommandError(`There is no agreement ${agreementId} in the records.`);
      const { paymentLimit, currency, expiresOn, changedAt, ...rest } = record;
      const view = {
        ...rest,
        paymentLimit: moneyOf(paymentLimit, currency),
        expiresOn: formatDate(expiresOn),
        changedAt: formatTime(changedAt),
      };
      given.answer(view, (output) =>
        sheet(output, [
          ['agreement', agreementId],
          ['state', record.reason === 'none' ? record.state : `${record.state} (${record.reason})`],
          ['institution', record.institution],
          ['bank', record.bank],
          ['limit a payment', money(paymentLimit, currency)],
          ['expires on', date(expiresOn)],
          ['last change', `${time(changedAt)}, batch ${record.sequence}`],
        ]),
      );
    });
}
