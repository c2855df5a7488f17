import type { PaymentRecord } from '@clearway/store';
import type { Command } from 'commander';
import { identifier } from '../arguments.ts';
import type { Given } from '../given.ts';
import { sheet } from '../output/table.ts';
import { money, time } from '../output/words.ts';
import { findPayment } from './find.ts';
import { paymentView, stateWords } from './payment-view.ts';

export function showPayment(noun: Command, given: Given): void {
  noun
    .command('show')
    .argument('<paymentId>', 'the 31 digits', identifier)
    .description('one payment as the records have it')
    .action(async (paymentId: string) => {
      const record = await findPayment(given, paymentId);
      given.answer(paymentView(record), (output) => sheet(output, paymentLines(record)));
    });
}

function paymentLines(record: PaymentRecord): [string, string | undefined][] {
  return [
    ['payment', record.paymentId],
    ['kind', record.kind],
    ['state', stateWords(record)],
    ['amount', money(record.amount, record.currency)],
    ['instructing agent', record.instructingAgent],
    ['instructed agent', record.instructedAgent],
    ['end-to-end id', record.endToEndId],
    [record.kind === 'refund' ? 'original payment' : 'agreement', record.reference ?? undefined],
    ['cycle', record.cycle === 0 ? undefined : String(record.cycle)],
    ['received', time(record.receivedAt)],
    ['submitted', time(record.submittedAt)],
    ['last change', time(record.changedAt)],
    ['request', `batch ${record.requestSequence}, command ${record.requestIndex}`],
    [
      'answer',
      record.answerSequence === 0 ? undefined : `batch ${record.answerSequence}, command ${record.answerIndex}`,
    ],
    ['content hash', `${record.hash}…`],
  ];
}
