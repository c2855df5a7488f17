import {
  checkEvidence,
  type Evidence,
  type EvidenceStep,
  evidenceSteps,
  formatTime,
  type Trust,
  verifyEvidence,
  type WireKey,
} from '@clearway/contract';
import type { Command } from 'commander';
import { anchor } from '../arguments.ts';
import { CommandError, type Given } from '../given.ts';
import { sheet, table } from '../output/table.ts';
import { type Colour, paint, type Terminal } from '../output/terminal.ts';

interface Options {
  readonly keys?: string;
  readonly anchor?: Trust['anchor'];
}

/** Needs neither platform nor database: the file, and what the verifier knows from elsewhere. */
export function verifyEvidenceCommand(noun: Command, given: Given): void {
  noun
    .command('verify')
    .argument('<file>', 'as clearway evidence made it')
    .description('check evidence of a payment, without platform or database')
    .option('--keys <file>', 'directory or participants document to take the public keys from')
    .option('--anchor <batch:hash>', 'hash of a batch, as known from elsewhere', anchor)
    .action(async (file: string, options: Options) => {
      const checked = checkEvidence(await readJson(given, file));
      if (!checked.ok) throw new CommandError(`${file} is not evidence: ${checked.path} ${checked.message}.`);
      const evidence = checked.value;
      const keysOf = options.keys === undefined ? undefined : keysIn(options.keys, await readJson(given, options.keys));
      const verdict = await verifyEvidence(given.crypto, evidence, { keysOf, anchor: options.anchor });
      if (!verdict.holds) given.answerNo();
      given.answer({ paymentId: evidence.paymentId, ...verdict }, (output) =>
        verdictText(output, evidence, verdict.steps, verdict.holds),
      );
    });
}

async function readJson({ readFile }: Given, path: string): Promise<unknown> {
  let text: string;
  try {
    text = Buffer.from(await readFile(path)).toString('utf8');
  } catch (error) {
    throw new CommandError(`${path} cannot be read: ${(error as Error).message}`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new CommandError(`${path} is not JSON.`);
  }
}

/** A directory tells the end of a key in words, a participants document in ms. */
interface KeyFile {
  readonly participants: readonly {
    readonly code: string;
    readonly keys: readonly (Omit<WireKey, 'endedAt'> & { readonly endedAt?: string | number })[];
  }[];
}

function keysIn(path: string, content: unknown): (participant: string) => WireKey[] {
  const { participants } = content as Partial<KeyFile>;
  if (!Array.isArray(participants) || !participants.every((one) => Array.isArray(one?.keys))) {
    throw new CommandError(`${path} holds no participants with their keys.`);
  }
  return (code) =>
    ((participants as KeyFile['participants']).find((one) => one.code === code)?.keys ?? []).map(
      ({ endedAt, ...key }) => ({
        ...key,
        ...(endedAt !== undefined && { endedAt: typeof endedAt === 'number' ? formatTime(endedAt) : endedAt }),
      }),
    );
}

const words: Record<EvidenceStep['result'], readonly [word: string, colour: Colour]> = {
  holds: ['holds', 'green'],
  broken: ['broken', 'red'],
  notShown: ['not shown', 'yellow'],
};

function verdictText(
  output: Terminal,
  { paymentId, madeAt }: Evidence,
  steps: readonly EvidenceStep[],
  holds: boolean,
): string {
  const painted = ({ result }: EvidenceStep) => paint(output, words[result][1], words[result][0]);
  const verdict = holds
    ? paint(output, 'green', 'holds: nothing of what is shown is broken')
    : paint(output, 'red', 'broken: this evidence proves nothing');
  return [
    table(
      output,
      [
        { head: 'looked at', value: ({ step }) => evidenceSteps[step] },
        { head: 'result', value: painted },
        { head: 'because', value: ({ detail }) => detail },
      ],
      steps,
      '',
    ),
    sheet(output, [
      ['payment', paymentId],
      ['made', madeAt],
      ['verdict', verdict],
    ]),
  ].join('\n');
}
