/** Unknown payments over the stream end, and are told, whoever dies; a platform that cannot look says so and lives. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outcomeFlags, reasonOf } from '@clearway/contract';
import { lastState, newWorld, payout, startCell, startParty } from './cell-on-stream.ts';
import { until } from './until.ts';

const [institution, bank] = [101, 201];

test('an institution learns how an unknown payment ended, though the cell died in between', async (t) => {
  const world = await newWorld(t, [institution, bank]);
  let says = 0;
  const options = { answer: () => says };
  const first = await startCell(world);
  startParty(world, bank, options);
  const instructing = startParty(world, institution);
  await until('links', () => instructing.client.counts.links === 1 && first.stream.speaksFor(bank));
  const one = payout(institution, bank);
  assert.ok(instructing.client.submit(one));
  await until('unknown', () => lastState(instructing, one) === 'unknown');
  first.kill();
  const second = await startCell(world);
  await until('links again', () => instructing.client.counts.links === 1 && second.stream.speaksFor(bank));
  says = 1;
  await until('the end of it', () => lastState(instructing, one) === 'succeeded');
  assert.deepEqual(second.halts, []);
});

test('the work item of an overdue payment is closed with it, also after a restart', async (t) => {
  const world = await newWorld(t, [institution, bank]);
  let says = 0;
  const options = { answer: () => says };
  const first = await startCell(world);
  startParty(world, bank, options);
  const instructing = startParty(world, institution);
  await until('links', () => instructing.client.counts.links === 1 && first.stream.speaksFor(bank));
  const one = payout(institution, bank);
  assert.ok(instructing.client.submit(one));
  await until('a work item', async () => (await first.store.records.workItems(true)).length === 1);
  await first.cell.recordsWritten();
  first.kill();
  const second = await startCell(world);
  assert.equal((await second.store.records.workItems(true)).length, 1);
  says = 1;
  await until('the end of it', () => lastState(instructing, one) === 'succeeded');
  await until('no work item', async () => (await second.store.records.workItems(true)).length === 0);
});

test('an archive that cannot be read is told to who enquires, and hurts nobody else', async (t) => {
  const world = await newWorld(t, [institution, bank]);
  let isBroken = true;
  const { stream, logged, halts } = await startCell(world, {
    archive: (archive) => ({
      ...archive,
      feed: archive.feed,
      payment: (id) =>
        isBroken ? Promise.reject(new Error('a block does not fit its checksum')) : archive.payment(id),
    }),
  });
  startParty(world, bank);
  const instructing = startParty(world, institution);
  await until('links', () => instructing.client.counts.links === 1 && stream.speaksFor(bank));
  const never = payout(institution, bank);
  assert.ok(instructing.client.enquire(0, never.id, 0));
  await until('an answer', () => instructing.others.has(never.hex));
  const [{ flags, reason, state }] = instructing.others.get(never.hex)!;
  assert.equal(flags, outcomeFlags.asked | outcomeFlags.notProcessed);
  assert.equal(reasonOf(reason), 'cellUnavailable');
  assert.equal(state, 0);
  assert.ok(logged.some(({ event }) => event === 'stream.enquiryFailed'));
  isBroken = false;
  assert.ok(instructing.client.enquire(0, never.id, 0));
  await until('another answer', () => instructing.others.get(never.hex)!.length === 2);
  assert.equal(instructing.others.get(never.hex)![1].flags, outcomeFlags.asked);
  const one = payout(institution, bank);
  assert.ok(instructing.client.submit(one));
  await until('a payment', () => lastState(instructing, one) === 'succeeded');
  assert.deepEqual(halts, []);
});

test('a bank that leaves as many questions unanswered as it takes at once is still asked', async (t) => {
  const world = await newWorld(t, [institution, bank]);
  const window = 5;
  let says = 0;
  const { stream } = await startCell(world);
  startParty(world, bank, { window, answer: () => says });
  const instructing = startParty(world, institution);
  await until('links', () => instructing.client.counts.links === 1 && stream.speaksFor(bank));
  const silent = Array.from({ length: 3 * window }, () => payout(institution, bank));
  for (const one of silent) assert.ok(instructing.client.submit(one));
  await until('all of them unknown', () => silent.every((one) => lastState(instructing, one) === 'unknown'));
  says = 1;
  const more = Array.from({ length: 3 * window }, () => payout(institution, bank));
  for (const one of more) assert.ok(instructing.client.submit(one));
  await until('the end of all', () => [...silent, ...more].every((one) => lastState(instructing, one) === 'succeeded'));
});
