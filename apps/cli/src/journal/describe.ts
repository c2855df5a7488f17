import { formatTime } from '@clearway/contract';
import type { Crypto } from '@clearway/ports';
import { dayOf } from '@clearway/server';
import { type BatchHeader, decodeHeader, decryptBodies, headerHash, type JournalBatch } from '@clearway/store';
import type { Command } from 'commander';
import { serial } from '../arguments.ts';
import { CommandError, type Given, type OpenedStore } from '../given.ts';
import { sheet } from '../output/table.ts';
import { paint, type Terminal } from '../output/terminal.ts';
import { count, date, money, time } from '../output/words.ts';
import { type Fact, readFacts } from './fact.ts';
import { maskedMessage } from './masked.ts';

/** A command of a batch with the message that it was made from. */
interface Entry {
  readonly fact: Fact;
  readonly message: unknown;
}

export function describeBatch(noun: Command, given: Given): void {
  noun
    .command('describe')
    .argument('<batch>', 'its sequence', serial)
    .description('one batch: header, commands with their outcomes, and messages with personal data masked')
    .action(async (sequence: number) => {
      const opened = await given.read();
      const batch = await opened.store.journal.readOne(sequence);
      if (batch === undefined) throw new CommandError(`There is no batch ${sequence} in the journal.`);
      const header = decodeHeader(batch.header);
      const bodies = opened.opensBodies ? await openBodies(opened, batch, header, given.crypto) : undefined;
      const entries = readFacts(batch.facts).map((fact) => ({
        fact,
        message: bodies === undefined ? undefined : maskedMessage(given.crypto, fact, bodies[fact.index]),
      }));
      const head = headerView(given.crypto, batch, header);
      const view = {
        ...head,
        at: formatTime(header.at),
        commands: entries.map(({ fact, message }) => ({ ...fact, message })),
      };
      given.answer(view, (output) =>
        batchText(output, { ...head, at: formatTime(header.at) }, entries, opened.opensBodies),
      );
    });
}

function openBodies(
  { store, place }: OpenedStore,
  { sequence, bodies }: JournalBatch,
  { at }: BatchHeader,
  crypto: Crypto,
): Promise<Uint8Array[]> {
  return store.bodyKeys.key(dayOf(at)).then((key) => decryptBodies(crypto, key, { ...place, sequence }, bodies));
}

function headerView(crypto: Crypto, batch: JournalBatch, header: BatchHeader) {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  return {
    sequence: batch.sequence,
    centre: header.centre,
    cell: header.cell,
    epoch: header.epoch,
    rulesVersion: header.rulesVersion,
    hash: hex(headerHash(crypto, batch.header)),
    previousHash: hex(header.previousHash),
    factsBytes: batch.facts.length,
    bodiesBytes: batch.bodies.length,
  };
}

type Head = ReturnType<typeof headerView> & { readonly at: string };

function batchText(output: Terminal, head: Head, entries: readonly Entry[], opensBodies: boolean): string {
  const parts = [
    sheet(output, [
      ['batch', count(head.sequence)],
      ['at', head.at],
      ['cell', `centre ${head.centre}, cell ${head.cell}, epoch ${head.epoch}, rules ${head.rulesVersion}`],
      ['hash', head.hash],
      ['follows', head.previousHash],
      ['bytes', `${count(head.factsBytes)} of facts, ${count(head.bodiesBytes)} of bodies`],
      ['messages', opensBodies ? undefined : 'closed: this user does not hold the body keys'],
    ]),
    ...entries.map((entry) => entryText(output, entry)),
  ];
  return parts.join('\n');
}

function entryText(output: Terminal, { fact, message }: Entry): string {
  const { index, type, outcome, reason, ...fieldsOfFact } = fact;
  const colour = outcome === 'accepted' ? 'green' : outcome === 'refused' ? 'red' : 'yellow';
  const told = reason === 'none' ? outcome : `${outcome} (${reason})`;
  const title = `${paint(output, 'bold', `${index}  ${type}`)}  ${paint(output, colour, told)}\n`;
  const lines = Object.entries(fieldsOfFact).map(([name, value]): [string, string] => [
    `  ${name}`,
    wordsOf(name, value, fact),
  ]);
  const text = message === undefined ? '' : `${JSON.stringify(message, undefined, 2).replace(/^/gm, '    ')}\n`;
  return title + sheet(output, lines) + text;
}

const dates = new Set(['expiresOn', 'date']);
const amounts = new Set(['amount', 'paymentLimit']);

function wordsOf(name: string, value: unknown, fact: Fact): string {
  if (value === null) return '–';
  if (typeof value === 'object') return JSON.stringify(value);
  if (typeof value !== 'number') return String(value);
  if (name.endsWith('At')) return time(value);
  if (dates.has(name)) return date(value);
  if (amounts.has(name) && 'currency' in fact) return money(value, fact.currency);
  return String(value);
}
