import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeNetCycle, encodeRecordSettlement, encodeTick, findBreaches } from '@clearway/core';
import type { SubmitResult } from '@clearway/gateway';
import { memoryDisk } from '@clearway/store';
import { type Payment, payment, scheme, start, storeOn, tell, until } from './test-bed.ts';

test('a payout is answered when the bank has succeeded, and both sides are told', async () => {
  const { cell, bank, pay, fund } = await start(() => 'succeeded');
  await fund(1, 5_000);
  const one = payment('payout', 1_200);
  const result = await pay(one);
  assert.equal(result.outcome, 'accepted');
  assert.equal(result.payment?.state, 'succeeded');
  assert.equal(result.payment?.cycle, 1);
  assert.equal(Buffer.from(result.payment!.answer!).toString(), '{"signed":"succeeded"}');
  assert.deepEqual(Buffer.from(bank.of('offer')[0].message!).toString(), Buffer.from(one.body).toString());
  await until('two notices', () => bank.told('paymentNotice').length === 2);
  assert.deepEqual(
    bank
      .told('paymentNotice')
      .map(({ participant }) => participant)
      .sort(),
    ['00101', '00201'],
  );
  assert.deepEqual(findBreaches(cell.state), []);
  await cell.stop();
});

test('the same identifier and content gets the same answer, other content is refused', async () => {
  const { cell, bank, pay, fund } = await start(() => 'succeeded');
  await fund(1, 5_000);
  const one = payment('payout', 700);
  const first = await pay(one);
  const again = await pay(one);
  assert.equal(again.outcome, 'repeated');
  assert.deepEqual(again.payment, first.payment);
  const other = one.command.slice();
  other[80] ^= 1;
  const reused = await cell.submit(other, one.body);
  assert.deepEqual([reused.outcome, 'reason' in reused && reused.reason], ['refused', 'identifierReused']);
  assert.equal(bank.of('offer').length, 1);
  await cell.stop();
});

test('a silent bank makes the payment unknown, and an enquiry brings the outcome', async () => {
  let enquiries = 0;
  const { cell, pay, fund, bank } = await start(({ kind }) => {
    if (kind !== 'enquiry') return 'silent';
    return ++enquiries < 3 ? 'notKnownYet' : 'succeeded';
  });
  await fund(1, 5_000);
  const one = payment('payout', 300, { bank: 202 });
  const result = await pay(one);
  assert.equal(result.payment?.state, 'unknown');
  await until('the notices', () => bank.told('paymentNotice').length === 2);
  assert.equal((await cell.payment(one.paymentId))?.state, 'succeeded');
  assert.equal(bank.of('offer').length, 1, 'a bank that is not idempotent is asked once');
  await cell.stop();
});

test('an unknown payout stays unknown, becomes a work item, and ends only by what the bank says', async () => {
  const { cell, pay, fund, store } = await start(() => 'silent');
  await fund(1, 5_000);
  const one = payment('payout', 300);
  assert.equal((await pay(one)).payment?.state, 'unknown');
  let items: readonly unknown[] = [];
  await until('the work item', () => {
    void store.records.workItems(true).then((found) => {
      items = found;
    });
    return items.length > 0;
  });
  assert.deepEqual(
    (await store.records.workItems(true)).map(({ kind, subject }) => [kind, subject]),
    [['overdue', one.paymentId]],
  );
  assert.equal((await cell.payment(one.paymentId))?.state, 'unknown');
  await tell(cell, one, 'neverProcessed');
  const view = await cell.payment(one.paymentId);
  assert.deepEqual([view?.state, view?.reason], ['failed', 'bankNeverProcessed']);
  await cell.recordsWritten();
  assert.deepEqual(await store.records.workItems(true), []);
  await cell.stop();
});

test('answers that contradict what is final change nothing and become a work item', async () => {
  const { cell, pay, fund, store } = await start(() => 'succeeded');
  await fund(1, 5_000);
  const one = payment('payout', 300);
  await pay(one);
  const late = await tell(cell, one, 'failed');
  assert.deepEqual([late.outcome, 'reason' in late && late.reason], ['refused', 'answerContradicts']);
  assert.equal(late.payment?.state, 'succeeded');
  await cell.recordsWritten();
  assert.deepEqual(
    (await store.records.workItems(true)).map(({ kind }) => kind),
    ['contradiction'],
  );
  await cell.stop();
});

for (const snapshotEvery of [1_000_000, 3]) {
  test(`a cell that starts again on the same journal knows everything (snapshot every ${snapshotEvery} batches)`, async () => {
    const disk = memoryDisk();
    const first = await start(({ subject }) => (Number(subject.slice(14, 25)) % 2 === 0 ? 'succeeded' : 'failed'), {
      disk,
      snapshotEvery,
    });
    await first.fund(1, 100_000);
    const told: [Payment, SubmitResult][] = [];
    for (let i = 0; i < 40; i++) {
      const one = payment('payout', 10 + i);
      told.push([one, await first.pay(one)]);
    }
    await first.cell.recordsWritten();
    await first.cell.stop();

    const second = await start(() => 'silent', { disk });
    for (const [one, before] of told) {
      const again = await second.pay(one);
      assert.equal(again.outcome, 'repeated');
      assert.deepEqual(again.payment, before.payment);
    }
    assert.deepEqual(findBreaches(second.cell.state), []);
    await second.cell.stop();
  });
}

