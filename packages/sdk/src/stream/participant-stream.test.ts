import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { paymentStates, streamProtocol } from '@clearway/contract';
import { realChance, realClock, realCrypto, realLinks } from '@clearway/ports/real';
import { selfSigned } from '@clearway/ports/testing';
import { createInstitution } from '../institution.ts';
import { Refused, Unanswered } from '../outcome.ts';
import type { FinalNotice, OfferQuestion, PaymentDecision } from '../question.ts';
import { createReceiver } from '../receiver.ts';
import { createTestPlatform } from '../testing/index.ts';
import { createParticipantStream } from './participant-stream.ts';
import { type HeldPayment, startTestPlatform } from './test-platform.ts';
import { until } from './test-stream.ts';

const certificates = { platform: selfSigned('platform'), client: selfSigned('client') };
const yes: PaymentDecision = { answer: 'succeeded', answeredAt: 1_800_000_000_000 };
const amount = { amount: '12.30', currency: 'CNY' };

/** An institution and a bank, both on the stream; what is not payments goes over HTTP within the process. */
async function start(t: TestContext, decide: (question: OfferQuestion) => Promise<PaymentDecision | 'later'>) {
  const http = await createTestPlatform({ clock: realClock, chance: realChance, crypto: realCrypto });
  const [own, bankOwn] = [await http.admit('00101', 'paymentInstitution'), await http.admit('00201', 'bank')];
  const keys = new Map(http.directory.map(({ code, keys: [key] }) => [Number(code), key.publicKey]));
  const platform = await startTestPlatform({ tls: certificates.platform, keys });
  t.after(() => platform.close());
  const failures: Error[] = [];
  const questions: OfferQuestion[] = [];
  const notices: { institution: FinalNotice[]; bank: FinalNotice[] } = { institution: [], bank: [] };
  const links = realLinks({
    ca: certificates.platform.cert,
    cert: certificates.client.cert,
    key: certificates.client.key,
    protocol: streamProtocol,
  });
  const streamOf = (options: typeof own, patienceMs?: number) => {
    const stream = createParticipantStream({
      ...options,
      addresses: [platform.address],
      links,
      failed: (error) => failures.push(error),
      ...(patienceMs && { patienceMs }),
    });
    t.after(() => stream.close());
    return stream;
  };
  const bankOptions = { ...bankOwn, stream: streamOf(bankOwn) };
  const bank = createReceiver({
    ...bankOptions,
    handlers: {
      offer: (question) => {
        questions.push(question);
        return decide(question);
      },
      notice: async (notice) => void notices.bank.push(notice),
    },
  });
  http.network.connect('00201.test', bank);
  const options = { ...own, stream: streamOf(own) };
  createReceiver({ ...options, handlers: { notice: async (notice) => void notices.institution.push(notice) } });
  const institution = createInstitution(options);
  await until(() => bankOptions.stream.counts.links + options.stream.counts.links === 2, 'links');
  return { http, platform, institution, own, streamOf, failures, questions, notices };
}

const payout = (endToEndId: string) => ({
  bank: '00201',
  amount,
  endToEndId,
  creditor: { name: '王小明', account: '6222 0000' },
});

test('a payment over the stream has the same promise, the same details and the same notices as over HTTP', async (t) => {
  const { institution, platform, questions, notices } = await start(t, async () => yes);
  const status = await institution.payOut(payout('订单 4711'));
  assert.equal(status.state, 'succeeded');
  assert.equal(status.isoStatus, 'ACSP');
  assert.equal(status.cycle, 1);
  assert.deepEqual(status.interbankSettlementAmount, amount);
  const [question] = questions;
  assert.equal(question.payment.endToEndId, '订单 4711');
  assert.equal(question.payment.paymentId, status.paymentId);
  assert.equal(question.institution, '00101');
  assert.equal(question.amount, 1230);
  assert.deepEqual(question.details, { creditorName: '王小明', creditorAccount: '6222 0000' });
  await until(() => notices.bank.length === 1, 'the bank’s notice');
  assert.equal(notices.bank[0].payment?.cycle, 1);
  assert.equal(notices.institution.length, 0);
  assert.equal(platform.payments.get([...platform.payments.keys()][0])?.state, paymentStates.succeeded);
  assert.deepEqual(platform.faults, []);
});

