import { formatTime } from '@clearway/contract';
import type { Command } from 'commander';
import { anchor } from '../arguments.ts';
import type { Given } from '../given.ts';
import { sheet, table } from '../output/table.ts';
import { paint, type Terminal } from '../output/terminal.ts';
import { count, duration, many } from '../output/words.ts';
import { type Breach, largestBreachList } from '../verify/report.ts';
import type { VerifyOptions, VerifyProgress } from '../verify/verify-journal.ts';
import { type PlatformReport, verifyPlatform } from '../verify/verify-platform.ts';

const doing: Record<VerifyProgress['stage'], readonly [doing: string, unit: string]> = {
  journal: ['Replaying the journal', 'batches'],
  records: ['Comparing the records', 'payments'],
  files: ['Comparing the files', 'files'],
};

/** `clearway verify` and `clearway journal verify` are one. */
export function verifyCommand(parent: Command, given: Given): void {
  parent
    .command('verify')
    .description(
      'replay the journal into an empty core and compare state, snapshot, records, files, answers and signatures',
    )
    .option('--no-signatures', 'leave out the end-to-end signatures, which take most of the time')
    .option(
      '--anchor <batch:hash>',
      'hash of a batch as an earlier run printed it: nothing before may have changed',
      anchor,
    )
    .action(async ({ signatures, anchor }: { signatures: boolean; anchor?: VerifyOptions['anchor'] }) => {
      const cells = await given.readCells();
      const { crypto, clock, signal } = given;
      let stage: VerifyProgress['stage'] = 'journal';
      let progress = given.progress(...doing[stage]);
      const report = await verifyPlatform(cells, {
        crypto,
        clock,
        signal,
        checksSignatures: signatures,
        ...(anchor && { anchor }),
        onProgress(now) {
          if (now.stage !== stage) {
            progress.end();
            stage = now.stage;
            progress = given.progress(...doing[stage]);
          }
          progress.update(now.done, now.of);
        },
      });
      progress.end();
      if (!report.isExact) given.answerNo();
      given.answer(report, (output) => reportText(output, report));
    });
}

function reportText(output: Terminal, report: PlatformReport): string {
  const breaches = table<Breach>(
    output,
    [
      ...(report.cells === undefined ? [] : [{ head: 'cell', value: ({ cell }: Breach) => cell ?? '–' }]),
      { head: 'batch', align: 'right', value: ({ sequence }) => (sequence === undefined ? '–' : String(sequence)) },
      { head: 'check', value: ({ check }) => paint(output, 'red', check) },
      { head: 'about', value: ({ subject }) => subject ?? '–' },
      { head: 'what is wrong', value: ({ what }) => what },
    ],
    report.breaches,
    '',
  );
  const more =
    report.breachCount > largestBreachList ? `… and ${count(report.breachCount - largestBreachList)} more\n` : '';
  const verdict = report.isExact
    ? paint(output, 'green', 'exact: everything that was checked agrees')
    : paint(output, 'red', many(report.breachCount, 'breach', 'breaches'));
  const summary = sheet(output, [
    ['verdict', verdict],
    ...report.notChecked.map((what): [string, string] => ['not checked', paint(output, 'yellow', what)]),
    ...(report.cells ?? []).map(({ cell, last }): [string, string] => [
      `cell ${cell}`,
      `${many(last.sequence, 'batch', 'batches')}, hash ${last.hash}`,
    ]),
    [
      'journal',
      report.cells
        ? many(report.commands, 'command')
        : `${many(report.last.sequence, 'batch', 'batches')}, ${many(report.commands, 'command')}`,
    ],
    [
      'last batch',
      report.cells ? undefined : `${report.last.at === 0 ? '–' : formatTime(report.last.at)}, hash ${report.last.hash}`,
    ],
    ['state hash', report.cells ? undefined : report.stateHash],
    ['payments', `${count(report.payments)}, ${many(report.agreements, 'agreement')}, ${many(report.cycles, 'cycle')}`],
    ['messages', `${count(report.messages)} opened, ${many(report.signatures, 'signature')} verified`],
    ['stream', streamText(output, report)],
    ['snapshot', report.snapshot === 0 ? 'none compared' : `of batch ${count(report.snapshot)}`],
    ['records', `written up to batch ${count(report.recordsCursor)}, ${many(report.files, 'file')} compared`],
    ['took', duration(report.elapsedMs)],
  ]);
  return report.isExact ? summary : `${breaches}${more}\n${summary}`;
}

/** How much of what came over the stream is signed by now. */
function streamText(output: Terminal, { checkpoints, uncovered: { messages, oldest }, last }: PlatformReport) {
  if (checkpoints === 0 && messages === 0) return undefined;
  const covering = many(checkpoints, 'checkpoint');
  if (oldest === undefined) return `${covering}, every message covered`;
  const { sequence, signer, at } = oldest;
  const since = `the oldest of ${signer} in batch ${count(sequence)}, ${duration(last.at - at)} before the end`;
  return `${covering}, ${paint(output, 'yellow', `${many(messages, 'message')} not covered yet`)}, ${since}`;
}
