/** What every archive promises, as one suite: `archiveConformance(name, openStorage)`. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type PaymentState, paymentStates, type Reason } from '@clearway/core';
import type { PaymentRecord } from '../port.ts';
import { feedBatch } from './feed-batch.ts';
import {
  assertColourful,
  banks,
  institutions,
  type Life,
  makeLife,
  paymentOf,
  type Submitted,
} from './life-for-tests.ts';
import type { ArchiveSearch, PaymentArchive } from './port.ts';
import { inlineReferenceBytes, paymentRecord, recordBytes, recordFields } from './record.ts';
import type { RecordFilter } from './scan.ts';

/** Storage that outlives the archives opened on it. */
export interface TestArchives {
  open(): Promise<PaymentArchive>;
  remove(): Promise<void>;
}

/** Lives a life up to a batch and tells the archive what it does not know yet. */
export async function tell(archive: PaymentArchive, life: Life, sequence: number): Promise<void> {
  while (life.state.sequence < sequence) {
    const batch = life.next();
    if (batch.sequence < archive.feed.next) continue;
    while (!feedBatch(archive.feed, life.state, batch)) await archive.found(archive.feed.published);
    archive.feed.publish(batch.sequence);
  }
  await archive.found(sequence);
}

export function expected(life: Life, one: Submitted): PaymentRecord {
  const payment = paymentOf(life, one.paymentId);
  const answer = life.answers.get(one.paymentId) ?? { sequence: 0, index: 0 };
  const digits = (code: number) => String(code).padStart(5, '0');
  return {
    paymentId: one.paymentId,
    kind: one.kind,
    instructingAgent: digits(one.institution),
    instructedAgent: digits(one.bank),
    endToEndId: one.endToEndId,
    amount: BigInt(one.amount),
    currency: 156,
    reference: one.reference,
    state: payment.state,
    reason: payment.reason,
    cycle: payment.cycle,
    receivedAt: one.receivedAt,
    submittedAt: one.submittedAt,
    changedAt: payment.changedAt,
    sequence: payment.sequence,
    requestSequence: one.sequence,
    requestIndex: one.index,
    answerSequence: answer.sequence,
    answerIndex: answer.index,
    hash: Number(one.paymentId.slice(14, 25)).toString(16).padStart(8, '0').padEnd(32, '0'),
  };
}

const lastFirst = (life: Life) => [...life.submitted].reverse();

/** Everything that can be asked, against what the life itself knows. */
export async function assertHolds(archive: PaymentArchive, life: Life): Promise<void> {
  for (const one of life.submitted) {
    assert.deepEqual(await archive.payment(one.paymentId), expected(life, one));
  }
  const references = new Map<string, Submitted[]>();
  for (const one of lastFirst(life)) {
    const key = `${one.institution} ${one.endToEndId}`;
    references.set(key, [...(references.get(key) ?? []), one]);
  }
  for (const same of references.values()) {
    const found = await archive.byReference(same[0].institution, same[0].endToEndId, 1000);
    assert.deepEqual(
      found,
      same.map((one) => expected(life, one)),
    );
  }
  for (const participant of [...institutions, ...banks]) {
    const theirs = lastFirst(life).filter((one) => one.institution === participant || one.bank === participant);
    assert.deepEqual(await pages(archive, participant, 17), ids(theirs));
    for (let cycle = 1; cycle <= 5; cycle++) await assertCycle(archive, life, cycle, participant, theirs);
  }
}

async function assertCycle(
  archive: PaymentArchive,
  life: Life,
  cycle: number,
  participant: number,
  theirs: readonly Submitted[],
): Promise<void> {
  const found: PaymentRecord[] = [];
  for await (const block of archive.ofCycle(cycle, participant)) {
    for (let i = 0; i < block.count; i++) {
      const at = i * recordBytes;
      const length = block.bytes[at + recordFields.endToEndIdLength];
      const text = at + recordFields.endToEndId;
      const short = length <= inlineReferenceBytes;
      found.push(
        paymentRecord(block.bytes, at, short ? block.bytes.slice(text, text + length) : block.longTexts.get(i)!),
      );
    }
  }
  const wanted = theirs
    .map((one) => expected(life, one))
    .filter((record) => record.cycle === cycle && record.state === 'succeeded')
    .sort((a, b) => (a.paymentId < b.paymentId ? -1 : 1));
  assert.deepEqual(found, wanted);
}

