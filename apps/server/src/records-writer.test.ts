import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryDisk, type PaymentRecord, type Records, type RecordsChange } from '@clearway/store';
import { createRecordsWriter } from './records-writer.ts';
import { fakeClock, storeOn, until } from './test-bed.ts';

const record = (number: number, sequence: number, state = 'succeeded'): PaymentRecord => ({
  paymentId: String(number).padStart(31, '0'),
  kind: 'payout',
  instructingAgent: '00101',
  instructedAgent: '00201',
  endToEndId: `order-${number}`,
  amount: 5n,
  currency: 156,
  reference: null,
  state,
  reason: 'none',
  cycle: 1,
  receivedAt: 1,
  submittedAt: sequence,
  changedAt: sequence,
  sequence,
  requestSequence: sequence,
  requestIndex: 0,
  answerSequence: 0,
  answerIndex: 0,
  hash: '00'.repeat(16),
});

const change = (sequence: number, payments: readonly PaymentRecord[]): RecordsChange => ({
  sequence,
  payments,
  agreements: [],
  cycles: [],
  positions: [],
  workItems: [],
});

/** `rows` payments for each of `batches` batches, numbered on. */
const backlog = (batches: number, rows: number) =>
  Array.from({ length: batches }, (_, batch) =>
    change(
      batch + 1,
      Array.from({ length: rows }, (_, row) => record(batch * rows + row, batch + 1)),
    ),
  );

/** A writer into memory under a clock of its own; `before` each write may hold it back or make it fail. */
function open(before: (attempt: number) => void | Promise<void> = () => {}) {
  const clock = fakeClock();
  const { records } = storeOn(memoryDisk());
  const writes: RecordsChange[] = [];
  const failures: unknown[] = [];
  let attempts = 0;
  const watched: Records = {
    ...records,
    async write(one) {
      await before(++attempts);
      await records.write(one);
      writes.push(one);
    },
  };
  const writer = createRecordsWriter({
    records: watched,
    clock,
    cursor: 0,
    log: (event) => failures.push(event),
  });
  /** Lets time pass until it holds. */
  const passUntil = (what: string, holds: () => boolean) =>
    until(what, () => {
      clock.pass(1_000);
      return holds();
    });
  return { writer, records, writes, failures, passUntil };
}

test('a backlog larger than one transaction is written piece by piece, each with its cursor, in order', async () => {
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const { writer, records, writes, passUntil } = open(() => held);
  for (const one of backlog(21, 1_000)) writer.add(one);
  assert.equal(writer.lag, 21);
  const written: number[] = [];
  for (const sequence of [21, 3]) void writer.written(sequence).then(() => written.push(sequence));
  letGo();
  await passUntil('the last piece', () => writer.cursor === 21);
  assert.ok(writes.length > 2);
  assert.ok(writes.every(({ payments }) => payments.length <= 5_000));
  const cursors = writes.map(({ sequence }) => sequence);
  assert.deepEqual(
    cursors,
    [...cursors].sort((a, b) => a - b),
  );
  // Each piece holds all rows of the batches up to its cursor: a crash between two loses and skips none.
  let rows = 0;
  for (const { sequence, payments } of writes) {
    rows += payments.length;
    assert.equal(rows, sequence * 1_000);
  }
  assert.equal(await records.cursor(), 21);
  assert.deepEqual(written, [3, 21]);
  assert.equal(writer.lag, 0);
});

test('a batch larger than one transaction is written whole', async () => {
  const { writer, writes, passUntil } = open();
  for (const one of backlog(2, 6_000)) writer.add(one);
  await passUntil('both', () => writer.cursor === 2);
  assert.deepEqual(
    writes.map(({ sequence, payments }) => [sequence, payments.length]),
    [
      [1, 6_000],
      [2, 6_000],
    ],
  );
});

test('a write that fails is tried again, keeps its place and loses nothing', async () => {
  const { writer, records, writes, failures, passUntil } = open((attempt) => {
    if (attempt % 4 !== 0) throw new Error(`attempt ${attempt} fails`);
  });
  for (const one of backlog(12, 1_000)) writer.add(one);
  await passUntil('the last piece', () => writer.cursor === 12);
  assert.equal(failures.length, 3 * writes.length);
  for (const number of [0, 4_999, 5_000, 11_999]) {
    assert.notEqual(await records.payment(record(number, 1).paymentId), undefined);
  }
});

test('an owner that took over passes over what the one before it has written meanwhile, and writes the rest', async () => {
  let isAsked = false;
  const { writer, records, writes, failures, passUntil } = open(async () => {
    if (isAsked) return;
    isAsked = true;
    await records.write(change(3, [record(1, 3, 'succeeded'), record(2, 2)]));
  });
  writer.add(change(1, [record(1, 1, 'offered')]));
  const item = { workItemId: 'coverage:00101', kind: 'coverage', subject: '00101', openedAt: 1, dueAt: 2 };
  writer.addWorkItem({ ...item, owner: '', closedAt: 0, resolution: '' });
  const told: number[] = [];
  for (const sequence of [1, 3, 5]) void writer.written(sequence).then(() => told.push(sequence));
  writer.add(change(2, [record(2, 2)]));
  await passUntil('the work item', () => writes.length > 0 && writer.cursor >= 3 && writer.lag === 0);
  for (const sequence of [4, 5]) writer.add(change(sequence, [record(sequence, sequence)]));
  await passUntil('the rest', () => writer.cursor === 5);
  assert.equal(failures.length, 1);
  assert.equal((await records.payment(record(1, 1).paymentId))?.state, 'succeeded');
  assert.deepEqual(
    (await records.workItems(true)).map(({ workItemId }) => workItemId),
    ['coverage:00101'],
  );
  assert.equal(await records.cursor(), 5);
  assert.deepEqual(told.sort(), [1, 3, 5]);
});

test('of several changes of one payment in one transaction the last is kept', async () => {
  const { writer, records, passUntil } = open();
  ['offered', 'unknown', 'succeeded'].forEach((state, index) => {
    writer.add(change(index + 1, [record(1, index + 1, state)]));
  });
  await passUntil('all', () => writer.cursor === 3);
  assert.equal((await records.payment(record(1, 1).paymentId))?.state, 'succeeded');
});

test('what an earlier run has written is not written again', async () => {
  const { writer, writes, passUntil } = open();
  const [first, second] = backlog(2, 1);
  writer.add(first);
  await passUntil('the first', () => writer.cursor === 1);
  writer.add(first);
  writer.add(second);
  await passUntil('the second', () => writer.cursor === 2);
  assert.deepEqual(
    writes.map(({ sequence }) => sequence),
    [1, 2],
  );
});
