import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ReconciliationLine, readReconciliationFile, writeReconciliationFile } from '@clearway/contract';
import { describeDifference, type OwnPayment, reconcile, reconcileLines } from './reconcile.ts';
import { createReconciler } from './reconciler.ts';
import { testScheme } from './testing/index.ts';

const idOf = (number: number) => `20261122100101${String(number).padStart(11, '0')}010001`;

const line = (number: number, change: Partial<ReconciliationLine> = {}): ReconciliationLine => ({
  paymentId: idOf(number),
  kind: 'agreementPayment',
  side: 'credit',
  counterparty: '00201',
  minor: 1230,
  currency: 'CNY',
  endToEndId: `order-${number}`,
  succeededAt: 1_700_000_000_000,
  ...change,
});

const own = (number: number, change: Partial<OwnPayment> = {}): OwnPayment => {
  const { minor, succeededAt: _, ...fields } = line(number);
  return { ...fields, amount: minor, state: 'succeeded', cycle: 7, ...change };
};

function fileOf(lines: readonly ReconciliationLine[], cycle = 7) {
  const head = { ...testScheme, cycle, businessDate: 20261122, participant: '00101' };
  return readReconciliationFile(writeReconciliationFile(head, lines));
}

function recordsOf(payments: readonly OwnPayment[]) {
  const succeeded = (cycle: number) => payments.filter((one) => one.state === 'succeeded' && one.cycle === cycle);
  return { payment: (id: string) => payments.find(({ paymentId }) => paymentId === id), succeededIn: succeeded };
}

const cases: readonly (readonly [string, ReconciliationLine[], OwnPayment[], string[]])[] = [
  ['agree', [line(1), line(2)], [own(1), own(2)], []],
  ['agree on nothing', [], [], []],
  ['agree where a payment failed here and is not in the file', [line(1)], [own(1), own(2, { state: 'failed' })], []],
  ['agree where the success here belongs to another cycle', [line(1)], [own(1), own(2, { cycle: 8 })], []],
  [
    'agree where the outcome is open here and the file does not tell it',
    [line(1)],
    [own(1), own(2, { state: 'open', cycle: undefined })],
    [],
  ],
  [
    'agree where the outcome is open here and the file tells it',
    [line(1)],
    [own(1, { state: 'open', cycle: undefined })],
    [],
  ],
  ['differ where the file has more', [line(1)], [], [`${idOf(1)}: in the file, not in our books`]],
  ['differ where the file has less', [], [own(1)], [`${idOf(1)}: succeeded in our books, not in the file`]],
  [
    'differ on the state',
    [line(1)],
    [own(1, { state: 'failed', cycle: undefined })],
    [`${idOf(1)}: state is failed in our books, succeeded in the file`],
  ],
  ['differ on the cycle', [line(1)], [own(1, { cycle: 6 })], [`${idOf(1)}: cycle is 6 in our books, 7 in the file`]],
  [
    'differ on one cent',
    [line(1)],
    [own(1, { amount: 1231 })],
    [`${idOf(1)}: minor is 1231 in our books, 1230 in the file`],
  ],
  [
    'differ on the side',
    [line(1)],
    [own(1, { side: 'debit' })],
    [`${idOf(1)}: side is debit in our books, credit in the file`],
  ],
  [
    'differ on the other party',
    [line(1)],
    [own(1, { counterparty: '00202' })],
    [`${idOf(1)}: counterparty is 00202 in our books, 00201 in the file`],
  ],
];
for (const [what, lines, payments, expected] of cases) {
  test(`books and file ${what}`, async () => {
    const { differences } = reconcile(fileOf(lines), recordsOf(payments));
    assert.deepEqual(differences.map(describeDifference), expected);
    async function* read() {
      yield* lines;
    }
    assert.deepEqual((await reconcileLines(7, read, recordsOf(payments))).differences, differences);
  });
}

test('successes that the books did not know, or not the cycle of, are learnt', () => {
  const payments = [own(1), own(2, { state: 'open', cycle: undefined }), own(3, { cycle: undefined })];
  const { learnt, payments: count } = reconcile(fileOf([line(1), line(2), line(3)]), recordsOf(payments));
  assert.deepEqual([learnt.map(({ paymentId }) => paymentId), count], [[idOf(2), idOf(3)], 3]);
});

test('what a notice tells while a long file is read is not learnt from it again', async () => {
  let first = own(1, { state: 'open', cycle: undefined });
  const records = {
    payment: (id: string) => (id === idOf(1) ? first : own(2)),
    *succeededIn() {
      if (first.state === 'succeeded') yield first;
      yield own(2);
    },
  };
  let reads = 0;
  async function* read() {
    reads++;
    yield line(1);
    first = own(1);
    yield line(2);
  }
  const found = await reconcileLines(7, read, records);
  assert.deepEqual(found, { cycle: 7, payments: 2, differences: [], learnt: [] });
  assert.equal(reads, 2, 'it may have lacked one, so it was read again');
});

test('every settled cycle is reconciled once, oldest first, and calls while it runs are joined', async () => {
  const times = { openedAt: '2026-11-22T00:00:00.000Z' };
  const settled = (cycle: number) => ({ cycle, businessDate: '2026-11-22', state: 'settled', times }) as const;
  const cycles = [{ ...settled(4), state: 'netted' as const }, settled(3), settled(2), settled(1)];
  const done: number[] = [1];
  let runs = 0;
  const run = createReconciler({
    institution: {
      cycles: async () => {
        runs += 1;
        return cycles;
      },
      async *fileLines() {},
    },
    own: recordsOf([]),
    isDone: (cycle) => done.includes(cycle),
    done: async ({ cycle }) => void done.push(cycle),
  });
  await Promise.all([run(), run(), run()]);
  assert.deepEqual([done, runs], [[1, 2, 3], 2]);
});
