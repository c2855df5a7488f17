/** What every implementation of the store promises, as one suite: `storeConformance(name, openStorage)`. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import type { Crypto } from '@clearway/ports';
import { makeBatch, noHash } from './batch.ts';
import {
  type AgreementRecord,
  type BatchFacts,
  type Claim,
  type CycleRecord,
  FencedError,
  type JournalBatch,
  type PaymentRecord,
  type RecordsChange,
  type Store,
} from './port.ts';
import { chainStart, verifyChain } from './verify-chain.ts';

/** Storage that outlives the stores opened on it, each of which is as a process of its own. */
export interface TestStorage {
  /** A store of the cell that is as yet empty; the same name gives the same cell. */
  open(cellName: string): Promise<Store>;
  close(): Promise<void>;
}

export const testPlace = { centre: 1, cell: 1 };

/** A batch that follows `previous` in the chain; its facts are `commands` ticks. */
export function testBatch(
  crypto: Pick<Crypto, 'sha256'>,
  previous: Pick<JournalBatch, 'sequence'> & { readonly header?: Uint8Array; readonly hash?: Uint8Array },
  { epoch = 1, bytes = 200, commands = 2, place = testPlace } = {},
): JournalBatch {
  const sequence = previous.sequence + 1;
  const facts = new Uint8Array(16 * commands);
  const view = new DataView(facts.buffer);
  for (let index = 0; index < commands; index++) {
    view.setUint8(16 * index, 3);
    view.setUint32(16 * index + 4, 16);
    view.setUint32(16 * index + 8, sequence);
  }
  const bodies = new Uint8Array(bytes).map((_, index) => (index * 31 + sequence) % 256);
  const previousHash = previous.hash ?? (previous.header ? crypto.sha256(previous.header) : noHash);
  return makeBatch(crypto, {
    ...place,
    rulesVersion: 1,
    epoch,
    sequence,
    at: 1_790_000_000_000 + sequence,
    commands,
    previousHash,
    facts,
    bodies,
  });
}

