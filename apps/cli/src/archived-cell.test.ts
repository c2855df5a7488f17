import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { realChance, realClock, realCrypto } from '@clearway/ports/real';
import { copyEndToEndId } from '@clearway/server';
import {
  type ArchiveReader,
  memoryDisk,
  memoryStore,
  openArchive,
  type PaymentRecord,
  readArchive,
} from '@clearway/store';
import { exitCodes, type Surroundings } from './given.ts';
import { banks, institutions, place, recordCell } from './testing/recorded-cell.ts';
import { runLine } from './testing/run-line.ts';
import { verifyJournal } from './verify/verify-journal.ts';

const ports = { clock: realClock, crypto: realCrypto, chance: realChance };
const directory = await mkdtemp(join(tmpdir(), 'clearway-archived-'));
after(() => rm(directory, { recursive: true, force: true }));

/** Two payments over the stream, covered, and one over HTTP, in a cell with an archive on disk; their cycle is settled. */
const disk = memoryDisk();
const store = memoryStore({ crypto: realCrypto, chance: realChance, disk });
const archive = await openArchive({
  directory,
  chance: realChance,
  copyReference: copyEndToEndId,
  failed(error) {
    throw error;
  },
  log() {},
});
const played = await recordCell(store, ports, { archive });
const link = await played.link();
const streamed = Array.from({ length: 2 }, (_, index) => ({
  paymentId: played.nextId(institutions[0]),
  bank: banks[1],
  amount: 1000 + index,
  endToEndId: `order-${index}`,
  expiresAt: realClock.now() + 4000,
}));
link.send(streamed);
await played.until(() => streamed.every(({ paymentId }) => link.outcomes(paymentId).length > 0));
for (const signer of [institutions[0], banks[1]]) {
  await link.checkpoint(signer);
  await played.until(() => link.covered(signer) === link.sent(signer));
}
const overHttp = await played.pay({
  kind: 'payout',
  institution: institutions[1],
  bank: banks[0],
  amount: 4200,
  endToEndId: 'over HTTP',
});
await played.settle();
await archive.kept(played.cell.state.sequence);
const filesBefore = await readdir(directory);
const beside = (await readArchive(directory))!;
const foundBeside = await beside.payment(streamed[0].paymentId);
await beside.close();
const filesAfter = await readdir(directory);
await played.stop();

const reader = (await readArchive(directory))!;
after(() => reader.close());

const clearway = (line: string, given: Partial<Surroundings> = {}) =>
  runLine(line, {
    openStore: async () => ({
      store: memoryStore({ crypto: realCrypto, chance: realChance, disk }),
      archive: { ...reader, async close() {} },
      place,
      opensBodies: true,
    }),
    ...given,
  });

const [one, other] = streamed.map(({ paymentId }) => paymentId);

test('an archive is read beside the cell that writes it, and left as it is', () => {
  assert.equal(foundBeside?.state, 'succeeded');
  assert.equal(foundBeside?.endToEndId, 'order-0');
  assert.deepEqual(filesAfter, filesBefore);
});

test('where there is no archive, there is none to read', async () => {
  assert.equal(await readArchive(join(directory, 'nothing')), undefined);
});

describe('verification with an archive', () => {
  const verify = (given: ArchiveReader | undefined) =>
    verifyJournal(store, { place, crypto: realCrypto, clock: realClock, archive: given });
  /** The archive, had somebody changed this payment in it. */
  const changed = (change: (record: PaymentRecord) => PaymentRecord | undefined): ArchiveReader => ({
    ...reader,
    async payment(paymentId) {
      const record = await reader.payment(paymentId);
      return record?.paymentId === one ? change(record) : record;
    },
  });

  test('holds payments of both rails against it, and makes the files from it', async () => {
    const report = await verify(reader);
    assert.deepEqual(report.breaches, []);
    assert.equal(report.payments, 3);
    assert.equal(report.files, institutions.length + banks.length);
    assert.deepEqual(report.uncovered, { messages: 0 });
    assert.equal(disk.records.payments.size, 1, 'only what came over HTTP is a row');
  });

  const cases: readonly {
    readonly name: string;
    readonly archive: ArchiveReader;
    readonly what: RegExp;
  }[] = [
    {
      name: 'an amount in the archive',
      archive: changed((record) => ({ ...record, amount: record.amount + 1n })),
      what: /^its amount differs: the archive says 1001, the journal 1000$/,
    },
    {
      name: 'a payment that the archive lacks',
      archive: changed(() => undefined),
      what: /^is missing from the archive$/,
    },
  ];
  for (const { name, archive, what } of cases) {
    test(`finds ${name}`, async () => {
      const { breaches } = await verify(archive);
      assert.ok(
        breaches.some((breach) => breach.check === 'records' && breach.subject === one && what.test(breach.what)),
        JSON.stringify(breaches),
      );
    });
  }

  test('without it says what is not checked', async () => {
    const { breaches, notChecked } = await verify(undefined);
    assert.deepEqual(breaches, []);
    assert.match(notChecked.join(), /Records of 2 payments over the stream/);
    assert.match(notChecked.join(), /Files of 1 cycles/);
  });

  test('says what the archive does not have yet', async () => {
    const early = { ...reader, cursor: foundBeside!.sequence };
    const { breaches, notChecked } = await verify(early);
    assert.deepEqual(breaches, []);
    assert.match(notChecked.join(), /Payments of batches after [0-9]+ in the archive: they are not kept yet/);
    assert.match(notChecked.join(), /Files of cycle 1: the archive has not kept its payments yet/);
  });
});

