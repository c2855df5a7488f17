import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  canonicalPayment,
  checkPaymentRequest,
  type PaymentStatus,
  verifyingKeys,
  verifyMessage,
} from '@clearway/contract';
import { type Suite, suites } from '@clearway/ports';
import { realChance, realClock, realCrypto } from '@clearway/ports/real';
import { createInstitution, signPaymentAnswer } from './institution.ts';
import { Refused, Unanswered } from './outcome.ts';
import { createReceiver, type Handlers } from './receiver.ts';
import { createTestPlatform, testScheme } from './testing/index.ts';

const amount = { amount: '12.30', currency: 'CNY' };
const agreementId = '2026112210010100000000001010001';
const order = { bank: '00201', agreementId, amount, endToEndId: 'order-1' };
const now = () => Date.now();

async function rig(handlers: Partial<Handlers> = {}, suite: Suite = 'ed25519') {
  const platform = await createTestPlatform({ clock: realClock, chance: realChance, crypto: realCrypto, suite });
  const options = await platform.admit('00101', 'paymentInstitution');
  const bankOptions = await platform.admit('00201', 'bank');
  const defaults: Handlers = {
    offer: async () => ({ answer: 'succeeded', answeredAt: now() }),
    notice: async () => {},
  };
  platform.network.connect('00201.test', createReceiver({ ...bankOptions, handlers: { ...defaults, ...handlers } }));
  return { platform, options, bankOptions, institution: createInstitution({ ...options, attempts: 2 }) };
}

for (const suite of Object.keys(suites) as Suite[]) {
  test(`a payment is signed end to end (${suite}), reaches the bank, and its success is proved by the bank`, async () => {
    const { institution, platform } = await rig({}, suite);
    const message = await institution.preparePayment({ kind: 'agreementPayment', ...order });
    assert.equal(checkPaymentRequest(message).ok, true);
    const keys = verifyingKeys(platform.directory[0].keys);
    assert.equal(await verifyMessage(realCrypto, keys, canonicalPayment(testScheme, message), message.signature), true);
    const status = await institution.submitPayment(message);
    assert.deepEqual([status.state, status.answer?.answer, status.cycle], ['succeeded', 'succeeded', 1]);
    assert.deepEqual(await institution.submitPayment(message), status);
    assert.deepEqual(await institution.enquire(message.paymentId), status);
  });
}

test('what is sealed is read by the bank alone, under the names of the contract', async () => {
  let seen: unknown;
  const { institution, platform } = await rig({
    offer: async ({ details }) => {
      seen = details;
      return { answer: 'succeeded', answeredAt: now() };
    },
  });
  const creditor = { name: 'Ada', account: '6200000000000001' };
  await institution.payOut({ bank: '00201', amount, endToEndId: 'payout-1', creditor, details: { purpose: 'salary' } });
  assert.deepEqual(seen, { creditorName: 'Ada', creditorAccount: '6200000000000001', purpose: 'salary' });
  const crossed = platform.network.sent.map(({ body }) => Buffer.from(body).toString('latin1')).join();
  assert.equal(/Ada|6200000000000001|salary/.test(crossed), false);
});

test('a refund has the routing digits of its original', async () => {
  const { institution } = await rig();
  const originalPaymentId = '2026112110010100000000009370042';
  const refund = { kind: 'refund', bank: '00201', originalPaymentId, amount, endToEndId: 'refund-1' } as const;
  assert.equal((await institution.preparePayment(refund)).paymentId.slice(-6), '370042');
});

test('a failure is told with the bank’s reason, and a silent bank makes an unknown', async () => {
  const failing = await rig({
    offer: async () => ({ answer: 'failed', reason: 'bankInsufficientFunds', answeredAt: now() }),
  });
  const failed = await failing.institution.pay(order);
  assert.deepEqual([failed.state, failed.reason], ['failed', 'bankInsufficientFunds']);
  const silent = await rig({ offer: async () => 'later' });
  assert.equal((await silent.institution.pay(order)).state, 'unknown');
});

test('a late answer ends an unknown', async () => {
  const { institution, bankOptions, platform } = await rig({ offer: async () => 'later' });
  const message = await institution.preparePayment({ kind: 'agreementPayment', ...order });
  await institution.submitPayment(message);
  const bank = createInstitution(bankOptions);
  const paymentHash = Buffer.from(realCrypto.sha256(canonicalPayment(testScheme, message))).toString('hex');
  await bank.answerLater({ payment: message, paymentHash }, { answer: 'succeeded', answeredAt: now() });
  assert.equal(platform.payment(message.paymentId)?.state, 'succeeded');
});

