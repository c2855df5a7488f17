import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  canonicalPaymentAnswer,
  checkPaymentAnswer,
  type Offer,
  type PaymentStatus,
  type Problem,
  signRequest,
  verifyingKeys,
  verifyMessage,
} from '@clearway/contract';
import type { HttpRequest } from '@clearway/ports';
import { realChance, realClock, realCrypto } from '@clearway/ports/real';
import { createInstitution } from './institution.ts';
import { Refusal } from './outcome.ts';
import type { FinalNotice, OfferQuestion } from './question.ts';
import { createReceiver, type Handlers } from './receiver.ts';
import { createTestPlatform, testScheme } from './testing/index.ts';

const amount = { amount: '12.30', currency: 'CNY' };
const answeredAt = Date.parse('2026-11-22T10:00:00.000Z');

async function rig(handlers: Partial<Handlers> = {}) {
  let skipped = 0;
  const clock = { ...realClock, elapsed: () => realClock.elapsed() + skipped };
  const skip = (ms: number) => {
    skipped += ms;
  };
  const platform = await createTestPlatform({ clock, chance: realChance, crypto: realCrypto });
  const walletOptions = await platform.admit('00101', 'paymentInstitution');
  const wallet = createInstitution(walletOptions);
  const options = await platform.admit('00201', 'bank');
  const questions: OfferQuestion[] = [];
  const notices: FinalNotice[] = [];
  const defaults: Handlers = {
    async offer(question) {
      questions.push(question);
      return { answer: 'succeeded', answeredAt };
    },
    notice: async (notice) => void notices.push(notice),
  };
  const receiver = createReceiver({ ...options, authority: '00201.test', handlers: { ...defaults, ...handlers } });
  platform.network.connect('00201.test', receiver);
  const agreementId = await wallet.nextPaymentId();
  const order = { kind: 'agreementPayment', bank: '00201', agreementId, amount, endToEndId: 'order-1' } as const;
  const offer: Offer = {
    payment: await wallet.preparePayment(order),
    deadline: '2099-01-01T00:00:00.000Z',
    possibleDuplicate: true,
  };
  return { platform, options, wallet, walletOptions, order, offer, questions, notices, receiver, skip };
}

const bodyOf = (response: { readonly body: Uint8Array }) => JSON.parse(Buffer.from(response.body).toString('utf8'));

test('an offer is verified and opened for the handler, and its decision goes back signed by the bank', async () => {
  const { platform, offer, questions } = await rig();
  const response = await platform.ask('00201', '/v1/offers', offer);
  assert.equal(response.status, 200);
  const [question] = questions;
  const { institution, amount: minor, currency, details, deadline, possibleDuplicate } = question;
  assert.deepEqual(
    { institution, minor, currency, details, deadline, possibleDuplicate },
    {
      ...{ institution: '00101', minor: 1230, currency: 'CNY', details: {} },
      ...{ deadline: Date.parse(offer.deadline), possibleDuplicate: true },
    },
  );
  const answer = bodyOf(response);
  assert.equal(checkPaymentAnswer(answer).ok, true);
  assert.deepEqual(
    [answer.paymentId, answer.paymentHash, answer.answer, answer.answeredAt],
    [offer.payment.paymentId, question.paymentHash, 'succeeded', '2026-11-22T10:00:00.000Z'],
  );
  const keys = verifyingKeys(platform.directory[1].keys);
  const canonical = canonicalPaymentAnswer(testScheme, '00201', answer);
  assert.equal(await verifyMessage(realCrypto, keys, canonical, answer.signature), true);
});

const faults: readonly (readonly [string, (offer: Offer) => object, Problem['reason']])[] = [
  [
    'with another amount than was signed',
    ({ payment, ...offer }) => ({
      ...offer,
      payment: { ...payment, interbankSettlementAmount: { amount: '12.31', currency: 'CNY' } },
    }),
    'signatureInvalid',
  ],
  [
    'with another signer',
    ({ payment, ...offer }) => ({
      ...offer,
      payment: { ...payment, paymentId: payment.paymentId.replace('00101', '00201') },
    }),
    'signatureInvalid',
  ],
  [
    'for another bank',
    ({ payment, ...offer }) => ({ ...offer, payment: { ...payment, instructedAgent: '00202' } }),
    'notYours',
  ],
  ['with a field too many', (offer) => ({ ...offer, more: 1 }), 'fieldInvalid'],
  ['that is no object', () => [], 'fieldInvalid'],
];
for (const [what, change, reason] of faults) {
  test(`an offer ${what} is refused, signed, and no handler sees it`, async () => {
    const { platform, offer, questions } = await rig();
    const response = await platform.ask('00201', '/v1/offers', change(offer));
    assert.deepEqual([bodyOf(response).reason, questions.length], [reason, 0]);
  });
}

test('only the platform may ask, each request once, at this endpoint', async () => {
  const { platform, options, offer, questions, receiver } = await rig();
  const sign = async (code: string, host: string): Promise<HttpRequest> => {
    const request = {
      method: 'POST',
      url: `https://${host}/v1/offers`,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(offer)),
    };
    const signed = await signRequest(options.ports, platform.signing, code, request);
    return { ...signed, url: '/v1/offers' };
  };
  const ask = async (request: HttpRequest) => bodyOf(await receiver(request)).reason;
  const genuine = await sign('00000', '00201.test');
  assert.equal(await ask(genuine), undefined);
  assert.equal(await ask(genuine), 'signatureReplayed');
  assert.equal(await ask(await sign('00101', '00201.test')), 'keyUnknown');
  assert.equal(await ask(await sign('00000', 'other.test')), 'signatureInvalid');
  assert.equal(await ask({ ...genuine, headers: {} }), 'signatureMissing');
  assert.equal(questions.length, 1);
});

