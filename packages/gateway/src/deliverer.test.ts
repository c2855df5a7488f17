import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  type AgreementRequest,
  canonicalAgreement,
  canonicalAgreementAnswer,
  canonicalConfirmation,
  checkConfirmation,
  checkEnquiry,
  checkNotices,
  checkOffer,
  checkReversal,
  checkSigning,
  type PaymentAnswer,
  type PaymentRequest,
  signResponse,
  verifyRequest,
} from '@clearway/contract';
import type { HttpHandler, HttpRequest, HttpResponse } from '@clearway/ports';
import { type Listener, listen, realChance, realClock, realCrypto, realNetwork } from '@clearway/ports/real';
import { createDeliverer } from './deliverer.ts';
import { createMetrics } from './metrics.ts';
import { platformCode } from './platform.ts';
import {
  type Cell,
  type Delivery,
  type DeliveryKind,
  type DeliveryResult,
  type NoticeDelivery,
  OutcomeUnknownError,
  type PaymentView,
  type SubmitResult,
} from './port.ts';
import {
  actor,
  configurationOf,
  identifier,
  participant,
  paymentAnswer,
  payout,
  scheme,
  signed,
  startedAt,
  testCell,
} from './test-bed.ts';

const ports = { clock: realClock, chance: realChance, crypto: realCrypto };
const network = realNetwork();
let listener: Listener;
/** What the bank at the other end does with the next request. */
let bank: HttpHandler = async () => ({ status: 500, headers: {}, body: new Uint8Array(0) });

before(async () => {
  listener = await listen((request) => bank(request), { host: '127.0.0.1', port: 0, maxBodyBytes: 65_536 });
});
after(async () => {
  network.close();
  await listener.close();
});

const json = (status: number, value: unknown): HttpResponse => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify(value)),
});
const empty = (status: number): HttpResponse => ({ status, headers: {}, body: new Uint8Array(0) });

/** A bank that signs its responses, as 00201 or as `signer`. */
function signing(
  answer: (request: HttpRequest) => Promise<HttpResponse> | HttpResponse,
  signer = '00201',
): HttpHandler {
  return async (request) => signResponse(ports, (await actor(signer)).signing, signer, request, await answer(request));
}

async function stand(cell: Partial<Cell> = {}) {
  const metrics = createMetrics();
  const logged: string[] = [];
  const whole: Cell = { ...testCell(realClock), ...cell };
  const endpoint = `http://127.0.0.1:${listener.port}`;
  const participants = [await participant('00101', { endpoint }), await participant('00201', { endpoint })];
  const configuration = await configurationOf(participants);
  const deliverer = createDeliverer({
    ports: { ...ports, network },
    cell: whole,
    configuration: () => configuration,
    platformKey: (await actor(platformCode)).signing,
    metrics,
    log: (event, fields) => logged.push(JSON.stringify([event, fields])),
    settings: { noticeTimeoutMs: 5_000, cellPatienceMs: 1_000 },
  });
  return { deliverer, metrics, logged, whole };
}

/** A cell that takes every answer, and keeps what came. */
function takingCell(result: SubmitResult = { outcome: 'accepted' }) {
  const taken: { command: Uint8Array; body: string }[] = [];
  const submit: Cell['submit'] = async (command, body) => {
    taken.push({ command, body: Buffer.from(body).toString() });
    return result;
  };
  return { submit, taken };
}

function delivery(kind: DeliveryKind, message: object, more: Partial<Delivery> = {}): Delivery {
  return {
    deliveryId: `${kind}:1`,
    kind,
    participant: '00201',
    subject: '1',
    message: Buffer.from(JSON.stringify(message)),
    deadline: Date.now() + 5_000,
    possibleDuplicate: false,
    ...more,
  };
}

const questionKinds = [
  ['offer', '/v1/offers', checkOffer],
  ['enquiry', '/v1/enquiries', checkEnquiry],
  ['reversal', '/v1/reversals', checkReversal],
] as const;