test('after a crash an open offer goes out again, marked as possible duplicate, only to an idempotent bank', async () => {
  const disk = memoryDisk();
  const first = await start(() => 'silent', { disk });
  await first.fund(1, 10_000);
  const [repeated, enquired] = [payment('payout', 100, { bank: 201 }), payment('payout', 100, { bank: 202 })];
  void first.pay(repeated);
  void first.pay(enquired);
  await until('both offers', () => first.bank.of('offer').length >= 2);
  first.crash();
  const second = await start(({ kind }) => (kind === 'enquiry' ? 'neverProcessed' : 'succeeded'), { disk });
  for (const one of [repeated, enquired]) second.bank.sent.set(one.paymentId, one);
  await until('both ended', () => second.cell.state.inFlight === 0);
  assert.deepEqual(
    second.bank.of('offer').map(({ participant, possibleDuplicate }) => [participant, possibleDuplicate]),
    [['00201', true]],
  );
  assert.equal((await second.cell.payment(repeated.paymentId))?.state, 'succeeded');
  assert.equal((await second.cell.payment(enquired.paymentId))?.state, 'failed');
  await second.cell.stop();
});

const faults = [
  { name: 'fails before it is written', fault: 'refused' },
  { name: 'is written, but its answer is lost', fault: 'answerLost' },
  { name: 'is not written, and nobody knows', fault: 'lost' },
] as const;
for (const { name, fault } of faults) {
  test(`an append that ${name} is resolved by claiming again, and nothing happens twice`, async () => {
    let armed = false;
    const disk = memoryDisk();
    const store = storeOn(disk, () => {
      if (!armed) return undefined;
      armed = false;
      return fault;
    });
    const { cell, pay, fund, bank, halts } = await start(() => 'succeeded', { disk, store });
    await fund(1, 10_000);
    armed = true;
    const one = payment('payout', 500);
    const result = await pay(one);
    assert.equal(result.payment?.state, 'succeeded');
    assert.equal(cell.statistics().epoch, 2);
    assert.equal(bank.of('offer').length, 1);
    assert.deepEqual(halts, []);
    await cell.stop();
    const second = await start(() => 'silent', { disk });
    assert.equal((await second.cell.payment(one.paymentId))?.state, 'succeeded');
    assert.deepEqual(findBreaches(second.cell.state), []);
    await second.cell.stop();
  });
}

test('a cell whose journal another has claimed halts and tells nothing more', async () => {
  const disk = memoryDisk();
  const first = await start(() => 'silent', { disk });
  await first.fund(1, 10_000);
  const second = await start(() => 'succeeded', { disk });
  const told = first.pay(payment('payout', 100)).then((result) => result.outcome);
  await until('the first one halts', () => first.halts.length > 0);
  assert.equal(first.halts[0].name, 'FencedError');
  assert.equal(
    await Promise.race([told, new Promise((resolve) => setTimeout(() => resolve('nothing told'), 50))]),
    'nothing told',
  );
  assert.equal((await second.pay(payment('payout', 100))).payment?.state, 'succeeded');
  await second.cell.stop();
});

test('a deadline and a late answer in one batch end the payment once, and the cell goes on', async () => {
  const { cell, pay, fund, bank, store } = await start(() => 'silent');
  await fund(1, 10_000);
  const one = payment('payout', 400);
  const told = pay(one);
  await until('the offer', () => bank.of('offer').length === 1);
  const dueAt = Date.now() + scheme.offerTimeoutMs + 50;
  // The event loop is kept busy beyond the deadline, so that no timer comes between, and both commands are handed over
  // in the same turn: the sequencer puts them into one batch.
  while (Date.now() < dueAt);
  const [, answered] = await Promise.all([cell.command(encodeTick(10)), tell(cell, one, 'succeeded')]);
  assert.equal(answered.payment?.state, 'succeeded');
  assert.equal((await told).payment?.state, 'succeeded');
  await cell.recordsWritten();
  assert.equal((await store.records.payment(one.paymentId))?.state, 'succeeded');
  await until('one notice for each side', () => bank.told('paymentNotice').length === 2);
  await cell.stop();
});

test('a settlement and the next cut-off in one batch are both told', async () => {
  const { cell, pay, fund, store } = await start(() => 'succeeded');
  await fund(1, 10_000);
  await pay(payment('payout', 400));
  await cell.closeCycle();
  await cell.command(encodeNetCycle(1));
  await Promise.all([
    cell.command(encodeRecordSettlement({ cycle: 1, state: 'settled', settledAt: Date.now() })),
    cell.closeCycle(),
  ]);
  await cell.recordsWritten();
  assert.equal((await store.records.cycle(1))?.state, 'settled');
  assert.equal((await store.records.cycle(2))?.state, 'cut');
  assert.deepEqual(findBreaches(cell.state), []);
  await cell.stop();
});

test('closing a cycle does not stop payments, and the sum of its positions is zero', async () => {
  const { cell, pay, fund, store } = await start(() => 'succeeded');
  await fund(1, 1_000_000);
  const running = Array.from({ length: 60 }, (_, i) => pay(payment('payout', 100 + i)));
  const closed = await cell.closeCycle();
  const results = await Promise.all(running);
  assert.ok(results.every(({ payment: one }) => one?.state === 'succeeded'));
  assert.equal(closed, 1);
  await cell.recordsWritten();
  const positions = await store.records.positions(1);
  assert.equal(
    positions.reduce((sum, { credits, debits }) => sum + credits - debits, 0n),
    0n,
  );
  const counted = results.filter(({ payment: one }) => one?.cycle === 1).length;
  assert.equal((await store.records.cycle(1))?.payments, counted);
  assert.deepEqual(findBreaches(cell.state), []);
  await cell.stop();
});
