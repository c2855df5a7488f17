import type { Command } from 'commander';
import { identifier } from '../arguments.ts';
import { readAdopted } from '../config/adopted.ts';
import type { Given } from '../given.ts';
import { table } from '../output/table.ts';
import { paint } from '../output/terminal.ts';
import { count, money, time } from '../output/words.ts';
import { findCoverage } from './coverage.ts';
import { findPayment } from './find.ts';
import { paymentView, stateWords } from './payment-view.ts';
import { bodyReader, stageView, traceStages } from './stages.ts';

export function tracePayment(noun: Command, given: Given): void {
  noun
    .command('trace')
    .argument('<paymentId>', 'the 31 digits', identifier)
    .description('the way of one payment: the time of each stage, and who was waited for')
    .action(async (paymentId: string) => {
      const opened = await given.readCellOf(paymentId);
      const record = await findPayment(given, paymentId);
      const { scheme } = await readAdopted(opened.store);
      const progress = given.progress('Reading the journal', 'batches');
      const { crypto, signal } = given;
      const readBody = bodyReader(opened, crypto);
      const of = record.sequence - record.requestSequence;
      const onBatch = (sequence: number) => progress.update(sequence - record.requestSequence, of);
      const stages = await traceStages(opened.store, record, scheme, {
        readBody,
        signal,
        onBatch,
      });
      progress.end();
      const { requestSequence: sequence, requestIndex: index } = record;
      const coverage = await findCoverage(opened.store.journal, readBody, { sequence, index }, signal);
      if (coverage?.checkpoint !== undefined) {
        const { signer: waitedFor, checkpoint } = coverage;
        stages.push({ stage: 'request covered', at: checkpoint.at, waitedFor, sequence: checkpoint.sequence });
        stages.sort((a, b) => a.at - b.at);
      }
      given.answer({ payment: paymentView(record), stages: stages.map(stageView) }, (output) => {
        const rows = stages.map((stage, index) => ({
          ...stage,
          afterMs: index === 0 ? 0 : stage.at - stages[index - 1].at,
        }));
        const title = `${paymentId}  ${stateWords(record)}  ${money(record.amount, record.currency)}  ${record.kind}`;
        return [
          `${paint(output, 'bold', title)}\n`,
          table(
            output,
            [
              { head: 'stage', value: ({ stage }) => stage },
              { head: 'at', value: ({ at }) => time(at) },
              { head: 'after', align: 'right', value: ({ afterMs }) => `${count(afterMs)} ms` },
              { head: 'waited for', value: ({ waitedFor }) => waitedFor },
              {
                head: 'batch',
                align: 'right',
                value: ({ sequence }) => (sequence === undefined ? '–' : String(sequence)),
              },
              { head: 'by the clock of', value: ({ clock }) => clock ?? 'cell' },
            ],
            rows,
            'Nothing of its way is known.',
          ),
        ].join('\n');
      });
    });
}