test('a bank’s no comes with its reason', async (t) => {
  const no = { answer: 'failed', reason: 'bankInsufficientFunds', answeredAt: 1_800_000_000_000 } as const;
  const { institution } = await start(t, async () => no);
  const status = await institution.payOut(payout('order-1'));
  assert.deepEqual([status.state, status.reason], ['failed', 'bankInsufficientFunds']);
});

test('a refund goes to the cell of its original', async (t) => {
  const { institution, questions } = await start(t, async () => yes);
  const originalPaymentId = '2026112210010112345678901010001';
  await institution.refund({ bank: '00201', amount, endToEndId: 'refund-1', originalPaymentId });
  assert.equal(questions[0].payment.originalPaymentId, originalPaymentId);
  assert.equal(questions[0].payment.paymentId.slice(-6), originalPaymentId.slice(-6));
});

test('an unknown payment resolves as unknown, and its end is told as a notice', async (t) => {
  const { institution, platform, notices } = await start(t, async () => 'later');
  const message = await institution.preparePayment({ kind: 'payout', ...payout('order-1') });
  const told = institution.submitPayment(message);
  await until(() => platform.payments.size === 1, 'the payment');
  const [payment] = platform.payments.values();
  (payment as HeldPayment).state = paymentStates.unknown;
  platform.tell(payment.id);
  assert.equal((await told).state, 'unknown');
  assert.equal((await institution.submitPayment(message, { again: true })).state, 'unknown');
  platform.resolve(payment.id, 'succeeded');
  await until(() => notices.institution.length === 1, 'the notice');
  assert.equal(notices.institution[0].payment?.state, 'succeeded');
  assert.equal(notices.institution[0].payment?.paymentId, message.paymentId);
});

test('the same message sent twice at a time is one payment', async (t) => {
  const { institution, platform } = await start(t, async () => yes);
  const message = await institution.preparePayment({ kind: 'payout', ...payout('order-1') });
  const [first, second] = await Promise.all([institution.submitPayment(message), institution.submitPayment(message)]);
  assert.deepEqual(first, second);
  assert.equal([...platform.payments.values()][0].copies, 1);
});

test('what is definitely not done throws Refused', async (t) => {
  const { institution, platform, http } = await start(t, async () => yes);
  platform.fate = () => ({ notProcessed: 'participantSuspended' });
  await http.admit('00202', 'bank');
  const refused = institution.payOut({ ...payout('order-1'), bank: '00202' });
  await assert.rejects(refused, (error) => error instanceof Refused && error.problem.reason === 'participantSuspended');
});

test('a payment to a bank that is not on the stream goes over HTTP', async (t) => {
  const { institution, platform, http, questions } = await start(t, async () => yes);
  platform.fate = () => ({ notProcessed: 'bankNotOnStream' });
  await http.admit('00202', 'bank');
  const status = await institution.payOut({ ...payout('order-1'), bank: '00202' });
  assert.equal(status.state, 'unknown');
  assert.equal(http.network.sent.filter(({ url }) => url.endsWith('/v1/payments')).length, 1);
  assert.equal(questions.length, 0);
});

test('without a link there is no answer to rely on, and nothing is sent later', async (t) => {
  const { own, platform, streamOf, institution } = await start(t, async () => yes);
  const message = await institution.preparePayment({ kind: 'payout', ...payout('order-1') });
  await platform.close();
  const stream = streamOf(own, 50);
  await assert.rejects(stream.submit(message, false), Unanswered);
  assert.equal(stream.counts.payments, 0);
});

test('a handler that throws gives no answer, and is reported', async (t) => {
  const { institution, failures, platform } = await start(t, async () => {
    throw new Error('the books cannot be written');
  });
  const waiting = institution.payOut(payout('order-1'));
  await until(() => failures.length === 1, 'the report');
  assert.match(failures[0].message, /books/);
  const [payment] = platform.payments.values();
  platform.resolve(payment.id, 'failed');
  assert.equal((await waiting).state, 'failed');
});