const forgeries: readonly (readonly [
  string,
  (status: PaymentStatus, forged: PaymentStatus['answer']) => PaymentStatus,
])[] = [
  ['without the bank’s answer', ({ answer: _, ...status }) => status],
  ['with an answer that says otherwise', (status) => ({ ...status, state: 'failed', isoStatus: 'RJCT' })],
  [
    'with an answer to other content',
    (status) => ({ ...status, answer: { ...status.answer!, paymentHash: '0'.repeat(64) } }),
  ],
  [
    'with an answer to another payment',
    (status) => ({ ...status, answer: { ...status.answer!, paymentId: agreementId } }),
  ],
  ['with an answer that somebody else signed', (status, forged) => ({ ...status, answer: forged! })],
];
for (const [what, forge] of forgeries) {
  test(`an outcome ${what} is not believed`, async () => {
    const { institution, platform, options } = await rig();
    const message = await institution.preparePayment({ kind: 'agreementPayment', ...order });
    const status = await institution.submitPayment(message);
    const { paymentHash } = status.answer!;
    const decision = { answer: 'succeeded', answeredAt: now() } as const;
    const forged = await signPaymentAnswer({ ...options, code: '00201' }, status.paymentId, paymentHash, decision);
    platform.setPayment(forge(status, forged));
    await assert.rejects(institution.submitPayment(message), Unanswered);
  });
}

test('a refusal is told with its problem', async () => {
  const { institution } = await rig();
  const message = await institution.preparePayment({ kind: 'agreementPayment', ...order });
  await institution.submitPayment(message);
  const other = { ...message, endToEndId: 'other' };
  await assert.rejects(institution.submitPayment(other), (error) => {
    return error instanceof Refused && error.problem.reason === 'identifierReused' && error.problem.status === 409;
  });
  await assert.rejects(institution.enquire(agreementId), { name: 'Refused' });
});

test('a payment that is refused for the key it is signed with is not refused for certain before it expires', async () => {
  const { options } = await rig();
  const { privateKey } = await realCrypto.generateSigningKey('ed25519');
  const institution = createInstitution({ ...options, attempts: 1 });
  const message = await institution.preparePayment({ kind: 'agreementPayment', ...order });
  const stranger = createInstitution({ ...options, attempts: 1, signing: { ...options.signing, privateKey } });
  await assert.rejects(stranger.submitPayment(message), Unanswered);
  const past = { ...message, expiresAt: new Date(now() - 1000).toISOString() };
  await assert.rejects(stranger.submitPayment(past), Refused);
});

test('details that do not fit, and banks that do not exist, are errors before anything is sent', async () => {
  const { institution, platform } = await rig();
  const creditor = { name: 'x'.repeat(5000), account: '1' };
  await assert.rejects(institution.payOut({ bank: '00201', amount, endToEndId: 'e', creditor }), RangeError);
  await assert.rejects(
    institution.payOut({ bank: '00299', amount, endToEndId: 'e', creditor }),
    /no participant 00299/,
  );
  assert.equal(
    platform.network.sent.some(({ url }) => url.endsWith('/v1/payments')),
    false,
  );
});

test('an order may be given little time, and no more than the platform allows', async () => {
  const { institution } = await rig();
  const left = async (expiresInMs?: number) => {
    const asked = expiresInMs === undefined ? order : { ...order, expiresInMs };
    const { expiresAt } = await institution.preparePayment({ kind: 'agreementPayment', ...asked });
    return Math.round((Date.parse(expiresAt) - now()) / 1000);
  };
  assert.deepEqual([await left(2_000), await left(), await left(600_000)], [2, 10, 60]);
});

test('signing in two steps, and rescission', async () => {
  let asked: unknown;
  const { institution } = await rig({
    signing: async ({ details }) => {
      asked = details;
      return { answer: 'codeSent', answeredAt: now() };
    },
    confirmation: async ({ code }) =>
      code === '123456'
        ? { answer: 'active', answeredAt: now() }
        : { answer: 'failed', reason: 'bankCodeWrong', answeredAt: now() },
  });
  const debtor = { name: 'Ada', account: '1', document: '2', phone: '3' };
  const request = { bank: '00201', paymentLimit: amount, expiresOn: '2027-11-22', debtor };
  const { agreementId, state } = await institution.requestAgreement(request);
  assert.equal(state, 'codeSent');
  assert.deepEqual(asked, { debtorName: 'Ada', debtorAccount: '1', document: '2', phone: '3' });
  const confirm = async (code: string) =>
    (await institution.confirmAgreement({ agreementId, bank: '00201', code })).state;
  assert.deepEqual([await confirm('000000'), await confirm('123456')], ['failed', 'active']);
  assert.equal((await institution.rescindAgreement(agreementId)).state, 'rescinded');
  assert.equal((await institution.agreement(agreementId)).state, 'rescinded');
});
