import type { SchemeDocument } from '@clearway/server';
import { type Command, Option } from 'commander';
import { serial } from '../arguments.ts';
import type { Given } from '../given.ts';
import { sheet } from '../output/table.ts';
import { duration, money } from '../output/words.ts';
import { type Adopted, readAdopted, readDocument } from './adopted.ts';

const kinds = ['scheme', 'participants'] as const;

export function showConfiguration(noun: Command, given: Given): void {
  noun
    .command('show')
    .description('the configuration in force, or an older version of one document')
    .addOption(new Option('--kind <kind>', 'one document only').choices(kinds))
    .option('--at-version <n>', 'this version, with --kind', serial)
    .action(async ({ kind, atVersion }: { kind?: (typeof kinds)[number]; atVersion?: number }) => {
      const { store } = await given.read();
      if (kind !== undefined && atVersion !== undefined) {
        const document = await readDocument(store, kind, atVersion);
        given.answer(document, () => `${JSON.stringify(document, undefined, 2)}\n`);
        return;
      }
      const adopted = await readAdopted(store);
      if (kind !== undefined) given.answer(adopted[kind], () => `${JSON.stringify(adopted[kind], undefined, 2)}\n`);
      else
        given.answer(adopted, (output) =>
          sheet(output, [...schemeLines(adopted.scheme), ...participantLines(adopted)]),
        );
    });
}

type Line = readonly [name: string, value: string];

function schemeLines(scheme: SchemeDocument): Line[] {
  const largest = scheme.currencies.map((currency) => money(BigInt(scheme.maximumAmount), currency)).join(', ');
  return [
    ['scheme', `${scheme.schemeId}, ${scheme.environment}, version ${scheme.version}`],
    ['largest payment', largest],
    ['a bank has to answer', duration(scheme.offerTimeoutMs)],
    ['a request may run', duration(scheme.longestExpiryMs)],
    [
      'enquiries',
      `after ${duration(scheme.enquiryBackoffMs)}, doubling up to ${duration(scheme.enquiryBackoffLargestMs)}`,
    ],
    ['reversed after', duration(scheme.reversalAfterMs)],
    ['work item after', duration(scheme.workItemAfterMs)],
    ['signing within', duration(scheme.signingTimeoutMs)],
    [
      'routing',
      scheme.routing.map(({ centre, cell, weight }) => `centre ${centre} cell ${cell} weight ${weight}`).join(', '),
    ],
    ['business day in', scheme.timeZone],
  ];
}

function participantLines({ participants: { version, participants } }: Adopted): Line[] {
  const suspended = participants.filter(({ status }) => status === 'suspended').length;
  const banks = participants.filter(({ role }) => role === 'bank').length;
  const institutions = participants.length - banks;
  return [
    [
      'participants',
      `${institutions} payment institutions, ${banks} banks, ${suspended} suspended, version ${version}`,
    ],
  ];
}
