import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  canonicalPayment,
  canonicalPaymentAnswer,
  formatTime,
  type PaymentAnswer,
  type PaymentRequest,
  type PaymentStatus,
  problem,
  signMessage,
} from '@clearway/contract';
import { realChance, realClock, realCrypto } from '@clearway/ports/real';
import { createInstitution, createReceiver, type Handlers, type Institution, Refused } from '@clearway/sdk';
import { openJournalFile } from '@clearway/sdk/node';
import { createTestPlatform, type Fate, testScheme } from '@clearway/sdk/testing';
import type { Next } from './order.ts';
import { createWalletReconciler } from './reconciliation.ts';
import type { WalletReconciliation } from './report.ts';
import { createTally } from './tally.ts';
import { createWallet } from './wallet.ts';
import { createWalletBook, type WalletRecord } from './wallet-book.ts';

const order: Next = {
  ...{ kind: 'agreementPayment', bank: '00201', endToEndId: 'order-1' },
  agreementId: '2026112210010100000000001010001',
  amount: { amount: '10.00', currency: 'CNY' },
};

let folder: string;
let journals = 0;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clearway-wallet-'));
});
after(() => rm(folder, { recursive: true }));

const hashOf = (payment: PaymentRequest) =>
  Buffer.from(realCrypto.sha256(canonicalPayment(testScheme, payment))).toString('hex');

type Decide = NonNullable<Handlers['offer']>;

/** A wallet before the test platform and one bank; `start` begins anew from the same journal. Time flies at will. */
async function rig(decide: Decide = async () => ({ answer: 'succeeded', answeredAt: Date.now() })) {
  let skipped = 0;
  const clock = { ...realClock, elapsed: () => realClock.elapsed() + skipped };
  const platform = await createTestPlatform({ clock, chance: realChance, crypto: realCrypto });
  const options = await platform.admit('00101', 'paymentInstitution');
  const bankOptions = await platform.admit('00201', 'bank');
  const bank = createInstitution(bankOptions);
  const offered: string[] = [];
  const handlers: Handlers = {
    async offer(question) {
      offered.push(question.payment.paymentId);
      return decide(question);
    },
    notice: async () => {},
  };
  platform.network.connect('00201.test', createReceiver({ ...bankOptions, handlers }));
  const path = join(folder, `${++journals}.jsonl`);
  const problems: string[] = [];
  const reports: WalletReconciliation[] = [];

  async function start(change: Partial<Institution> = {}) {
    const institution = { ...createInstitution({ ...options, attempts: 1 }), ...change };
    const [book, tally] = [createWalletBook(), createTally()];
    const journal = await openJournalFile<WalletRecord>({
      path,
      restore: book.apply,
      onFailure: (error) => assert.fail(error as Error),
    });
    const wallet = createWallet({
      ...{ clock, institution, book, journal, tally },
      problem: (message) => problems.push(message),
      cycleSettled: () => {},
    });
    platform.network.connect('00101.test', createReceiver({ ...options, handlers: wallet.handlers }));
    const reconcile = createWalletReconciler({
      ...{ clock, institution, participant: '00101', book, write: wallet.write },
      report: (reconciliation) => reports.push(reconciliation),
    });
    /** Lets the next retries be due, and waits until they are answered. */
    async function resolveAll(): Promise<void> {
      wallet.resolve();
      skipped += 60_000;
      wallet.resolve();
      while (wallet.inFlight() > 0) await new Promise(setImmediate);
    }
    return { ...{ book, tally, wallet, reconcile, journal, resolveAll } };
  }

  /** Of submitted payments. */
  const fates: Fate[] = [];
  platform.network.fate = ({ method, url }) =>
    method === 'POST' && url.endsWith('/v1/payments') ? (fates.shift() ?? 'delivered') : 'delivered';
  const sent = () =>
    platform.network.sent.filter(({ method, url }) => method === 'POST' && url.endsWith('/v1/payments'));
  const tell = (payment: PaymentStatus) => platform.tell('00101', { type: 'payment', payment });
  /** What the bank would answer, signed by it. */
  async function sign(payment: PaymentRequest, answer: PaymentAnswer['answer']): Promise<PaymentAnswer> {
    const { paymentId } = payment;
    const message = { paymentId, paymentHash: hashOf(payment), answer, answeredAt: formatTime(Date.now()) };
    const canonical = canonicalPaymentAnswer(testScheme, '00201', message);
    return { ...message, signature: await signMessage(realCrypto, bankOptions.signing, canonical) };
  }
  return { platform, bank, start, offered, problems, reports, fates, sent, path, tell, sign };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate);
}

test('a payment that is being written down is not enquired about, and so not sent before it is durable', async () => {
  const { start, sent } = await rig();
  const { book, wallet } = await start();
  const sending = wallet.send(order);
  while (book.recent().length === 0) await new Promise(setImmediate);
  await wallet.send({ kind: 'enquiry', paymentId: book.recent()[0]! });
  await sending;
  assert.equal(sent().length, 1);
});

test('the intent is in the journal before the message leaves, the answer before it counts', async () => {
  let written = '';
  const world = await rig(async () => {
    written = await readFile(world.path, 'utf8');
    return { answer: 'succeeded', answeredAt: Date.now() };
  });
  const { wallet, tally } = await world.start();
  assert.equal(await wallet.send(order), true);
  assert.match(written, /"type":"intent".*"endToEndId":"order-1".*"signature"/);
  assert.match(await readFile(world.path, 'utf8'), /"type":"answer".*"source":"submit".*"state":"succeeded"/);
  assert.deepEqual([tally.counts.sent, tally.counts.succeeded, tally.readLatency().count], [1, 1, 1]);
});

