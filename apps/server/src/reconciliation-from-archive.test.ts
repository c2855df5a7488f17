import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readReconciliationFile, type WrittenPart } from '@clearway/contract';
import {
  encodeSubmitPayment,
  identifierText,
  identifierToBytes,
  outcomes,
  type PaymentKind,
  paymentStates,
} from '@clearway/core';
import { realChance, realCrypto } from '@clearway/ports/real';
import { memoryArchive, openArchive, type PaymentArchive, type PaymentRecord } from '@clearway/store';
import { writeReconciliation } from './reconciliation.ts';
import { writeReconciliationFrom } from './reconciliation-from-archive.ts';
import { startFileMaker } from './reconciliation-worker.ts';

const at = Date.UTC(2026, 10, 22, 10);
const nameOf = (participant: number, sequence: number) => ({
  date: 20261122,
  version: 1,
  participant,
  sequence,
  centre: 1,
  cell: 1,
});

/** All succeed in cycle 3. */
const payments: [kind: PaymentKind, institution: number, bank: number, text: string][] = [
  ['payout', 102, 201, 'plain'],
  ['agreementPayment', 101, 201, 'order "1", 一'],
  ['refund', 101, 201, '信'.repeat(35)],
  ['agreementPayment', 101, 202, 'of another bank'],
  ['payout', 101, 201, 'x'.repeat(35)],
];

async function fill(archive: PaymentArchive): Promise<string[]> {
  const ids = payments.map(([, institution], index) => nameOf(institution, 100 - index));
  const facts = Buffer.concat(
    payments.map(([kind, , instructed], index) => {
      const command = encodeSubmitPayment({
        id: identifierToBytes(ids[index]),
        kind,
        suite: 1,
        keyVersion: 1,
        currency: 156,
        instructed,
        amount: 12_345 + index,
        expiresAt: at + 60_000,
        receivedAt: at,
        reference: kind === 'payout' ? undefined : identifierToBytes(nameOf(101, 7)),
        hash: new Uint8Array(32),
      });
      command[1] = outcomes.accepted;
      return command;
    }),
  );
  const { feed } = archive;
  assert.ok(feed.begin(1, at, facts, payments.length));
  for (const [index, [, , , text]] of payments.entries()) {
    const body = Buffer.from(text);
    feed.submitted(index, body, 0, body.length);
  }
  feed.end();
  assert.ok(feed.begin(2, at + 1234, new Uint8Array(0), payments.length));
  for (const [index, id] of ids.entries()) {
    feed.changed(new DataView(identifierToBytes(id).buffer), 0, paymentStates.succeeded, 0, 3, index, true);
  }
  feed.end();
  feed.publish(2);
  await archive.kept(2);
  return ids.map(identifierText);
}

function copyPlain(bodies: Uint8Array, from: number, length: number, into: Uint8Array, to: number): number {
  into.set(bodies.subarray(from, from + length), to);
  return length;
}

/** The parts of a file, put together. */
function gather() {
  const contents: Uint8Array[] = [];
  return {
    async write({ content }: WrittenPart) {
      contents.push(Uint8Array.from(content));
    },
    file: () => Buffer.concat(contents),
  };
}

const scheme = { schemeId: 'CLEARWAY', environment: 'sandbox' } as const;
const cycle = { cycle: 3, businessDate: 20261122 };

test('the file from the archive is the file from the records, for institution and bank', async () => {
  const archive = memoryArchive({ copyReference: copyPlain });
  const ids = await fill(archive);
  const records = {
    async *paymentsOfCycle(cycle: number, participant: string): AsyncIterable<PaymentRecord> {
      for (const id of [...ids].sort()) {
        const record = (await archive.payment(id))!;
        const isTheirs = record.instructingAgent === participant || record.instructedAgent === participant;
        if (isTheirs && record.cycle === cycle) yield record;
      }
    },
  };
  for (const [participant, lines] of [
    [101, 4],
    [201, 4],
    [202, 1],
    [203, 0],
  ] as const) {
    const wish = { scheme, cycle, participant };
    const made = gather();
    const written = await writeReconciliationFrom([archive], wish, made.write);
    const wanted = gather();
    assert.deepEqual(written, await writeReconciliation(records, wish, wanted.write));
    assert.equal(made.file().toString(), wanted.file().toString());
    assert.equal(written.payments, lines);
    assert.equal(readReconciliationFile(made.file()).lines.length, lines);
  }
});

test('a worker makes the same file from the files of an archive, and says when it cannot', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'clearway-files-'));
  const failed = (error: Error) => {
    throw error;
  };
  const archive = await openArchive({ directory, chance: realChance, copyReference: copyPlain, failed, log: () => {} });
  const maker = startFileMaker([directory]);
  try {
    await fill(archive);
    const wish = { scheme, cycle, participant: 201 };
    const [wanted, made, other] = [gather(), gather(), gather()];
    await writeReconciliationFrom([archive], wish, wanted.write);
    const [written] = await Promise.all([
      maker.make(wish, made.write),
      maker.make({ ...wish, participant: 203 }, other.write),
    ]);
    assert.equal(made.file().toString(), wanted.file().toString());
    assert.equal(written.hash, Buffer.from(realCrypto.sha256(made.file())).toString('hex'));
    assert.equal(readReconciliationFile(made.file()).lines.length, 4);
    assert.equal(readReconciliationFile(other.file()).lines.length, 0);

    const full = async () => {
      throw new Error('the disk is full');
    };
    await assert.rejects(maker.make(wish, full), /the disk is full/);
    const again = gather();
    await maker.make(wish, again.write);
    assert.equal(again.file().toString(), wanted.file().toString());

    await archive.close();
    await rm(directory, { recursive: true });
    await assert.rejects(maker.make(wish, gather().write), /ENOENT/);
  } finally {
    await maker.stop();
    await archive.close();
    await rm(directory, { recursive: true, force: true });
  }
});