async function pages(archive: PaymentArchive, participant: number, limit: number): Promise<string[]> {
  const all: string[] = [];
  for (;;) {
    const after = all.at(-1);
    const page = await archive.byParticipant({ participant, limit, ...(after !== undefined && { after }) });
    all.push(...page.map(({ paymentId }) => paymentId));
    if (page.length < limit) return all;
  }
}

async function searchAll(archive: PaymentArchive, query: ArchiveSearch): Promise<PaymentRecord[]> {
  const all: PaymentRecord[] = [];
  for (let before: ArchiveSearch['before'], asked = 0; ; asked++) {
    assert.ok(asked < 10_000, 'it goes on');
    const { payments, next } = await archive.search({ ...query, ...(before && { before }) });
    all.push(...payments);
    if (next === undefined) return all;
    before = next;
  }
}

function bucketOf({ answerSequence, changedAt, submittedAt }: PaymentRecord): number {
  return answerSequence === 0 ? -1 : Math.min(71, Math.floor(4 * Math.log2(Math.max(1, changedAt - submittedAt))));
}

const ids = (list: readonly { readonly paymentId: string }[]) => list.map(({ paymentId }) => paymentId);

export function archiveConformance(name: string, openStorage: () => Promise<TestArchives>): void {
  describe(name, () => {
    let storage: TestArchives;
    let archive: PaymentArchive;
    beforeEach(async () => {
      storage = await openStorage();
      archive = await storage.open();
    });
    afterEach(async () => {
      await archive.close();
      await storage.remove();
    });
    const reopen = async () => {
      await archive.close();
      archive = await storage.open();
    };

    test('an empty one begins at the first batch and finds nothing', async () => {
      assert.equal(archive.cursor, 0);
      assert.equal(archive.feed.next, 1);
      assert.equal(await archive.payment('2026112210010100000000001010001'), undefined);
      assert.equal(await archive.payment('what is no identifier'), undefined);
      assert.deepEqual(await archive.byReference(101, 'order 1', 10), []);
      assert.deepEqual(await archive.byParticipant({ participant: 101, limit: 10 }), []);
      assert.deepEqual(
        await archive.byParticipant({ participant: 101, limit: 10, after: '2026112210010100000000001010001' }),
        [],
      );
    });

    test('every payment is found by identifier, reference, participant and cycle, as the core has it', async () => {
      const life = makeLife(1);
      await tell(archive, life, 140);
      assertColourful(life);
      await archive.kept(140);
      await assertHolds(archive, life);
    });

    test('what changes later is found as it is then', async () => {
      const life = makeLife(2);
      for (let sequence = 40; sequence <= 80; sequence += 20) {
        await tell(archive, life, sequence);
        await archive.kept(sequence);
        await assertHolds(archive, life);
      }
    });

    test('what was kept is there when it is opened again, and the rest is told from the cursor on', async () => {
      const told = makeLife(3);
      await tell(archive, told, 50);
      await archive.kept(50);
      await tell(archive, told, 60);
      await reopen();
      assert.ok(archive.cursor >= 50 && archive.cursor <= 60, `the cursor is ${archive.cursor}`);
      const life = makeLife(3);
      await tell(archive, life, 80);
      await archive.kept(80);
      await assertHolds(archive, life);
      await reopen();
      assert.equal(archive.cursor, 80);
      await assertHolds(archive, life);
    });

    test('a span of time is what was submitted in it', async () => {
      const life = makeLife(4);
      await tell(archive, life, 80);
      const from = life.submitted[80].submittedAt;
      const to = life.submitted[200].submittedAt;
      const wanted = lastFirst(life).filter(
        (one) => one.institution === 101 && one.submittedAt >= from && one.submittedAt < to,
      );
      assert.ok(wanted.length > 20);
      assert.deepEqual(ids(await archive.byParticipant({ participant: 101, from, to, limit: 1000 })), ids(wanted));
      assert.deepEqual(
        ids(await archive.byParticipant({ participant: 101, from, to, limit: 5 })),
        ids(wanted.slice(0, 5)),
      );
      const rest = await archive.byParticipant({ participant: 101, from, to, limit: 1000, after: wanted[9].paymentId });
      assert.deepEqual(ids(rest), ids(wanted.slice(10)));
    });

    test('a search finds by anything that stands in a record, page by page', async () => {
      const life = makeLife(8);
      await tell(archive, life, 140);
      const all = lastFirst(life).map((one) => expected(life, one));
      const some = all.find(({ state, reference }) => state === 'succeeded' && reference !== null)!;
      const middle = all[all.length >> 1].submittedAt;
      const cases: readonly [RecordFilter, (record: PaymentRecord) => boolean][] = [
        [{}, () => true],
        [{ institution: 101 }, ({ instructingAgent }) => instructingAgent === '00101'],
        [{ bank: 202 }, ({ instructedAgent }) => instructedAgent === '00202'],
        [
          { participants: [102, 201] },
          ({ instructingAgent, instructedAgent }) => instructingAgent === '00102' && instructedAgent === '00201',
        ],
        [{ kind: 'refund' }, ({ kind }) => kind === 'refund'],
        [{ states: ['refused', 'failed'] }, ({ state }) => state === 'refused' || state === 'failed'],
        [{ states: ['offered', 'unknown'] }, ({ state }) => state === 'offered' || state === 'unknown'],
        [{ reason: some.reason as Reason, states: ['succeeded'] }, ({ state }) => state === 'succeeded'],
        [{ cycle: some.cycle }, ({ cycle }) => cycle === some.cycle],
        [{ reference: some.reference! }, ({ reference }) => reference === some.reference],
        [
          { amounts: [{ currency: 156, least: Number(some.amount), most: Number(some.amount) }] },
          ({ amount }) => amount === some.amount,
        ],
        [{ amounts: [{ currency: 840, least: 0, most: 1_000_000 }] }, () => false],
        [{ currency: 156, from: middle }, ({ submittedAt }) => submittedAt >= middle],
        [{ to: middle }, ({ submittedAt }) => submittedAt < middle],
      ];
      for (const [filter, fits] of cases) {
        const wanted = all.filter(fits);
        // However few records an answer may read, it gets further, and nothing is missing or found twice.
        for (const mostRead of [1, 1_000_000]) {
          assert.deepEqual(
            await searchAll(archive, { ...filter, limit: 23, mostRead }),
            wanted,
            JSON.stringify(filter),
          );
        }
      }
    });

    test('a tally counts what a search finds', async () => {
      const life = makeLife(9);
      await tell(archive, life, 140);
      const all = lastFirst(life).map((one) => expected(life, one));
      const { rows, readTo } = await archive.tally({ by: ['institution', 'state', 'bucket'], stepMs: 1_000 });
      assert.equal(readTo, undefined);
      assert.equal(
        rows.reduce((sum, row) => sum + row.payments, 0),
        all.length,
      );
      for (const { at, institution, state, bucket, bank, payments, amount, firstAt } of rows) {
        assert.equal(bank, 0);
        const same = all.filter(
          (record) =>
            record.submittedAt >= at &&
            record.submittedAt < at + 1_000 &&
            Number(record.instructingAgent) === institution &&
            paymentStates[record.state as PaymentState] === state &&
            bucketOf(record) === bucket,
        );
        assert.equal(payments, same.length);
        assert.equal(
          amount,
          same.reduce((sum, record) => sum + record.amount, 0n),
        );
        assert.equal(firstAt, Math.min(...same.map(({ submittedAt }) => submittedAt)));
      }
    });

    test('a batch is found when it is published, and not before', async () => {
      const life = makeLife(5);
      await tell(archive, life, 40);
      const before = life.submitted.length;
      while (life.submitted.length === before) {
        const batch = life.next();
        assert.ok(feedBatch(archive.feed, life.state, batch));
      }
      await archive.found(40);
      const { paymentId } = life.submitted[before];
      assert.equal(await archive.payment(paymentId), undefined);
      archive.feed.publish(life.state.sequence);
      await archive.found(life.state.sequence);
      assert.equal((await archive.payment(paymentId))?.paymentId, paymentId);
    });

    test('a batch out of its order is our own mistake', async () => {
      const life = makeLife(6);
      life.next();
      const second = life.next();
      assert.throws(() => feedBatch(archive.feed, life.state, second), /in order/);
    });
  });
}
