import type { PaymentRecord } from '@clearway/store';
import type { Command } from 'commander';
import { identifier } from '../arguments.ts';
import type { Given } from '../given.ts';
import { sheet } from '../output/table.ts';
import { money, time } from '../output/words.ts';
import { coverageView, coverageWords, findCoverage } from './coverage.ts';
import { findPayment } from './find.ts';
import { paymentView, stateWords } from './payment-view.ts';
import { bodyReader } from './stages.ts';

export function showPayment(noun: Command, given: Given): void {
  noun
    .command('show')
    .argument('<paymentId>', 'the 31 digits', identifier)
    .description('one payment as records or archive have it, and how it is signed')
    .action(async (paymentId: string) => {
      const record = await findPayment(given, paymentId);
      const opened = await given.readCellOf(paymentId);
      const { journal } = opened.store;
      const readBody = bodyReader(opened, given.crypto);
      const { requestSequence, requestIndex, answerSequence, answerIndex } = record;
      const coverageOf = (sequence: number, index: number) =>
        sequence === 0 ? undefined : findCoverage(journal, readBody, { sequence, index }, given.signal);
      const request = await coverageOf(requestSequence, requestIndex);
      const answer = await coverageOf(answerSequence, answerIndex);
      const coverage = { request: coverageView(request), answer: coverageView(answer) };
      given.answer({ ...paymentView(record), coverage }, (output) =>
        sheet(output, [
          ...paymentLines(record),
          ['request signed', request && coverageWords(request)],
          ['answer signed', answer && coverageWords(answer)],
        ]),
      );
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
