import { readReconciliationFile } from '@clearway/contract';
import { saveFile } from '@clearway/sdk/node';
import type { FileRecord, Records } from '@clearway/store';
import type { Command } from 'commander';
import { participantCode, serial } from '../arguments.ts';
import { CommandError, type Given } from '../given.ts';
import { count } from '../output/words.ts';

/** What is printed, or read into one object. */
const mostAtOnce = 64 * 2 ** 20;

export function cycleFile(noun: Command, given: Given): void {
  noun
    .command('file')
    .argument('<cycle>', 'serial number', serial)
    .argument('<participant>', 'code', participantCode)
    .description("a participant's reconciliation file, as it was handed out; with --json, read into its lines")
    .option('--output <path>', 'save it there, of whatever length; goes on where it was stopped')
    .action(async (cycle: number, participant: string, { output: path }: { output?: string }) => {
      const { records } = (await given.read()).store;
      const file = await records.file(cycle, participant);
      if (file === undefined) {
        throw new CommandError(`There is no file of ${participant} for cycle ${cycle}: files are written at netting.`);
      }
      if (path === undefined) return print(given, records, file);
      const manifest = { ...file, parts: await records.fileParts(cycle, participant) };
      const progress = given.progress(`saving ${path}`, 'bytes');
      try {
        await saveFile({
          manifest,
          part: (part) => contentOf(records, file, part),
          path,
          signal: given.signal,
          onProgress: (bytes) => progress.update(bytes, file.bytes),
        });
      } finally {
        progress.end();
      }
      const { payments, bytes, hash, parts } = file;
      given.answer(
        { path, cycle, participant, payments, bytes, hash, parts },
        () => `${path}: ${count(payments)} payments, ${count(bytes)} bytes, sha-256 ${hash}\n`,
      );
    });
}

async function print(given: Given, records: Records, file: FileRecord): Promise<void> {
  if (file.bytes > mostAtOnce) {
    throw new CommandError(`The file has ${count(file.bytes)} bytes: give --output <path> to save it.`);
  }
  const parts: Uint8Array[] = [];
  for (let part = 1; part <= file.parts; part++) parts.push(await contentOf(records, file, part));
  const bytes = Buffer.concat(parts);
  given.answer(readReconciliationFile(bytes), () => bytes.toString('utf8'));
}

async function contentOf(records: Records, { cycle, participant }: FileRecord, part: number): Promise<Uint8Array> {
  const content = await records.filePart(cycle, participant, part);
  if (content === undefined) throw new CommandError(`Part ${part} of the file is missing: run clearway verify.`);
  return content;
}