for (const fate of ['requestLost', 'answerLost', 'neverSent'] as const) {
  test(`a payment whose answer did not come (${fate}) is sent again byte by byte, also after a restart, and paid once`, async () => {
    const world = await rig();
    const first = await world.start();
    world.fates.push(fate, fate);
    await first.wallet.send(order);
    assert.equal(first.book.open().size, 1);
    await first.resolveAll();
    assert.equal(first.book.open().size, 1);
    await first.journal.close();
    const second = await world.start();
    assert.equal(second.book.open().size, 1);
    await second.resolveAll();
    assert.deepEqual([second.book.open().size, second.tally.counts.succeeded, world.offered.length], [0, 1, 1]);
    const bodies = new Set(world.sent().map(({ body }) => Buffer.from(body).toString()));
    assert.deepEqual([world.sent().length, bodies.size], [3, 1]);
  });
}

test('an unknown payment is enquired about, not sent again, and ended by the bank’s late answer', async () => {
  const world = await rig(async () => 'later');
  const { wallet, book, tally, resolveAll } = await world.start();
  await wallet.send(order);
  assert.deepEqual([tally.counts.unknown, book.open().size], [1, 1]);
  const [{ message: payment }] = book.open().values();
  const paymentHash = hashOf(payment);
  const decision = { answer: 'failed', reason: 'bankDeclined', answeredAt: Date.now() } as const;
  await world.bank.answerLater({ payment, paymentHash }, decision);
  await resolveAll();
  await until(() => tally.counts.failed === 1);
  assert.deepEqual([tally.counts.failures, tally.counts.enquiries, world.sent().length], [{ bankDeclined: 1 }, 1, 1]);
});

test('an unknown payment that the platform has not got is sent again', async () => {
  const world = await rig(async () => 'later');
  const { wallet, book, tally, resolveAll } = await world.start();
  await wallet.send(order);
  world.platform.forget([...book.open().keys()][0]);
  await resolveAll();
  await until(() => world.sent().length === 2);
  const [first, second] = world.sent();
  assert.deepEqual([second.body, tally.counts.unknown, world.problems], [first.body, 1, []]);
});

for (const [reason, sent] of [
  ['requestExpired', 2],
  ['enquiryBudgetSpent', 1],
] as const) {
  test(`an unknown payment whose enquiry is refused with ${reason} is sent ${sent === 2 ? 'again' : 'only once'}`, async () => {
    const world = await rig(async () => 'later');
    let asked = 0;
    const { wallet, book, resolveAll } = await world.start({
      async enquire() {
        asked++;
        throw new Refused(problem(reason, 'by the test'));
      },
    });
    await wallet.send(order);
    await resolveAll();
    await until(() => asked === 1 && world.sent().length === sent);
    assert.equal(book.open().size, 1);
  });
}

test('a notice ends a payment, and one to the contrary is told to a person and changes nothing', async () => {
  const world = await rig(async () => 'later');
  const { wallet, book, tally } = await world.start();
  await wallet.send(order);
  const [{ message: payment }] = book.open().values();
  const { paymentId } = payment;
  const status = world.platform.payment(paymentId)!;
  const succeeded = { ...status, state: 'succeeded', isoStatus: 'ACSP', cycle: 1 } as const;
  await world.tell({ ...succeeded, answer: await world.sign(payment, 'succeeded') });
  assert.deepEqual([tally.counts.succeeded, book.payment(paymentId)?.cycle, world.problems], [1, 1, []]);
  const failed = { ...status, state: 'failed', isoStatus: 'RJCT', reason: 'bankNeverProcessed' } as const;
  await world.tell({ ...failed, answer: await world.sign(payment, 'neverProcessed') });
  assert.deepEqual([tally.counts.failed, book.payment(paymentId)?.state, world.problems.length], [0, 'succeeded', 1]);
});

test('a definite refusal ends a payment', async () => {
  const world = await rig();
  const { wallet, tally, book } = await world.start();
  await wallet.send({ ...order, expiresInMs: 0 } as Next);
  assert.deepEqual([tally.counts.refusals, book.open().size], [{ requestExpired: 1 }, 0]);
});

test('a customer whose agreement the bank does not know has to sign anew', async () => {
  const world = await rig(async () => ({ answer: 'failed', reason: 'bankAgreementUnknown', answeredAt: Date.now() }));
  const { wallet, book } = await world.start();
  const { agreementId } = order as { agreementId: string };
  await wallet.write({ type: 'agreement', at: 1, bank: '00201', number: 1, agreementId });
  await wallet.send(order);
  assert.equal(book.agreementOf({ bank: '00201', number: 1 }), undefined);
});

test('the file of a settled cycle agrees, and tells a success whose answer never came', async () => {
  const world = await rig();
  const { wallet, book, reconcile } = await world.start();
  await wallet.send(order);
  world.fates.push('answerLost');
  await wallet.send({ ...order, endToEndId: 'order-2' });
  assert.equal(book.open().size, 1);
  world.platform.settleCycle();
  await reconcile();
  assert.deepEqual(world.reports, [
    {
      ...{ type: 'reconciliation', participant: '00101', cycle: 1, payments: 2 },
      ...{ differences: 0, learnt: 1, unmatched: 0, examples: [] },
    },
  ]);
  assert.equal(book.open().size, 0);
  assert.deepEqual([(await world.start()).book.isReconciled(1), world.problems], [true, []]);
});