/** `count` batches that follow a claim. */
export function testBatches(
  crypto: Pick<Crypto, 'sha256'>,
  claim: Claim,
  count: number,
  options: { bytes?: number; commands?: number } = {},
): JournalBatch[] {
  const list: JournalBatch[] = [];
  for (let index = 0; index < count; index++) {
    const previous = list[index - 1] ?? { sequence: claim.last, hash: claim.lastHash };
    list.push(testBatch(crypto, previous, { ...options, epoch: claim.epoch }));
  }
  return list;
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

export const sequences = async (items: AsyncIterable<JournalBatch>) =>
  (await collect(items)).map((batch) => batch.sequence);

export function storeConformance(
  name: string,
  crypto: Pick<Crypto, 'sha256'>,
  openStorage: () => Promise<TestStorage>,
): void {
  describe(name, () => {
    let storage: TestStorage;
    let cells = 0;
    let opened: Store[] = [];
    before(async () => {
      storage = await openStorage();
    });
    afterEach(async () => {
      await Promise.all(opened.map((store) => store.close()));
      opened = [];
    });
    after(() => storage.close());

    /** Two stores on one fresh cell: as it were the owner and the one that takes over. */
    async function openTwo(): Promise<[Store, Store]> {
      const cellName = `conformance ${++cells}`;
      const two: [Store, Store] = [await storage.open(cellName), await storage.open(cellName)];
      opened.push(...two);
      return two;
    }
    const openOne = async () => (await openTwo())[0];

    describe('journal', () => {
      test('an empty journal is claimed at epoch 1, ends at 0 and has nothing to read', async () => {
        const { journal } = await openOne();
        assert.deepEqual(await sequences(journal.read(1)), []);
        assert.equal(await journal.readOne(1), undefined);
        assert.deepEqual(await journal.claim(), { epoch: 1, last: 0, lastHash: noHash });
        assert.deepEqual(await sequences(journal.read(1)), []);
      });

      test('what was appended is read back byte by byte, also through another store', async () => {
        const [{ journal }, other] = await openTwo();
        const batches = testBatches(crypto, await journal.claim(), 5, { bytes: 5_000 });
        for (const batch of batches) await journal.append(batch);
        const plain = (list: JournalBatch[]) =>
          list.map((batch) => ({
            ...batch,
            header: Buffer.from(batch.header),
            facts: Buffer.from(batch.facts),
            bodies: Buffer.from(batch.bodies),
          }));
        assert.deepEqual(plain(await collect(journal.read(1))), plain(batches));
        assert.deepEqual(plain(await collect(other.journal.read(4))), plain(batches.slice(3)));
        assert.deepEqual(plain([(await other.journal.readOne(3))!]), plain([batches[2]]));
        assert.equal(await journal.readOne(6), undefined);
      });

      test('facts are read as they were appended, from any batch on, with their headers and across epochs', async () => {
        const [{ journal }, other] = await openTwo();
        const appended: JournalBatch[] = [];
        for (const bytes of [10, 3_000, 150_000, 70]) {
          const list = testBatches(crypto, await journal.claim(), 7, { bytes, commands: 1 + bytes / 10 });
          await Promise.all(list.map((batch) => journal.append(batch)));
          appended.push(...list);
        }
        const plain = (list: BatchFacts[]) =>
          list.map(({ sequence, epoch, header, facts }) => ({
            sequence,
            epoch,
            header: Buffer.from(header),
            facts: Buffer.from(facts),
          }));
        for (const from of [1, 2, 7, 8, 16, 28, 29]) {
          const found: BatchFacts[] = [];
          for await (const batch of other.journal.readFacts(from)) {
            found.push({ ...batch, header: Buffer.from(batch.header), facts: Buffer.from(batch.facts) });
          }
          assert.deepEqual(plain(found), plain(appended.slice(from - 1)));
        }
        for await (const batch of journal.readFacts(3)) if (batch.sequence === 5) break;
        assert.deepEqual(plain([(await journal.readOne(28))!]), plain(appended.slice(27)));
      });

      test('empty columns are stored as such', async () => {
        const { journal } = await openOne();
        const [batch] = testBatches(crypto, await journal.claim(), 1, { bytes: 0, commands: 0 });
        await journal.append(batch);
        const found = (await journal.readOne(1))!;
        assert.deepEqual([found.facts.length, found.bodies.length], [0, 0]);
      });

      test('a claim says where the journal ends, and the chain goes on across epochs', async () => {
        const [first, second] = await openTwo();
        for (const store of [first, second, first]) {
          const claim = await store.journal.claim();
          for (const batch of testBatches(crypto, claim, 3)) await store.journal.append(batch);
        }
        const claim = await second.journal.claim();
        const checked = await collect(verifyChain(crypto, testPlace, first.journal.read(1)));
        assert.deepEqual(
          checked.map(({ header }) => [header.sequence, header.epoch]),
          [1, 2, 3, 4, 5, 6, 7, 8, 9].map((sequence) => [sequence, Math.ceil(sequence / 3)]),
        );
        assert.deepEqual(
          [claim.epoch, claim.last, Buffer.from(claim.lastHash)],
          [4, 9, Buffer.from(checked[8].link.hash)],
        );
      });

      test('claims without a batch between them raise the epoch and keep the end', async () => {
        const { journal } = await openOne();
        const [batch] = testBatches(crypto, await journal.claim(), 1);
        await journal.append(batch);
        await journal.claim();
        const claim = await journal.claim();
        assert.deepEqual([claim.epoch, claim.last], [3, 1]);
        assert.deepEqual(Buffer.from(claim.lastHash), Buffer.from(crypto.sha256(batch.header)));
        await journal.append(testBatches(crypto, claim, 1)[0]);
        assert.deepEqual(await sequences(journal.read(1)), [1, 2]);
      });

      test('who has lost the cell is fenced, and nothing of its append is ever read', async () => {
        const [old, owner] = await openTwo();
        const batches = testBatches(crypto, await old.journal.claim(), 3);
        await old.journal.append(batches[0]);
        const claim = await owner.journal.claim();
        assert.equal(claim.last, 1);
        await assert.rejects(old.journal.append(batches[1]), FencedError);
        await assert.rejects(old.journal.append(batches[2]), FencedError);
        assert.deepEqual(await sequences(owner.journal.read(1)), [1]);
        await owner.journal.append(testBatches(crypto, claim, 1)[0]);
        assert.deepEqual(await sequences(owner.journal.read(1)), [1, 2]);
        assert.equal((await owner.journal.claim()).last, 2);
      });

      test('an owner that claims again is bound by its own newest epoch', async () => {
        const { journal } = await openOne();
        const [stale] = testBatches(crypto, await journal.claim(), 1);
        await journal.claim();
        await assert.rejects(journal.append(stale), FencedError);
        assert.deepEqual(await sequences(journal.read(1)), []);
      });

      test('of several claims at once each gets an epoch of its own', async () => {
        const [one, two] = await openTwo();
        const claims = await Promise.all([one, two, one, two].map((store) => store.journal.claim()));
        assert.deepEqual(claims.map(({ epoch }) => epoch).sort(), [1, 2, 3, 4]);
      });

      test('several appends may be in flight at once', async () => {
        const { journal } = await openOne();
        const batches = testBatches(crypto, await journal.claim(), 300, { bytes: 1_000 });
        await Promise.all(batches.map((batch) => journal.append(batch)));
        await collect(verifyChain(crypto, testPlace, journal.read(1)));
        assert.deepEqual(await sequences(journal.read(299)), [299, 300]);
      });

      test('a reader that stops early leaves the journal usable', async () => {
        const { journal } = await openOne();
        for (const batch of testBatches(crypto, await journal.claim(), 50, { bytes: 20_000 })) {
          await journal.append(batch);
        }
        for await (const batch of journal.read(2)) if (batch.sequence === 4) break;
        assert.equal((await journal.readOne(50))?.sequence, 50);
      });

      test('an append before any claim, or behind the claimed end, is a mistake of the caller', async () => {
        const [store, other] = await openTwo();
        const batch = testBatch(crypto, { sequence: 0 });
        await assert.rejects(store.journal.append(batch), /after claim/);
        await store.journal.claim();
        await store.journal.append(batch);
        const claim = await other.journal.claim();
        const behind = testBatch(crypto, { sequence: 0 }, { epoch: claim.epoch });
        await assert.rejects(other.journal.append(behind), /before the claimed end/);
      });

      test('the chain check goes on from a link in the middle', async () => {
        const { journal } = await openOne();
        for (const batch of testBatches(crypto, await journal.claim(), 4)) await journal.append(batch);
        const whole = await collect(verifyChain(crypto, testPlace, journal.read(1), chainStart));
        const rest = await collect(verifyChain(crypto, testPlace, journal.read(3), whole[1].link));
        assert.deepEqual(rest.at(-1)?.link, whole.at(-1)?.link);
      });
    });

    describe('snapshots', () => {
      const page = (fill: number) => new Uint8Array(100_000).fill(fill);
      const hash = new Uint8Array(32).fill(7);

      test('a snapshot exists once it is sealed, and is read back page by page', async () => {
        const [{ snapshots }, other] = await openTwo();
        assert.equal(await snapshots.latest(), undefined);
        await snapshots.write(10, 0, page(1));
        await snapshots.write(10, 1, page(2));
        assert.equal(await snapshots.latest(), undefined);
        await snapshots.seal(10, 2, hash);
        const latest = (await other.snapshots.latest())!;
        assert.deepEqual([latest.sequence, latest.pages, Buffer.from(latest.hash)], [10, 2, Buffer.from(hash)]);
        const pages = await collect(other.snapshots.read(10));
        assert.deepEqual(
          pages.map((bytes) => [bytes.length, bytes[0]]),
          [
            [100_000, 1],
            [100_000, 2],
          ],
        );
      });

      test('an unsealed one is dropped when the next begins', async () => {
        const { snapshots } = await openOne();
        await snapshots.write(10, 0, page(1));
        await snapshots.write(10, 1, page(1));
        await snapshots.write(20, 0, page(2));
        await assert.rejects(snapshots.seal(10, 2, hash), /pages/);
        await snapshots.seal(20, 1, hash);
        assert.equal((await snapshots.latest())?.sequence, 20);
        await snapshots.write(30, 0, page(3));
        await snapshots.write(30, 0, page(4));
        await snapshots.seal(30, 1, hash);
        assert.equal((await collect(snapshots.read(30)))[0][0], 4);
      });

      test('it is sealed with all its pages or not at all, and then never written again', async () => {
        const { snapshots } = await openOne();
        await snapshots.write(10, 0, page(1));
        await assert.rejects(snapshots.seal(10, 2, hash), /has 1 pages, not 2/);
        await snapshots.seal(10, 1, hash);
        await assert.rejects(snapshots.write(10, 0, page(2)), /sealed/);
        await assert.rejects(collect(snapshots.read(11)), /no page/);
      });

      test('the newest two are kept', async () => {
        const { snapshots } = await openOne();
        for (const sequence of [10, 20, 30]) {
          await snapshots.write(sequence, 0, page(sequence));
          await snapshots.seal(sequence, 1, hash);
        }
        assert.equal((await snapshots.latest())?.sequence, 30);
        assert.equal((await collect(snapshots.read(20)))[0][0], 20);
        await assert.rejects(collect(snapshots.read(10)), /no page/);
      });
    });

    describe('snapshots that share pages', () => {
      const page = (fill: number) => new Uint8Array(1_000).fill(fill);
      const hash = new Uint8Array(32).fill(7);
      const firstBytes = async (store: Store, sequence: number) =>
        (await collect(store.snapshots.read(sequence))).map((bytes) => bytes[0]);

      test('a page that is as it was is read from where it was written, however often the others are dropped', async () => {
        const store = await openOne();
        const { snapshots } = store;
        for (const fill of [0, 1, 2]) await snapshots.write(10, fill, page(fill));
        await snapshots.seal(10, 3, hash);
        for (let sequence = 20; sequence <= 60; sequence += 10) {
          await snapshots.write(sequence, 0, page(sequence));
          await snapshots.writeSame(sequence, 1, sequence - 10, sequence === 20 ? 2 : 1);
          await snapshots.writeSame(sequence, 2, sequence - 10, sequence === 20 ? 1 : 2);
          await snapshots.seal(sequence, 3, hash);
          assert.deepEqual(await firstBytes(store, sequence), [sequence, 2, 1]);
        }
        assert.deepEqual(await firstBytes(store, 50), [50, 2, 1]);
        await assert.rejects(collect(snapshots.read(10)), /no page/);
      });

      test('only a page of a sealed snapshot is shared', async () => {
        const { snapshots } = await openOne();
        await snapshots.write(10, 0, page(1));
        await snapshots.write(10, 1, page(1));
        await assert.rejects(snapshots.writeSame(10, 2, 10, 0), /Snapshot 10 has no page 0/);
        await snapshots.seal(10, 2, hash);
        await snapshots.write(20, 0, page(1));
        await assert.rejects(snapshots.writeSame(20, 1, 10, 2), /Snapshot 10 has no page 2/);
        await assert.rejects(snapshots.writeSame(10, 2, 10, 0), /sealed/);
      });

      test('one given up half way takes nothing with it', async () => {
        const store = await openOne();
        const { snapshots } = store;
        await snapshots.write(10, 0, page(1));
        await snapshots.write(10, 1, page(2));
        await snapshots.seal(10, 2, hash);
        await snapshots.write(20, 0, page(3));
        await snapshots.writeSame(20, 1, 10, 1);
        await snapshots.write(30, 0, page(4));
        await snapshots.writeSame(30, 1, 10, 1);
        await snapshots.seal(30, 2, hash);
        assert.deepEqual(
          [await firstBytes(store, 10), await firstBytes(store, 30)],
          [
            [1, 2],
            [4, 2],
          ],
        );
      });
    });

    describe('configurations', () => {
      test('a version is put once; the same again is harmless, another content is refused', async () => {
        const [{ configurations }, other] = await openTwo();
        const [hash, content] = [new Uint8Array(32).fill(1), new TextEncoder().encode('{}')];
        assert.equal(await configurations.get('scheme', 1), undefined);
        await configurations.put('scheme', 1, hash, content);
        await configurations.put('scheme', 1, hash, content);
        await assert.rejects(
          configurations.put('scheme', 1, new Uint8Array(32).fill(2), content),
          /exists already with another content/,
        );
        assert.deepEqual(Buffer.from((await other.configurations.get('scheme', 1))!), Buffer.from(content));
        assert.equal(await configurations.get('participants', 1), undefined);
      });
    });

    describe('body keys', () => {
      test('each day has its own key of 32 bytes, the same for everyone', async () => {
        const [{ bodyKeys }, other] = await openTwo();
        const [one, two] = await Promise.all([bodyKeys.key(20261122), other.bodyKeys.key(20261122)]);
        assert.equal(one.length, 32);
        assert.deepEqual(Buffer.from(one), Buffer.from(two));
        assert.notDeepEqual(Buffer.from(await bodyKeys.key(20261123)), Buffer.from(one));
      });
    });

    describe('records', () => {
      const write = (store: Store, sequence: number, change: Partial<RecordsChange>) =>
        store.records.write({ ...emptyChange, sequence, ...change });

      test('rows and cursor are written together, and rows replace earlier ones of the same key', async () => {
        const [store, other] = await openTwo();
        assert.equal(await store.records.cursor(), 0);
        await write(store, 3, { payments: [payment(1), payment(2)], agreements: [agreement], cycles: [cycle(1)] });
        await write(store, 4, { payments: [payment(2, { state: 'failed', reason: 'insufficientFunds' })] });
        const { records } = other;
        assert.equal(await records.cursor(), 4);
        assert.deepEqual(await records.payment(payment(1).paymentId), payment(1));
        assert.equal((await records.payment(payment(2).paymentId))?.state, 'failed');
        assert.equal(await records.payment(payment(3).paymentId), undefined);
        assert.deepEqual(await records.agreement(agreement.agreementId), agreement);
        assert.equal(await records.agreement('0'.repeat(31)), undefined);
      });

      test('many records are found by their names at once, as many as there are', async () => {
        const store = await openOne();
        await write(store, 1, { payments: Array.from({ length: 50 }, (_, index) => payment(index)) });
        const names = [3, 17, 99, 49].map((number) => payment(number).paymentId);
        const found = await store.records.paymentsNamed(names);
        assert.deepEqual(
          found.sort((a, b) => (a.paymentId < b.paymentId ? -1 : 1)),
          [payment(3), payment(17), payment(49)],
        );
        assert.deepEqual(await store.records.paymentsNamed([]), []);
      });

      test('of two rows of one key in one change the later one stays', async () => {
        const store = await openOne();
        await write(store, 1, { payments: [payment(1), payment(1, { state: 'succeeded' })] });
        assert.equal((await store.records.payment(payment(1).paymentId))?.state, 'succeeded');
      });

      test('writing the same change again changes nothing; one from before the cursor is refused whole', async () => {
        const store = await openOne();
        await write(store, 5, { payments: [payment(1, { state: 'succeeded' })] });
        await write(store, 5, { payments: [payment(1, { state: 'succeeded' })] });
        await assert.rejects(write(store, 4, { payments: [payment(1)] }), { name: 'StaleRecordsError' });
        assert.equal((await store.records.payment(payment(1).paymentId))?.state, 'succeeded');
        assert.equal(await store.records.cursor(), 5);
      });

      test('what a value may hold comes back: null, quotes, other alphabets, the largest numbers', async () => {
        const store = await openOne();
        const odd = payment(1, {
          endToEndId: `a"b'c\\d,{e} NULL 通衢`,
          reference: null,
          amount: 10_000_000_000_000n,
          sequence: Number.MAX_SAFE_INTEGER,
        });
        await write(store, 1, { payments: [odd], cycles: [cycle(1, { turnover: 10n ** 30n })] });
        assert.deepEqual(await store.records.payment(odd.paymentId), odd);
        assert.equal((await store.records.cycle(1))?.turnover, 10n ** 30n);
      });

      test('payments are searched by every field, newest first, page by page', async () => {
        const store = await openOne();
        const list = Array.from({ length: 25 }, (_, index) =>
          payment(index, {
            instructingAgent: index % 2 ? '00101' : '00102',
            instructedAgent: index % 5 ? '00201' : '00101',
            state: index % 3 ? 'succeeded' : 'failed',
            cycle: index % 3 ? 1 + (index % 2) : 0,
            submittedAt: 1_000 + Math.floor(index / 4),
          }),
        );
        await write(store, 1, { payments: list });
        const ids = async (query: Parameters<Store['records']['payments']>[0]) =>
          (await store.records.payments(query)).map((found) => found.paymentId);
        const expected = (keep: (row: PaymentRecord) => boolean) =>
          list
            .filter(keep)
            .sort((a, b) => b.submittedAt - a.submittedAt || (a.paymentId < b.paymentId ? -1 : 1))
            .map((row) => row.paymentId);
        const touches = (row: PaymentRecord) => row.instructingAgent === '00101' || row.instructedAgent === '00101';

        assert.deepEqual(
          await ids({ limit: 100 }),
          expected(() => true),
        );
        assert.deepEqual(await ids({ limit: 100, participant: '00101' }), expected(touches));
        assert.deepEqual(
          await ids({ limit: 100, state: 'failed' }),
          expected((row) => row.state === 'failed'),
        );
        assert.deepEqual(
          await ids({ limit: 100, cycle: 2 }),
          expected((row) => row.cycle === 2),
        );
        assert.deepEqual(await ids({ limit: 100, endToEndId: list[7].endToEndId }), [list[7].paymentId]);
        assert.deepEqual(
          await ids({ limit: 100, from: 1_002, to: 1_004 }),
          expected((row) => row.submittedAt >= 1_002 && row.submittedAt < 1_004),
        );
        assert.deepEqual(
          await ids({ limit: 100, participant: '00101', state: 'succeeded', cycle: 1, from: 1_001 }),
          expected((row) => touches(row) && row.cycle === 1 && row.submittedAt >= 1_001),
        );
        for (const query of [{}, { participant: '00101' }]) {
          const paged: string[] = [];
          for (;;) {
            const last = paged.at(-1);
            const page = await ids({ ...query, limit: 4, ...(last === undefined ? {} : { after: last }) });
            paged.push(...page);
            if (page.length < 4) break;
          }
          assert.deepEqual(paged, await ids({ ...query, limit: 100 }));
        }
        assert.deepEqual(await ids({ limit: 4, after: '9'.repeat(31) }), []);
      });

      test('payments of a cycle are those that succeeded in it and touch the participant, by id', async () => {
        const store = await openOne();
        const list = Array.from({ length: 4_500 }, (_, index) =>
          payment(4_500 - index, {
            instructingAgent: index % 2 ? '00101' : '00102',
            instructedAgent: index % 7 ? '00201' : '00101',
            state: index % 10 ? 'succeeded' : 'reversing',
            cycle: index % 11 ? 3 : 4,
          }),
        );
        await write(store, 1, { payments: list });
        const found = await collect(store.records.paymentsOfCycle(3, '00101'));
        const expected = list.filter(
          (row) =>
            row.cycle === 3 &&
            row.state === 'succeeded' &&
            (row.instructingAgent === '00101' || row.instructedAgent === '00101'),
        );
        assert.deepEqual(found, expected.reverse());
        assert.deepEqual(await collect(store.records.paymentsOfCycle(5, '00101')), []);
      });

      test('a file is there when it is sealed, whole, and for ever', async () => {
        const { records } = await openOne();
        const reused = Buffer.alloc(8);
        const put = async (part: number, hash: string, ...bytes: number[]) => {
          reused.set(bytes);
          const content = reused.subarray(0, bytes.length);
          await records.putFilePart(2, '00101', { part, payments: part, hash, content });
          reused.fill(0xff);
        };
        const file = { cycle: 2, participant: '00101', payments: 3, bytes: 5, hash: 'all', parts: 2 };

        await put(1, 'lost in a crash', 9);
        await put(2, 'two', 4, 5);
        await put(3, 'of a longer one, lost in a crash', 6);
        assert.equal(await records.file(2, '00101'), undefined);
        assert.deepEqual(await records.fileParts(2, '00101'), []);
        assert.equal(await records.filePart(2, '00101', 2), undefined);
        await assert.rejects(records.sealFile(file), /has 3 bytes, not 5/);
        await put(1, 'one', 1, 2, 3);
        await assert.rejects(records.sealFile({ ...file, payments: 4 }), /has 3 payments, not 4/);
        await assert.rejects(records.sealFile({ ...file, parts: 4 }), /has 3 parts, not 4/);
        await assert.rejects(records.sealFile({ ...file, parts: 0 }), /has 0 parts, not 0/);

        await records.sealFile(file);
        await records.sealFile(file);
        await assert.rejects(records.sealFile({ ...file, hash: 'other' }), /another content/);
        await assert.rejects(put(1, 'late', 0), /is sealed/);
        assert.deepEqual(await records.file(2, '00101'), file);
        assert.deepEqual(await records.fileParts(2, '00101'), [
          { part: 1, payments: 1, bytes: 3, hash: 'one' },
          { part: 2, payments: 2, bytes: 2, hash: 'two' },
        ]);
        assert.deepEqual([...(await records.filePart(2, '00101', 1))!], [1, 2, 3]);
        assert.deepEqual([...(await records.filePart(2, '00101', 2))!], [4, 5]);
        for (const part of [0, 3]) assert.equal(await records.filePart(2, '00101', part), undefined);
        assert.equal(await records.file(2, '00102'), undefined);
        assert.equal(await records.file(3, '00101'), undefined);
      });

      test('cycles, positions, work items and hints are kept', async () => {
        const store = await openOne();
        const positions = [
          { participant: '00101', currency: 156, credits: 5n, debits: 10n ** 20n },
          { participant: '00101', currency: 840, credits: 1n, debits: 2n },
          { participant: '00201', currency: 156, credits: 10n ** 20n, debits: 5n },
        ].map((row) => ({ ...row, cycle: 2, creditCount: 1, debitCount: 3 }));
        const item = { kind: 'unknownPayment', subject: 'x', openedAt: 1, owner: '', resolution: '' };
        const items = [
          { ...item, workItemId: 'b', dueAt: 9, closedAt: 0 },
          { ...item, workItemId: 'a', dueAt: 8, closedAt: 0 },
          { ...item, workItemId: 'c', dueAt: 7, closedAt: 5 },
        ];
        await write(store, 1, { cycles: [cycle(1), cycle(3), cycle(2)], positions, workItems: items });
        const { records } = store;
        assert.deepEqual(
          (await records.cycles(2)).map((row) => row.cycle),
          [3, 2],
        );
        assert.deepEqual(await records.cycle(2), cycle(2));
        assert.equal(await records.cycle(9), undefined);
        assert.deepEqual(await records.positions(2), positions);
        assert.deepEqual(await records.positions(1), []);
        assert.deepEqual(
          (await records.workItems(true)).map((row) => row.workItemId),
          ['a', 'b'],
        );
        assert.deepEqual(await records.workItems(false), [items[2]]);

        assert.equal(await records.hint('outbox'), undefined);
        await records.putHint('outbox', 41);
        await records.putHint('outbox', 7);
        assert.equal(await records.hint('outbox'), 7);
      });
    });
  });
}

const emptyChange: RecordsChange = {
  sequence: 0,
  payments: [],
  agreements: [],
  cycles: [],
  positions: [],
  workItems: [],
};

function payment(number: number, change: Partial<PaymentRecord> = {}): PaymentRecord {
  return {
    paymentId: `20261122100101${String(number).padStart(11, '0')}010001`,
    kind: 'agreementPayment',
    instructingAgent: '00101',
    instructedAgent: '00201',
    endToEndId: `order-${number}`,
    amount: 12_345n,
    currency: 156,
    reference: '2026112210010100000000001010001',
    state: 'offered',
    reason: '',
    cycle: 0,
    receivedAt: 1_790_000_000_000,
    submittedAt: 1_790_000_000_001,
    changedAt: 1_790_000_000_002,
    sequence: 1,
    requestSequence: 1,
    requestIndex: 0,
    answerSequence: 0,
    answerIndex: 0,
    hash: '00112233445566778899aabbccddeeff',
    ...change,
  };
}

const agreement: AgreementRecord = {
  agreementId: '2026112210010100000000001010001',
  institution: '00101',
  bank: '00201',
  paymentLimit: 500_000n,
  currency: 156,
  expiresOn: 20271122,
  state: 'active',
  reason: '',
  changedAt: 1_790_000_000_000,
  sequence: 1,
};

function cycle(number: number, change: Partial<CycleRecord> = {}): CycleRecord {
  return {
    cycle: number,
    businessDate: 20261122,
    state: 'settled',
    openedAt: 1_790_000_000_000,
    cutOffAt: 1_790_000_060_000,
    nettedAt: 1_790_000_061_000,
    settledAt: 1_790_000_062_000,
    payments: 2,
    turnover: 24_690n,
    ...change,
  };
}