for (const [kind, path, check] of questionKinds) {
  test(`an ${kind} goes out signed with the payment as it came, and the answer goes to the cell as it was signed`, async () => {
    const cell = takingCell();
    const { deliverer } = await stand(cell);
    const payment = await payout('00101');
    const answer = await paymentAnswer('00201', payment);
    const seen: HttpRequest[] = [];
    bank = signing(async (request) => {
      seen.push(request);
      return json(200, answer);
    });
    assert.equal(await deliverer.deliver(delivery(kind, payment)), 'done');
    assert.deepEqual(
      cell.taken.map(({ body }) => JSON.parse(body)),
      [answer],
    );

    const [request] = seen;
    assert.equal(request!.url, path);
    const envelope = check(JSON.parse(Buffer.from(request!.body).toString()));
    assert.ok(envelope.ok && envelope.value.payment.paymentId === payment.paymentId);
    const verified = await verifyRequest(ports, request!, {
      keysOf: async () => [(await actor(platformCode)).verifying],
      firstUse: () => true,
    });
    assert.deepEqual([verified.ok, verified.ok && verified.code], [true, platformCode]);
  });
}

test('an offer that may be a second one says so, and carries the same payment bytes', async () => {
  const { deliverer } = await stand(takingCell());
  const payment = await payout('00101');
  const bodies: string[] = [];
  bank = signing(async ({ body }) => {
    bodies.push(Buffer.from(body).toString());
    return json(200, await paymentAnswer('00201', payment));
  });
  const deadline = Date.now() + 5_000;
  await deliverer.deliver(delivery('offer', payment, { deadline }));
  await deliverer.deliver(delivery('offer', payment, { deadline, possibleDuplicate: true }));
  assert.ok(bodies[0]!.includes(`{"payment":${JSON.stringify(payment)},`));
  assert.equal(bodies[1], bodies[0]!.replace('"possibleDuplicate":false', '"possibleDuplicate":true'));
});

const expiresAt = new Date(startedAt + 10_000).toISOString();

async function agreement(): Promise<AgreementRequest> {
  const request = {
    agreementId: identifier('00101'),
    bank: '00201',
    paymentLimit: { amount: '5.00', currency: 'CNY' },
    expiresOn: '2027-11-22',
    expiresAt,
    sealed: 'AAAA',
  };
  return { ...request, signature: await signed('00101', canonicalAgreement(scheme, request)) };
}

async function agreementAnswer(agreementId: string, canonical: Uint8Array, answer: 'codeSent' | 'active') {
  const subjectHash = Buffer.from(realCrypto.sha256(canonical)).toString('hex');
  const unsigned = { agreementId, subjectHash, answer, answeredAt: expiresAt };
  return { ...unsigned, signature: await signed('00201', canonicalAgreementAnswer(scheme, '00201', unsigned)) };
}

test('signing and confirmation go to the bank, and their answers to the cell', async () => {
  const cell = takingCell();
  const { deliverer } = await stand(cell);
  const request = await agreement();
  const { agreementId } = request;
  const unsigned = { agreementId, expiresAt, sealed: 'BBBB' };
  const confirmation = {
    ...unsigned,
    signature: await signed('00101', canonicalConfirmation(scheme, '00101', unsigned)),
  };
  const answers = [
    await agreementAnswer(agreementId, canonicalAgreement(scheme, request), 'codeSent'),
    await agreementAnswer(agreementId, canonicalConfirmation(scheme, '00101', unsigned), 'active'),
  ];
  const seen: [string, boolean][] = [];
  bank = signing(({ url, body }) => {
    const check = url === '/v1/signings' ? checkSigning : checkConfirmation;
    seen.push([url, check(JSON.parse(Buffer.from(body).toString())).ok]);
    return json(200, answers[seen.length - 1]);
  });
  assert.equal(await deliverer.deliver(delivery('signing', request)), 'done');
  assert.equal(await deliverer.deliver(delivery('confirmation', confirmation)), 'done');
  assert.deepEqual(seen, [
    ['/v1/signings', true],
    ['/v1/confirmations', true],
  ]);
  assert.deepEqual(
    cell.taken.map(({ body }) => JSON.parse(body)),
    answers,
  );
});

