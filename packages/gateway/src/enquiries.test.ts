import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPaymentStatus } from '@clearway/contract';
import type { HttpRequest } from '@clearway/ports';
import type { PaymentView } from './port.ts';
import { identifier, participant, paymentAnswer, payout, startedAt, type TestBed, testBed } from './test-bed.ts';

const pathOf = (paymentId: string) => `/v1/payments/${paymentId}`;

async function paid(bed: TestBed, from = '00101') {
  const payment = await payout(from);
  await bed.ask(from, 'POST', '/v1/payments', payment);
  return payment;
}

for (const [asker, sees] of [
  ['00101', true],
  ['00201', true],
  ['00102', false],
  ['00202', false],
] as const) {
  test(`a payment of 00101 at 00201 is ${sees ? 'told to' : 'hidden from'} ${asker}`, async () => {
    const bed = await testBed();
    const { paymentId } = await paid(bed);
    const told = await bed.ask(asker, 'GET', pathOf(paymentId));
    assert.equal(told.status, sees ? 200 : 404);
    assert.equal(told.signature.ok, true);
  });
}

test('others’ payments and those that do not exist are not told apart, neither by the answer nor by the way to it', async () => {
  const lookups: string[] = [];
  const bed = await testBed({ records: { payment: async (paymentId) => void lookups.push(paymentId) } });
  const { paymentId } = await paid(bed);
  const unknown = identifier('00101');
  const [hidden, missing] = [
    await bed.ask('00102', 'GET', pathOf(paymentId)),
    await bed.ask('00102', 'GET', pathOf(unknown)),
  ];
  assert.deepEqual({ ...hidden.json, paymentId: '' }, { ...missing.json, paymentId: '' });
  assert.deepEqual([bed.cell.enquiries, lookups], [2, [paymentId, unknown]]);
});

test('an identifier that the platform has not seen is not known yet, which says that it may still come', async () => {
  const bed = await testBed();
  const told = await bed.ask('00101', 'GET', pathOf(identifier('00101')));
  assert.deepEqual([told.status, told.json.reason], [404, 'notFound']);
  assert.match(told.json.detail!, /known yet.*may still come/);
});

test('an identifier of another shape is refused without asking anybody', async () => {
  const bed = await testBed();
  assert.equal((await bed.ask('00101', 'GET', pathOf('123'))).json.reason, 'identifierMalformed');
  assert.equal(bed.cell.enquiries, 0);
});

test('a payment that the cell no longer holds is told from the records', async () => {
  const record = {
    paymentId: identifier('00101', '20260101'),
    kind: 'payout',
    instructingAgent: '00101',
    instructedAgent: '00201',
    amount: 1234n,
    currency: 156,
    state: 'succeeded',
    reason: 'none',
    cycle: 3,
    changedAt: startedAt,
  };
  const records = { payment: async (id: string) => (id === record.paymentId ? record : undefined) };
  const bed = await testBed({ records });
  const told = await bed.ask('00201', 'GET', pathOf(record.paymentId));
  assert.equal(checkPaymentStatus(told.json).ok, true);
  assert.deepEqual([told.json.state, told.json.cycle], ['succeeded', 3]);
  assert.equal((await bed.ask('00202', 'GET', pathOf(record.paymentId))).status, 404);
});

test('a final payment is asked of the cell once, one in flight each time', async () => {
  const bed = await testBed();
  const final: PaymentView = {
    paymentId: identifier('00101'),
    kind: 'payout',
    state: 'succeeded',
    reason: 'none',
    instructingAgent: '00101',
    instructedAgent: '00201',
    amount: '1',
    currency: 156,
    cycle: 7,
    changedAt: startedAt,
  };
  const inFlight: PaymentView = { ...final, paymentId: identifier('00101'), state: 'unknown', cycle: 0 };
  for (const view of [final, inFlight]) {
    bed.cell.payments.set(view.paymentId, view);
    for (let n = 0; n < 3; n++) await bed.ask('00101', 'GET', pathOf(view.paymentId));
  }
  assert.equal(bed.cell.enquiries, 1 + 3);
});