describe('payments of a cell with an archive', () => {
  test('are found by reference, without the cell', async () => {
    const { output, exitCode } = await clearway('payments find --participant 101 --reference order-1 --json');
    assert.equal(exitCode, exitCodes.done);
    assert.deepEqual(
      JSON.parse(output).map(({ paymentId }: { paymentId: string }) => paymentId),
      [other],
    );
  });

  test('are found by participant and state', async () => {
    const { output } = await clearway('payments list --participant 202 --state succeeded --json');
    assert.deepEqual(
      JSON.parse(output).map(({ paymentId }: { paymentId: string }) => paymentId),
      [other, one],
    );
  });

  test('of no participant in particular are those of either rail, page by page', async () => {
    const list = async (more: string) => {
      const { output } = await clearway(`payments list --json ${more}`);
      return JSON.parse(output).map(({ paymentId }: { paymentId: string }) => paymentId);
    };
    assert.deepEqual(await list('--limit 9'), [overHttp.paymentId, other, one]);
    assert.deepEqual(await list('--limit 1'), [overHttp.paymentId]);
    assert.deepEqual(await list(`--limit 9 --after ${overHttp.paymentId}`), [other, one]);
  });

  test('by reference alone are those over HTTP, and that is said', async () => {
    const { output, errors } = await clearway('payments find --reference order-1 --json');
    assert.deepEqual(JSON.parse(output), []);
    assert.match(errors, /Only what came over HTTP/);
  });

  test('are shown with the checkpoints that sign them', async () => {
    const { output } = await clearway(`payments show ${one}`);
    assert.match(output, /end-to-end id +order-0/);
    assert.match(output, /request signed +message 0 of stream [0-9]+ of 00101, by the checkpoint over 0 to 1 in batch/);
    assert.match(output, /answer signed +message 0 of stream [0-9]+ of 00202, by the checkpoint over 0 to 1 in batch/);
    const { coverage } = JSON.parse((await clearway(`payments show ${one} --json`)).output);
    assert.deepEqual([coverage.request.position, coverage.request.checkpoint.to], [0, 2]);
  });

  test('that are signed on their own say nothing of checkpoints', async () => {
    const { output } = await clearway(`payments show ${overHttp.paymentId} --json`);
    assert.deepEqual(JSON.parse(output).coverage, { request: null, answer: null });
  });

  test('are traced up to their checkpoint', async () => {
    const { stages } = JSON.parse((await clearway(`payments trace ${one} --json`)).output);
    const names = stages.map(({ stage }: { stage: string }) => stage);
    assert.deepEqual(names.slice(0, 3), ['received', 'validated', 'offered']);
    assert.ok(names.includes('request covered'));
    assert.ok(names.indexOf('request covered') < names.indexOf('cycle 1 cut off'));
  });

  test('are asked of the cell first, which knows more than its files', async () => {
    const asked: unknown[] = [];
    const cell = {
      searchPayments: async (query: unknown) => {
        asked.push(query);
        return [];
      },
      close() {},
    };
    const openOperator = async () => cell as unknown as Awaited<ReturnType<Surroundings['openOperator']>>;
    await clearway('payments find --participant 101 --reference order-1', { openOperator });
    assert.deepEqual(asked, [{ participant: '00101', endToEndId: 'order-1', limit: 20 }]);
  });

  test('and their messages are described with what is personal masked', async () => {
    const { requestSequence } = foundBeside!;
    const { output } = await clearway(`journal describe ${requestSequence} --json`);
    const [{ suite, message }] = JSON.parse(output).commands;
    assert.equal(suite, 'checkpoint');
    assert.deepEqual([message.paymentId, message.position, message.endToEndId], [one, 0, 'order-0']);
    assert.match(message.sealed, /^\[16 bytes, sha-256 [0-9a-f]{16}…\]$/);
  });
});