type Outcome = readonly [
  what: string,
  handler: (payment: PaymentRequest, answer: PaymentAnswer) => HttpHandler,
  result: DeliveryResult,
  reason?: string,
];

const outcomes: readonly Outcome[] = [
  ['202: the answer comes later', () => signing(() => empty(202)), 'accepted'],
  ['202 without a signature', () => async () => empty(202), 'noAnswer', 'signatureMissing'],
  ['an error of the bank', () => signing(() => empty(500)), 'noAnswer'],
  ['a refusal of the bank', () => signing(() => empty(404)), 'noAnswer'],
  ['a response without a signature', (_, answer) => async () => json(200, answer), 'noAnswer', 'signatureMissing'],
  [
    'a response that another institution signed',
    (_, answer) => signing(() => json(200, answer), '00101'),
    'noAnswer',
    'signatureInvalid',
  ],
  [
    'a body changed on the way',
    (_, answer) => async (request) => {
      const response = await signing(() => json(200, answer))(request);
      return { ...response, body: Buffer.from(JSON.stringify({ ...answer, answer: 'failed' })) };
    },
    'noAnswer',
    'digestMismatch',
  ],
  ['garbage', () => signing(() => ({ ...json(200, 0), body: Buffer.from('{{{') })), 'noAnswer', 'bodyMalformed'],
  ['an empty answer', () => signing(() => empty(200)), 'noAnswer', 'bodyMalformed'],
  ['a field too many', (_, answer) => signing(() => json(200, { ...answer, more: 1 })), 'noAnswer', 'fieldInvalid'],
  [
    'an answer that a switch made up',
    (_, answer) => signing(() => json(200, { ...answer, answer: 'neverProcessed' })),
    'noAnswer',
    'signatureInvalid',
  ],
  [
    'an answer that another bank signed',
    (payment) => signing(async () => json(200, await paymentAnswer('00202', payment))),
    'noAnswer',
    'signatureInvalid',
  ],
  [
    'the answer to another payment',
    () => signing(async () => json(200, await paymentAnswer('00201', await payout('00101')))),
    'noAnswer',
    'answerHashDiffers',
  ],
  [
    'the answer to other content',
    (payment) => signing(async () => json(200, await paymentAnswer('00201', { ...payment, endToEndId: 'other' }))),
    'noAnswer',
    'answerHashDiffers',
  ],
];

for (const [what, handler, result, reason] of outcomes) {
  test(`an offer comes to ${result}: ${what}`, async () => {
    const cell = takingCell();
    const { deliverer, metrics, logged } = await stand(cell);
    const payment = await payout('00101');
    bank = handler(payment, await paymentAnswer('00201', payment));
    assert.equal(await deliverer.deliver(delivery('offer', payment)), result);
    assert.equal(cell.taken.length, 0);
    assert.match(metrics.text(), new RegExp(`deliveries_total\\{kind="offer",result="${result}"\\} 1`));
    if (reason === undefined) return;
    assert.match(metrics.text(), new RegExp(`unusable_answers_total\\{kind="offer",reason="${reason}"\\} 1`));
    const fields = { kind: 'offer', participant: '00201', reason };
    assert.deepEqual(logged, [JSON.stringify(['gateway.answerUnusable', fields])]);
  });
}

const judgements: readonly [what: string, submit: Cell['submit'], result: DeliveryResult][] = [
  ['known already', async () => ({ outcome: 'repeated' }), 'done'],
  ['refused by the core', async () => ({ outcome: 'refused', reason: 'answerContradicts' }), 'done'],
  [
    'not taken, since the journal is away',
    async () => ({ outcome: 'refused', reason: 'journalUnavailable' }),
    'noAnswer',
  ],
  ['lost with the link', () => Promise.reject(new OutcomeUnknownError('lost')), 'noAnswer'],
  ['lost by a mistake of ours', () => Promise.reject(new TypeError('mistake')), 'noAnswer'],
];

for (const [what, submit, result] of judgements) {
  test(`an answer that the cell has ${what} makes ${result}`, async () => {
    const { deliverer } = await stand({ submit });
    const payment = await payout('00101');
    bank = signing(async () => json(200, await paymentAnswer('00201', payment)));
    assert.equal(await deliverer.deliver(delivery('offer', payment)), result);
  });
}