test('a success is ACSP until its cycle is settled, then ACSC', async () => {
  let state = 'netted';
  const cycle = async (serial: number) => ({
    cycle: serial,
    businessDate: 20261122,
    state,
    openedAt: 1,
    cutOffAt: 2,
    nettedAt: 3,
    settledAt: 0,
    payments: 1,
    turnover: 1n,
  });
  const bed = await testBed({ records: { cycle } });
  const { paymentId } = await paid(bed);
  const isoStatus = async () => (await bed.ask('00101', 'GET', pathOf(paymentId))).json.isoStatus;
  assert.equal(await isoStatus(), 'ACSP');
  state = 'settled';
  bed.clock.pass(1_000);
  assert.equal(await isoStatus(), 'ACSC');
});

test('when neither cell nor records can be read an enquiry is refused definitely, to be made again', async () => {
  const bed = await testBed({ records: { payment: () => Promise.reject(new Error('no connection')) } });
  const told = await bed.ask('00101', 'GET', pathOf(identifier('00101')));
  assert.deepEqual(
    [told.status, told.json.reason, told.response.headers['retry-after']],
    [503, 'cellUnavailable', '1'],
  );
});

// ---- the budget, and the lane of its own ----

const small = { perSecond: 1, burst: 2 };

async function bedWithBudget(more: Parameters<typeof testBed>[0] = {}) {
  const participants = [
    await participant('00101', { enquiryBudget: small }),
    await participant('00102'),
    await participant('00201'),
  ];
  return testBed({ participants, ...more });
}

test('above its budget an institution’s enquiries are refused with the time to wait; others and payments are not', async () => {
  const bed = await bedWithBudget();
  const ask = (from: string) => bed.ask(from, 'GET', pathOf(identifier(from)));
  assert.deepEqual([(await ask('00101')).status, (await ask('00101')).status], [404, 404]);
  const refused = await ask('00101');
  assert.deepEqual([refused.status, refused.json.reason], [429, 'enquiryBudgetSpent']);
  assert.deepEqual([refused.response.headers['retry-after'], refused.signature.ok], ['1', true]);
  assert.equal((await ask('00102')).status, 404);
  assert.equal((await bed.ask('00101', 'POST', '/v1/payments', await payout('00101'))).json.state, 'succeeded');
  bed.clock.pass(1_000);
  assert.equal((await ask('00101')).status, 404);
  assert.match(bed.metrics.text(), /clearway_gateway_budget_refusals_total\{participant="00101"\} 1/);
});

test('who only claims to be an institution does not spend its budget', async () => {
  const bed = await bedWithBudget();
  const forged = (request: HttpRequest) => ({
    ...request,
    headers: { ...request.headers, signature: `clearway=:${Buffer.alloc(64).toString('base64')}:` },
  });
  for (let n = 0; n < 10; n++) {
    const told = await bed.askChanged('00101', 'GET', pathOf(identifier('00101')), undefined, forged);
    assert.equal(told.json.reason, 'signatureInvalid');
  }
  assert.equal((await bed.ask('00101', 'GET', pathOf(identifier('00101')))).status, 404);
});

test('a request sent again and again spends the budget like new ones', async () => {
  const bed = await bedWithBudget();
  const request = await bed.signed('00101', 'GET', pathOf(identifier('00101')));
  const reasons = [];
  for (let n = 0; n < 4; n++) reasons.push((await bed.tell(request)).json.reason);
  assert.deepEqual(reasons, ['notFound', 'signatureReplayed', 'enquiryBudgetSpent', 'enquiryBudgetSpent']);
});

test('enquiries that hang fill their own lane alone', async () => {
  const bed = await testBed({ settings: { enquiriesInFlight: 1, enquiriesWaiting: 0 } });
  let free = () => {};
  let started = () => {};
  const hanging = new Promise<void>((resolve) => {
    started = resolve;
  });
  bed.cell.payment = () =>
    new Promise((resolve) => {
      free = () => resolve(undefined);
      started();
    });
  const first = bed.ask('00101', 'GET', pathOf(identifier('00101')));
  await hanging;
  const second = await bed.ask('00102', 'GET', pathOf(identifier('00102')));
  assert.deepEqual([second.status, second.json.reason], [503, 'overloaded']);
  assert.equal((await bed.ask('00102', 'POST', '/v1/payments', await payout('00102'))).json.state, 'succeeded');
  free();
  assert.equal((await first).status, 404);
});

