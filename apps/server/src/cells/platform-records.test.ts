import assert from 'node:assert/strict';
import { test } from 'node:test';
import { realChance, realCrypto } from '@clearway/ports/real';
import { type CycleRecord, memoryStore, type PaymentRecord, type PositionRecord, type Records } from '@clearway/store';
import { platformRecords, sumPositions } from './platform-records.ts';

const [one, two] = [10_001, 10_002];

/** Number `sequence` of cell 1 or 2. */
const idOf = (sequence: number, cell: number) => `20261122100101${String(sequence).padStart(11, '0')}01000${cell}`;

const payment = (sequence: number, cell: number, submittedAt: number): PaymentRecord => ({
  paymentId: idOf(sequence, cell),
  kind: 'payout',
  instructingAgent: '00101',
  instructedAgent: '00201',
  endToEndId: `order-${sequence}`,
  amount: 100n,
  currency: 156,
  reference: null,
  state: 'succeeded',
  reason: '',
  cycle: 1,
  receivedAt: submittedAt,
  submittedAt,
  changedAt: submittedAt,
  sequence,
  requestSequence: sequence,
  requestIndex: 0,
  answerSequence: 0,
  answerIndex: 0,
  hash: '00',
});

const cycle = (number: number, state: string, payments: number): CycleRecord => ({
  ...{ cycle: number, businessDate: 20261122, state, openedAt: 1, cutOffAt: 2, nettedAt: 3, settledAt: 4 },
  payments,
  turnover: BigInt(payments * 100),
});

const position = (participant: string, credits: bigint, debits: bigint, currency = 156): PositionRecord => ({
  ...{ cycle: 1, participant, currency, credits, debits },
  creditCount: Number(credits > 0n),
  debitCount: Number(debits > 0n),
});

const workItem = (workItemId: string, dueAt: number) => ({
  ...{ workItemId, kind: 'unknown', subject: workItemId, openedAt: 0, dueAt, owner: 'operator' },
  closedAt: 0,
  resolution: '',
});

async function recordsWith(change: Partial<Parameters<Records['write']>[0]>): Promise<Records> {
  const { records } = memoryStore({ crypto: realCrypto, chance: realChance });
  const nothing = { sequence: 1, payments: [], agreements: [], cycles: [], positions: [], workItems: [] };
  await records.write({ ...nothing, ...change });
  return records;
}

async function open() {
  const home = await recordsWith({
    payments: [payment(1, 1, 10), payment(3, 1, 30), payment(5, 1, 50)],
    cycles: [cycle(1, 'settled', 3), cycle(2, 'open', 0)],
    positions: [position('00101', 0n, 300n), position('00201', 300n, 0n)],
    workItems: [workItem('late', 9)],
  });
  const other = await recordsWith({
    payments: [payment(2, 2, 20), payment(4, 2, 30), payment(6, 2, 60)],
    cycles: [cycle(1, 'netted', 2)],
    positions: [position('00101', 50n, 0n), position('00202', 0n, 50n)],
    workItems: [workItem('early', 5), workItem('alike', 9)],
  });
  const ofAll = platformRecords([
    { cell: one, records: home },
    { cell: two, records: other },
  ]);
  return { home, other, ofAll };
}

const sequences = (found: readonly PaymentRecord[]) => found.map(({ sequence }) => sequence);

test('the records of one cell alone are those of the platform', async () => {
  const { home } = await open();
  assert.equal(platformRecords([{ cell: one, records: home }]), home);
});

test('a payment is looked for in the cell that it names, and nowhere else', async () => {
  const { ofAll } = await open();
  assert.equal((await ofAll.payment(idOf(2, 2)))?.sequence, 2);
  for (const stranger of [idOf(2, 1), idOf(1, 3), 'no identifier'])
    assert.equal(await ofAll.payment(stranger), undefined);
});

test('pages of all cells follow each other, newest first, with nothing left out or twice', async () => {
  const { ofAll } = await open();
  assert.deepEqual(sequences(await ofAll.payments({ limit: 10 })), [6, 5, 3, 4, 2, 1]);
  for (const limit of [1, 2, 3, 4]) {
    const all: PaymentRecord[] = [];
    for (let after: string | undefined; ; ) {
      const page = await ofAll.payments({ limit, ...(after !== undefined && { after }) });
      all.push(...page);
      after = page.at(-1)?.paymentId;
      if (page.length < limit) break;
    }
    assert.deepEqual(sequences(all), [6, 5, 3, 4, 2, 1], `by ${limit}`);
  }
  assert.deepEqual(await ofAll.payments({ limit: 3, after: idOf(9, 2) }), [], 'after one that nobody knows');
});

test('a file lists the payments of all cells in order of their identifiers', async () => {
  const { ofAll } = await open();
  const listed: number[] = [];
  for await (const { sequence } of ofAll.paymentsOfCycle(1, '00101')) listed.push(sequence);
  assert.deepEqual(listed, [1, 2, 3, 4, 5, 6]);
});

test('a cycle is in the state that it has at home, with the payments of all', async () => {
  const { ofAll } = await open();
  const settled = await ofAll.cycle(1);
  assert.deepEqual([settled?.state, settled?.payments, settled?.turnover], ['settled', 5, 500n]);
  assert.deepEqual(
    (await ofAll.cycles(10)).map(({ cycle, state, payments }) => [cycle, state, payments]),
    [
      [2, 'open', 0],
      [1, 'settled', 5],
    ],
  );
  assert.equal(await ofAll.cycle(7), undefined);
});

test('positions are summed by participant and currency, in that order', async () => {
  const { ofAll } = await open();
  assert.deepEqual(await ofAll.positions(1), [
    { ...position('00101', 50n, 300n), creditCount: 1, debitCount: 1 },
    position('00201', 300n, 0n),
    position('00202', 0n, 50n),
  ]);
  const [yuan, dollars] = [position('00101', 1n, 0n), position('00101', 2n, 0n, 840)];
  assert.deepEqual(sumPositions([[dollars], [yuan]]), [yuan, dollars], 'currencies are never added up');
});

test('files are at home, and work items of all come by when they are due', async () => {
  const { home, other, ofAll } = await open();
  await ofAll.putFilePart(1, '00101', { part: 1, payments: 0, hash: 'a', content: Uint8Array.of(1) });
  await ofAll.sealFile({ cycle: 1, participant: '00101', payments: 0, bytes: 1, hash: 'a', parts: 1 });
  assert.deepEqual(await ofAll.filePart(1, '00101', 1), await home.filePart(1, '00101', 1));
  assert.equal((await home.file(1, '00101'))?.hash, 'a');
  assert.equal(await other.file(1, '00101'), undefined);
  assert.deepEqual(
    (await ofAll.workItems(true)).map(({ workItemId }) => workItemId),
    ['early', 'alike', 'late'],
  );
});