test('a bank that does not answer by the deadline has given no answer; one that cannot be reached got nothing', async () => {
  const { deliverer } = await stand(takingCell());
  const payment = await payout('00101');
  let release = () => {};
  bank = () =>
    new Promise((resolve) => {
      release = () => resolve(empty(500));
    });
  assert.equal(await deliverer.deliver(delivery('offer', payment, { deadline: Date.now() + 100 })), 'noAnswer');
  release();
  assert.equal(await deliverer.deliver(delivery('offer', payment, { deadline: Date.now() - 1 })), 'notSent');
  assert.equal(await deliverer.deliver(delivery('offer', payment, { participant: '00999' })), 'notSent');
  const closed = await listen(async () => empty(500), { host: '127.0.0.1', port: 0, maxBodyBytes: 1 });
  await closed.close();
  const configuration = await configurationOf([
    await participant('00201', { endpoint: `http://127.0.0.1:${closed.port}` }),
  ]);
  const unreachable = createDeliverer({
    ports: { ...ports, network },
    cell: testCell(realClock),
    configuration: () => configuration,
    platformKey: (await actor(platformCode)).signing,
    metrics: createMetrics(),
    log: () => {},
    settings: { noticeTimeoutMs: 1_000, cellPatienceMs: 1_000 },
  });
  assert.equal(await unreachable.deliver(delivery('offer', payment)), 'notSent');
});

test('notices tell payments, agreements and cycles, and are done when they are taken', async () => {
  const { deliverer } = await stand();
  const payment: PaymentView = {
    paymentId: identifier('00101'),
    kind: 'payout',
    state: 'succeeded',
    reason: 'none',
    instructingAgent: '00101',
    instructedAgent: '00201',
    amount: '1234',
    currency: 156,
    cycle: 7,
    changedAt: startedAt,
  };
  const { agreementId } = await agreement();
  const view = {
    agreementId,
    institution: '00101',
    bank: '00201',
    state: 'active',
    reason: 'none',
    paymentLimit: '500',
  } as const;
  const about = (notice: Omit<NoticeDelivery, 'noticeId' | 'subject'>): NoticeDelivery => ({
    noticeId: `${notice.kind}:1:final`,
    subject: '1',
    ...notice,
  });
  const notices = [
    about({ kind: 'paymentNotice', payment }),
    about({
      kind: 'agreementNotice',
      agreement: { ...view, currency: 156, expiresOn: 20271122, changedAt: startedAt },
    }),
    about({ kind: 'cycleNotice', cycle: { cycle: 7, businessDate: 20261122, state: 'settled' } }),
  ];
  const told: unknown[] = [];
  bank = async ({ url, body }) => {
    const checked = checkNotices(JSON.parse(Buffer.from(body).toString()));
    assert.ok(checked.ok, JSON.stringify(checked));
    told.push([url, ...checked.value.notices.map(({ noticeId, type }) => [noticeId, type])]);
    return empty(told.length === 1 ? 503 : 204);
  };
  const results = [];
  for (const some of [notices, notices, notices.slice(1, 2)]) {
    results.push(await deliverer.deliver(delivery('notices', {}, { deadline: 0, notices: some })));
  }
  assert.deepEqual(results, ['noAnswer', 'done', 'done']);
  const all = [
    ['paymentNotice:1:final', 'payment'],
    ['agreementNotice:1:final', 'agreement'],
    ['cycleNotice:1:final', 'cycle'],
  ];
  assert.deepEqual(told, [
    ['/v1/notices', ...all],
    ['/v1/notices', ...all],
    ['/v1/notices', all[1]],
  ]);
});

test('a delivery that says nothing of its kind is our mistake, and claims nothing', async () => {
  const { deliverer, logged } = await stand();
  const { message: _, ...bare } = delivery('offer', {});
  assert.equal(await deliverer.deliver(bare), 'noAnswer');
  assert.deepEqual(logged, [JSON.stringify(['gateway.deliveryFailed', { kind: 'offer', error: 'Error' }])]);
});