test('what cannot be opened comes to the handler as undefined', async () => {
  const { platform, offer, questions } = await rig();
  const creditor = { name: 'Ada', account: '1' };
  const payout = { kind: 'payout', bank: '00201', amount, endToEndId: 'payout-1', creditor } as const;
  await platform.admit('00202', 'bank');
  const sealingKey = platform.directory[2].sealingKey;
  Object.assign(platform.directory[1], { sealingKey });
  const misled = createInstitution(await platform.admit('00102', 'paymentInstitution'));
  const payment = await misled.preparePayment(payout);
  await platform.ask('00201', '/v1/offers', { ...offer, payment });
  assert.equal(questions[0].details, undefined);
});

test('later is 202 without a body; a refusal by the handler is a problem; a question nobody handles is refused', async () => {
  const { platform, offer } = await rig({
    offer: async () => 'later',
    async enquiry() {
      throw new Refusal('identifierReused', 'known with other content');
    },
  });
  const { payment, deadline } = offer;
  const later = await platform.ask('00201', '/v1/offers', offer);
  assert.deepEqual([later.status, later.body.length], [202, 0]);
  const refused = await platform.ask('00201', '/v1/enquiries', { payment, deadline });
  assert.deepEqual([refused.status, bodyOf(refused).reason], [409, 'identifierReused']);
  const unhandled = await platform.ask('00201', '/v1/reversals', { payment, deadline });
  assert.deepEqual([unhandled.status, bodyOf(unhandled).reason], [403, 'roleNotAllowed']);
  assert.equal((await platform.ask('00201', '/v1/nothing', {})).status, 404);
});

test('an error of the handler is no answer', async () => {
  const { platform, offer } = await rig({
    async offer() {
      throw new Error('the disk is full');
    },
  });
  await assert.rejects(platform.ask('00201', '/v1/offers', offer), /the disk is full/);
});

test('notices are handed on and taken with 204', async () => {
  const { platform, notices } = await rig();
  const cycle = { cycle: 1, businessDate: '2026-11-22', state: 'settled' } as const;
  const response = await platform.tell('00201', { type: 'cycle', cycle }, { type: 'cycle', cycle });
  assert.equal(response.status, 204);
  assert.deepEqual(notices, [
    { noticeId: 'notice:1', cycle },
    { noticeId: 'notice:2', cycle },
  ]);
});

test('a notice of an outcome that the bank did not sign is refused to who asked for the payment', async () => {
  const { platform, wallet, walletOptions, order } = await rig();
  const told: FinalNotice[] = [];
  const handlers = { notice: async (notice: FinalNotice) => void told.push(notice) };
  platform.network.connect('00101.test', createReceiver({ ...walletOptions, handlers }));
  const payment = await wallet.pay(order);
  const { answer: _, ...unproved } = payment;
  const tell = async (status: PaymentStatus) =>
    (await platform.tell('00101', { type: 'payment', payment: status })).status;
  assert.deepEqual([await tell(unproved), await tell(payment), told.length], [401, 204, 1]);
  const [proved, not] = [payment, unproved].map((status) => ({ type: 'payment', payment: status }) as const);
  assert.equal((await platform.tell('00101', proved!, not!)).status, 401);
});

test('a key that the institution changed a moment ago is learnt', async () => {
  const { platform, offer, questions, order, skip } = await rig();
  await platform.ask('00201', '/v1/offers', offer);
  const { publicKey, privateKey } = await realCrypto.generateSigningKey('ecdsa-p256-sha256');
  const suite = 'ecdsa-p256-sha256';
  const [described] = platform.directory;
  described.keys = [...described.keys, { version: 2, suite, publicKey }];
  const options = { ...(await platform.admit('00102', 'paymentInstitution')), code: '00101' };
  const rotated = createInstitution({ ...options, signing: { suite, version: 2, privateKey } });
  const payment = await rotated.preparePayment(order);
  skip(1_001);
  const response = await platform.ask('00201', '/v1/offers', { ...offer, payment });
  assert.deepEqual([response.status, questions.length], [200, 2]);
});

const aged: readonly (readonly [string, string, number, number])[] = [
  ['an offer', 'offers', 50, 200],
  ['an offer', 'offers', 70, 401],
  ['an enquiry', 'enquiries', 86_400, 200],
  ['a reversal', 'reversals', 86_400, 200],
];
for (const [what, path, seconds, status] of aged) {
  const ends = status === 200 ? 'answered' : 'refused';
  test(`${what} after a payment under a key that ended ${seconds} s ago is ${ends}`, async () => {
    const decision = { answer: 'neverProcessed', answeredAt } as const;
    const { platform, offer } = await rig({ enquiry: async () => decision, reversal: async () => decision });
    const { payment, deadline, possibleDuplicate } = offer;
    const [described] = platform.directory;
    const endedAt = new Date(Date.now() - seconds * 1000).toISOString();
    described!.keys = described!.keys.map((key) => ({ ...key, endedAt }));
    const asked = await platform.ask('00201', `/v1/${path}`, {
      ...{ payment, deadline },
      ...(path === 'offers' && { possibleDuplicate }),
    });
    assert.equal(asked.status, status);
  });
}