test('a cell that does not answer an enquiry in time is told as unavailable', async () => {
  const bed = await testBed();
  const asked = new Promise<void>((resolve) => {
    bed.cell.payment = () => {
      resolve();
      return new Promise(() => {});
    };
  });
  const told = bed.ask('00101', 'GET', pathOf(identifier('00101')));
  await asked;
  bed.clock.pass(5_000);
  assert.deepEqual([(await told).status, (await told).json.reason], [503, 'cellUnavailable']);
});

test('a success is told although the records are away', async () => {
  const bed = await testBed({ records: { cycle: () => Promise.reject(new Error('no connection')) } });
  const { paymentId } = await paid(bed);
  const told = await bed.ask('00101', 'GET', pathOf(paymentId));
  assert.deepEqual([told.json.state, told.json.isoStatus], ['succeeded', 'ACSP']);
});

test('a flood of enquiries reaches the cell only within the budget, and every payment in it succeeds', async () => {
  const bed = await bedWithBudget();
  const flood = Array.from({ length: 300 }, () => bed.ask('00101', 'GET', pathOf(identifier('00101'))));
  const payments = await Promise.all(
    Array.from({ length: 20 }, async () => bed.ask('00101', 'POST', '/v1/payments', await payout('00101'))),
  );
  assert.ok(payments.every(({ json }) => json.state === 'succeeded'));
  const reasons = (await Promise.all(flood)).map(({ json }) => json.reason);
  assert.equal(reasons.filter((reason) => reason === 'enquiryBudgetSpent').length, 298);
  assert.equal(bed.cell.enquiries, 2);
});

// ---- answers that banks send by themselves ----

test('a bank’s late answer ends the payment, and is told to the institution as the bank signed it', async () => {
  const bed = await testBed();
  bed.cell.decide = (view) => ({ outcome: 'accepted', payment: { ...view, state: 'unknown' } });
  const payment = await payout('00101');
  assert.equal((await bed.ask('00101', 'POST', '/v1/payments', payment)).json.state, 'unknown');
  const answer = await paymentAnswer('00201', payment);
  const path = `${pathOf(payment.paymentId)}/answer`;
  const told = await bed.ask('00201', 'POST', path, answer);
  assert.deepEqual([told.status, told.json.state], [200, 'succeeded']);
  assert.deepEqual((await bed.ask('00101', 'GET', pathOf(payment.paymentId))).json.answer, answer);
});

type Case = readonly [
  what: string,
  from: string,
  answer: (bed: TestBed) => Promise<{ path: string; message: object }>,
  status: number,
  reason: string,
];

const badAnswers: readonly Case[] = [
  ['of another bank, which learns nothing', '00202', async (bed) => answerOf(bed, '00202'), 404, 'notFound'],
  [
    'about a payment that nobody knows',
    '00201',
    async () => {
      const payment = await payout('00101');
      return { path: pathOf(payment.paymentId), message: await paymentAnswer('00201', payment) };
    },
    404,
    'notFound',
  ],
  ['of a payment institution', '00102', async (bed) => answerOf(bed, '00102'), 403, 'roleNotAllowed'],
  ['signed by another bank', '00201', async (bed) => answerOf(bed, '00202'), 401, 'signatureInvalid'],
  [
    'to other content',
    '00201',
    async (bed) => {
      const { path, payment } = await answerOf(bed, '00201');
      const other = { ...payment, endToEndId: 'other' };
      return { path, message: await paymentAnswer('00201', other) };
    },
    409,
    'answerHashDiffers',
  ],
  [
    'for another path',
    '00201',
    async (bed) => ({ ...(await answerOf(bed, '00201')), path: pathOf(identifier('00101')) }),
    400,
    'fieldInvalid',
  ],
];

async function answerOf(bed: TestBed, signer: string) {
  const payment = await paid(bed);
  return { path: pathOf(payment.paymentId), message: await paymentAnswer(signer, payment), payment };
}

for (const [what, from, make, status, reason] of badAnswers) {
  test(`an answer is refused: ${what}`, async () => {
    const bed = await testBed();
    const { path, message } = await make(bed);
    const told = await bed.ask(from, 'POST', `${path}/answer`, message);
    assert.deepEqual([told.status, told.json.reason], [status, reason]);
  });
}
