import { formatTime } from '@clearway/contract';
import { decodeHeader } from '@clearway/store';
import type { Command } from 'commander';
import type { Given } from '../given.ts';
import { table } from '../output/table.ts';
import { adoptions } from './adopted.ts';

interface Adoption {
  readonly at: string;
  readonly kind: string;
  readonly version: number;
  readonly sequence: number;
  readonly hash: string;
}

export function configurationHistory(noun: Command, given: Given): void {
  noun
    .command('history')
    .description('every adoption of a document, from the journal')
    .action(async () => {
      const { store } = await given.read();
      const of = await store.records.cursor();
      const progress = given.progress('Reading the journal', 'batches');
      const history: Adoption[] = [];
      for await (const { sequence, header, facts } of store.journal.read(1)) {
        given.signal.throwIfAborted();
        progress.update(sequence, of);
        for (const { kind, version, hash } of adoptions(facts)) {
          history.push({ at: formatTime(decodeHeader(header).at), kind, version, sequence, hash });
        }
      }
      progress.end();
      given.answer(history, (output) =>
        table(
          output,
          [
            { head: 'adopted', value: ({ at }) => at },
            { head: 'document', value: ({ kind }) => kind },
            { head: 'version', align: 'right', value: ({ version }) => String(version) },
            { head: 'batch', align: 'right', value: ({ sequence }) => String(sequence) },
            { head: 'sha-256', value: ({ hash }) => hash },
          ],
          history,
          'Nothing has been adopted yet.',
        ),
      );
    });
}
