import type { Evidence, VerifyingKey } from '@clearway/contract';
import { type EvidenceSource, gatherEvidence } from '@clearway/server';
import type { Command } from 'commander';
import { identifier, serial } from '../arguments.ts';
import { readAdopted } from '../config/adopted.ts';
import { CommandError, type Given } from '../given.ts';
import { findPayment } from '../payments/find.ts';
import { bodyReader } from '../payments/stages.ts';
import { verifyEvidenceCommand } from './verify.ts';

interface Options {
  readonly to?: number;
  readonly withBatches?: boolean;
}

/** `clearway evidence PAYMENT`, and below it `clearway evidence verify FILE`. */
export function evidenceCommand(program: Command, given: Given): void {
  const noun = program
    .command('evidence')
    .argument('<paymentId>', 'the 31 digits', identifier)
    .description('everything that proves one payment without the platform, as a file')
    .option('--to <batch>', 'journal headers up to this batch; otherwise up to that of the answer', serial)
    .option('--with-batches', 'also all that was decided in its batches, which names other payments')
    .action(async (paymentId: string, options: Options) => {
      const evidence = await makeEvidence(given, paymentId, options);
      given.answer(evidence, () => `${JSON.stringify(evidence, undefined, 2)}\n`);
    });
  verifyEvidenceCommand(noun, given);
}

async function makeEvidence(given: Given, paymentId: string, { to, withBatches }: Options): Promise<Evidence> {
  const opened = await given.readCellOf(paymentId);
  if (!opened.opensBodies) {
    throw new CommandError('Evidence holds the signed messages, and this user does not hold the body keys.');
  }
  const record = await findPayment(given, paymentId);
  const { scheme, participants } = await readAdopted(opened.store);
  const keysOf = (code: string): readonly VerifyingKey[] =>
    participants.participants.find((participant) => participant.code === code)?.keys ?? [];
  const { crypto, signal, clock } = given;
  const { place } = opened;
  const { journal } = opened.store;
  const read = bodyReader(opened, crypto);
  const body: EvidenceSource['body'] = async (batch, index) => (await read(batch, index))!;
  const source = { journal, place, crypto, scheme, keysOf, body, signal };
  return gatherEvidence(source, record, { madeAt: clock.now(), anchor: to, showsFacts: withBatches === true });
}
