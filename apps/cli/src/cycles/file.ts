import { writeFile } from 'node:fs/promises';
import { readReconciliationFile } from '@clearway/contract';
import type { Command } from 'commander';
import { participantCode, serial } from '../arguments.ts';
import { CommandError, type Given } from '../given.ts';
import { count } from '../output/words.ts';

export function cycleFile(noun: Command, given: Given): void {
  noun
    .command('file')
    .argument('<cycle>', 'serial number', serial)
    .argument('<participant>', 'code', participantCode)
    .description("a participant's reconciliation file, as it was handed out; with --json, read into its parts")
    .option('--output <path>', 'write it there')
    .action(async (cycle: number, participant: string, { output: path }: { output?: string }) => {
      const { records } = (await given.read()).store;
      const file = await records.file(cycle, participant);
      if (file === undefined) {
        throw new CommandError(`There is no file of ${participant} for cycle ${cycle}: files are written at netting.`);
      }
      const read = readReconciliationFile(file.bytes);
      if (path !== undefined) await writeFile(path, file.bytes, { mode: 0o600 });
      given.answer(read, () =>
        path === undefined
          ? Buffer.from(file.bytes).toString('utf8')
          : `${path}: ${count(read.lines.length)} payments, ${count(file.bytes.length)} bytes, sha-256 ${file.hash}\n`,
      );
    });
}
