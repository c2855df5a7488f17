import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeCutOffCycle } from '@clearway/core';
import { memoryArchive, memoryArchiveDisk, memoryDisk, type PaymentRecord } from '@clearway/store';
import { copyEndToEndId } from './copy-end-to-end-id.ts';
import { writeReconciliation } from './reconciliation.ts';
import { writeReconciliationFrom } from './reconciliation-from-archive.ts';

import { type Payment, payment, scheme, start, until } from './test-bed.ts';

const archiveOn = (disk = memoryArchiveDisk()) => memoryArchive({ copyReference: copyEndToEndId, disk });

/** One of every end, and one without. */
async function live(disk = memoryDisk(), archive = archiveOn()) {
  let answered = 0;
  const answers = ['succeeded', 'failed', 'succeeded', 'silent'] as const;
  const world = await start(({ kind }) => (kind === 'offer' ? answers[answered++ % 4] : 'silent'), {
    disk,
    archive,
    snapshotEvery: 4,
  });
  await world.fund(1, 50_000);
  const paid: Payment[] = [];
  for (let i = 0; i < 4; i++) paid.push(payment('payout', 100 + i));
  paid.push(payment('payout', 100, { bank: 999 }), payment('payout', 99_999_999));
  for (const one of paid) await world.pay(one);
  await world.cell.recordsWritten();
  return { ...world, archive, paid };
}

/** Rows forget a bank that there is not, the archive keeps what was asked for. */
const asRow = (record: PaymentRecord | undefined) =>
  record?.reason === 'participantUnknown' ? { ...record, instructedAgent: '00000' } : record;

test('archive and rows tell the same of every payment', async () => {
  const { cell, store, archive, paid } = await live();
  const states = new Set<string>();
  for (const { paymentId } of paid) {
    const row = await store.records.payment(paymentId);
    assert.ok(row);
    assert.deepEqual(asRow(await archive.payment(paymentId)), row);
    assert.deepEqual((await archive.byReference(101, row.endToEndId, 10)).map(asRow), [row]);
    states.add(row.state);
  }
  assert.deepEqual([...states].sort(), ['failed', 'refused', 'succeeded', 'unknown']);
  await cell.stop();
});

test('a reconciliation file is the same from archive and rows', async () => {
  const { cell, store, archive } = await live();
  await cell.command(encodeCutOffCycle(1));
  await cell.recordsWritten();
  for (const participant of [101, 201]) {
    const cycle = (await store.records.cycle(1))!;
    const contents = { archive: '', rows: '' };
    const wish = { scheme, cycle, participant };
    const written = await writeReconciliationFrom([archive], wish, async ({ content }) => {
      contents.archive += Buffer.from(content).toString();
    });
    const wanted = await writeReconciliation(store.records, wish, async ({ content }) => {
      contents.rows += Buffer.from(content).toString();
    });
    assert.equal(contents.archive, contents.rows);
    assert.deepEqual(written, wanted);
    assert.equal(written.payments, 2);
  }
  await cell.stop();
});

test('an archive that was lost is made again from the journal before the cell serves', async () => {
  const disk = memoryDisk();
  const { cell, paid, store } = await live(disk);
  await until('a snapshot', () => disk.sealed.size > 0);
  await cell.stop();
  const archive = archiveOn();
  const again = await start(() => 'silent', { disk, archive });
  for (const { paymentId } of paid) {
    assert.deepEqual(asRow(await archive.payment(paymentId)), await store.records.payment(paymentId));
  }
  const more = payment('payout', 7);
  await again.pay(more);
  assert.equal((await archive.payment(more.paymentId))?.amount, 7n);
  assert.deepEqual(again.halts, []);
  await again.cell.stop();
});

test('an archive that is behind is fed with the rest when the cell starts', async () => {
  const disk = memoryDisk();
  const behind = memoryArchiveDisk();
  const first = await start(() => 'succeeded', { disk, archive: archiveOn(behind) });
  await first.fund(1, 5_000);
  await first.cell.stop();
  const second = await start(() => 'succeeded', { disk });
  const one = payment('payout', 5);
  await second.pay(one);
  await second.cell.stop();
  const archive = archiveOn(behind);
  const third = await start(() => 'succeeded', { disk, archive });
  assert.equal((await archive.payment(one.paymentId))?.state, 'succeeded');
  await third.cell.stop();
});
