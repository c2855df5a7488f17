import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  canonicalPayment,
  checkPaymentStatus,
  type PaymentRequest,
  problems,
  type SigningKey,
  signRequest,
} from '@clearway/contract';
import type { HttpRequest } from '@clearway/ports';
import { OutcomeUnknownError, type SubmitResult } from './port.ts';
import {
  actor,
  configurationOf,
  participant,
  paymentAnswer,
  payout,
  scheme,
  signed,
  startedAt,
  testBed,
} from './test-bed.ts';

/** A payout as JSON text, changed as text: what no honest program would send. */
async function text(change: (json: string) => string): Promise<string> {
  return change(JSON.stringify(await payout('00101')));
}

async function withAmount(amount: unknown, currency: unknown = 'CNY'): Promise<object> {
  return { ...(await payout('00101')), interbankSettlementAmount: { amount, currency } };
}

const signature = { suite: 'ed25519', keyVersion: 1, value: Buffer.alloc(64).toString('base64') } as const;

const badMessages: readonly [what: string, message: () => Promise<object | string>, status: number, reason: string][] =
  [
    ['cut short', () => text((json) => json.slice(0, -5)), 400, 'bodyMalformed'],
    ['two documents', () => text((json) => json + json), 400, 'bodyMalformed'],
    ['not an object', async () => '"payment"', 400, 'fieldInvalid'],
    ['empty object', async () => '{}', 400, 'fieldInvalid'],
    ['a key twice', () => text((json) => json.replace('"kind"', '"kind":"refund","kind"')), 400, 'bodyMalformed'],
    ['__proto__', () => text((json) => json.replace('{', '{"__proto__":{},')), 400, 'bodyMalformed'],
    ['nested deeply', async () => `{"paymentId":${'['.repeat(5_000)}${']'.repeat(5_000)}}`, 400, 'bodyMalformed'],
    ['an unknown field', () => text((json) => json.replace('{', '{"colour":"red",')), 400, 'fieldInvalid'],
    ['a field missing', () => text((json) => json.replace(/"endToEndId":"[^"]*",/, '')), 400, 'fieldInvalid'],
    [
      'a control character in endToEndId',
      () => text((json) => json.replace('order-1', 'a\\u0000b')),
      400,
      'fieldInvalid',
    ],
    ['a lone surrogate in endToEndId', () => text((json) => json.replace('order-1', 'a\\ud800b')), 400, 'fieldInvalid'],
    ['amount zero', () => withAmount('0.00'), 400, 'amountInvalid'],
    ['amount negative', () => withAmount('-1.00'), 400, 'amountInvalid'],
    ['amount below the unit', () => withAmount('1.001'), 400, 'amountInvalid'],
    ['amount with exponent', () => withAmount('1e3'), 400, 'amountInvalid'],
    ['amount with leading zero', () => withAmount('01.00'), 400, 'amountInvalid'],
    ['amount with a comma', () => withAmount('1,00'), 400, 'amountInvalid'],
    ['amount of other digits', () => withAmount('１.00'), 400, 'amountInvalid'],
    ['amount as a number', () => withAmount(12.34), 400, 'amountInvalid'],
    ['amount NaN', () => withAmount('NaN'), 400, 'amountInvalid'],
    ['amount beyond 2^53', () => withAmount('90071992547409.93'), 422, 'amountAboveMaximum'],
    ['amount just above the maximum', () => withAmount('100000000000.01'), 422, 'amountAboveMaximum'],
    ['currency unknown', () => withAmount('1.00', 'ZZZ'), 400, 'currencyUnsupported'],
    ['currency in small letters', () => withAmount('1.00', 'cny'), 400, 'currencyUnsupported'],
    ['kind unknown', () => text((json) => json.replace('"payout"', '"gift"')), 400, 'kindUnsupported'],
    [
      'identifier of 30 digits',
      () => text((json) => json.replace('"20261122', '"2026112')),
      400,
      'identifierMalformed',
    ],
    [
      'a payout with an agreement',
      () => text((json) => json.replace('{', `{"agreementId":"${'1'.repeat(31)}",`)),
      400,
      'fieldInvalid',
    ],
    ['expiresAt without milliseconds', () => text((json) => json.replace('10.000Z', '10Z')), 400, 'fieldInvalid'],
    [
      'expiresAt on a day that is none',
      () => text((json) => json.replace('2026-11-22T', '2026-02-30T')),
      400,
      'fieldInvalid',
    ],
    [
      'sealed beyond 4 KiB',
      async () => ({ ...(await payout('00101')), sealed: 'AAAA'.repeat(1_400) }),
      400,
      'fieldInvalid',
    ],
    ['an identifier of another participant', () => payout('00102'), 403, 'identifierForeignParticipant'],
    ['end-to-end signature of zeros', () => payout('00101', { signature }), 401, 'signatureInvalid'],
    [
      'end-to-end signature under an unknown key',
      () => payout('00101', { signature: { ...signature, keyVersion: 9 } }),
      401,
      'keyUnknown',
    ],
    [
      'end-to-end signature under another suite',
      () => payout('00101', { signature: { ...signature, suite: 'ecdsa-p256-sha256' } }),
      401,
      'signatureInvalid',
    ],
    [
      'content changed after signing',
      async () => ({ ...(await payout('00101')), instructedAgent: '00202' }),
      401,
      'signatureInvalid',
    ],
    [
      'signed by another institution',
      async () => {
        const payment = await payout('00101');
        return { ...payment, signature: await signed('00102', canonicalPayment(scheme, payment)) };
      },
      401,
      'signatureInvalid',
    ],
    [
      'signed for another scheme',
      async () => {
        const payment = await payout('00101');
        return {
          ...payment,
          signature: await signed('00101', canonicalPayment({ ...scheme, schemeId: 'OTHER' }, payment)),
        };
      },
      401,
      'signatureInvalid',
    ],
    [
      'signed for another environment',
      async () => {
        const payment = await payout('00101');
        return {
          ...payment,
          signature: await signed('00101', canonicalPayment({ ...scheme, environment: 'production' }, payment)),
        };
      },
      401,
      'signatureInvalid',
    ],
  ];

for (const [what, message, status, reason] of badMessages) {
  test(`a payment is refused before the cell: ${what}`, async () => {
    const bed = await testBed();
    const told = await bed.ask('00101', 'POST', '/v1/payments', await message());
    assert.deepEqual([told.status, told.json.reason], [status, reason], String(told.json.detail));
    assert.equal(told.json.type, `https://clearway.example/problems/${reason}`);
    assert.equal(told.response.headers['content-type'], 'application/problem+json');
    assert.equal(told.signature.ok, true);
    assert.equal(bed.cell.submitted.length, 0);
  });
}

const without = (name: string) => (request: HttpRequest) => {
  const { [name]: _, ...headers } = request.headers;
  return { ...request, headers };
};
const withHeader = (name: string, value: string) => (request: HttpRequest) => ({
  ...request,
  headers: { ...request.headers, [name]: value },
});
const rewritten = (pattern: RegExp, by: string) => (request: HttpRequest) =>
  withHeader('signature-input', request.headers['signature-input']!.replace(pattern, by))(request);

const badRequests: readonly [
  what: string,
  change: (request: HttpRequest) => HttpRequest,
  status: number,
  reason: string,
][] = [
  ['no signature', without('signature'), 401, 'signatureMissing'],
  ['no signature input', without('signature-input'), 401, 'signatureMissing'],
  ['a signature input that cannot be read', withHeader('signature-input', 'clearway=('), 401, 'signatureInvalid'],
  ['another path than signed', (request) => ({ ...request, url: '/v1/agreements' }), 401, 'signatureInvalid'],
  ['another body than signed', (request) => ({ ...request, body: Buffer.from('{}') }), 401, 'digestMismatch'],
  ['a digest of the changed body', withHeader('content-digest', 'sha-256=:AAAA:'), 401, 'signatureInvalid'],
  ['no digest', without('content-digest'), 401, 'signatureInvalid'],
  ['meant for another host', withHeader('host', 'elsewhere.test'), 401, 'signatureInvalid'],
  ['a participant that is none', rewritten(/00101/, '99999'), 401, 'keyUnknown'],
  ['the name of another participant', rewritten(/00101/, '00102'), 401, 'signatureInvalid'],
  ['a key version that is none', rewritten(/00101\/1/, '00101/2'), 401, 'keyUnknown'],
  [
    'a life longer than a minute',
    rewritten(/expires=\d+/, `expires=${startedAt / 1000 + 120}`),
    401,
    'signatureInvalid',
  ],
  ['created twice', rewritten(/;created=(\d+)/, ';created=$1;created=$1'), 401, 'signatureInvalid'],
  [
    'a signature of zeros',
    withHeader('signature', `clearway=:${Buffer.alloc(64).toString('base64')}:`),
    401,
    'signatureInvalid',
  ],
  ['a signature under another name', withHeader('signature', 'other=:AAAA:'), 401, 'signatureInvalid'],
  ['a signature that cannot be read', withHeader('signature', '((('), 401, 'signatureInvalid'],
  ['text/plain', withHeader('content-type', 'text/plain'), 415, 'contentTypeUnsupported'],
  ['JSON with a boundary', withHeader('content-type', 'application/json; boundary=x'), 415, 'contentTypeUnsupported'],
  ['no content type', without('content-type'), 415, 'contentTypeUnsupported'],
  ['a compressed body', withHeader('content-encoding', 'gzip'), 415, 'contentTypeUnsupported'],
  ['a large body', (request) => ({ ...request, body: Buffer.alloc(16_385, 32) }), 413, 'bodyTooLarge'],
  ['a query', (request) => ({ ...request, url: '/v1/payments?x=1' }), 400, 'fieldInvalid'],
  ['an address that is none', (request) => ({ ...request, url: '/v1/transfers' }), 404, 'notFound'],
  ['a path that climbs', (request) => ({ ...request, url: '/v1/payments/../payments' }), 404, 'notFound'],
  ['another method', (request) => ({ ...request, method: 'PUT' }), 405, 'methodNotAllowed'],
];

for (const [what, change, status, reason] of badRequests) {
  test(`a request is refused by its form or signature: ${what}`, async () => {
    const bed = await testBed();
    const told = await bed.askChanged('00101', 'POST', '/v1/payments', await payout('00101'), change);
    assert.deepEqual([told.status, told.json.reason], [status, reason], String(told.json.detail));
    assert.equal(bed.cell.submitted.length, 0);
  });
}

test('a body that is not UTF-8 is refused although its signature holds', async () => {
  const bed = await testBed();
  const url = 'https://gateway.test/v1/payments';
  const body = Buffer.from(JSON.stringify(await payout('00101')).replace('order-1', 'order-\u00ff'), 'latin1');
  const request = { method: 'POST', url, headers: { 'content-type': 'application/json' }, body };
  const latin = await signRequest(bed.ports, (await actor('00101')).signing, '00101', request);
  const told = await bed.tell({ ...latin, url: '/v1/payments' });
  assert.deepEqual([told.status, told.json.reason], [400, 'bodyMalformed']);
});

test('a refused method names those that are allowed', async () => {
  const bed = await testBed();
  const told = await bed.ask('00101', 'DELETE', '/v1/payments');
  assert.equal(told.response.headers.allow, 'POST');
});

test('a payment that succeeds is told as such, signed by the platform, and reached the cell byte for byte', async () => {
  const bed = await testBed();
  const payment = await payout('00101');
  const told = await bed.ask('00101', 'POST', '/v1/payments', payment);
  assert.equal(told.status, 200);
  assert.equal(told.signature.ok, true);
  assert.equal(checkPaymentStatus(told.json).ok, true);
  const { state, isoStatus, cycle, instructingAgent, interbankSettlementAmount } = told.json;
  assert.deepEqual(
    { state, isoStatus, cycle, instructingAgent, interbankSettlementAmount },
    {
      state: 'succeeded',
      isoStatus: 'ACSP',
      cycle: 7,
      instructingAgent: '00101',
      interbankSettlementAmount: { amount: '12.34', currency: 'CNY' },
    },
  );
  assert.equal(Buffer.from(bed.cell.submitted[0]!.body).toString(), JSON.stringify(payment));
});

test('the same payment signed anew gives the same answer, other content under its identifier is refused', async () => {
  const bed = await testBed();
  const payment = await payout('00101');
  const first = await bed.ask('00101', 'POST', '/v1/payments', payment);
  const again = await bed.ask('00101', 'POST', '/v1/payments', payment);
  assert.deepEqual(again.json, first.json);
  const other = await payout('00101', { paymentId: payment.paymentId, endToEndId: 'order-2' });
  const refused = await bed.ask('00101', 'POST', '/v1/payments', other);
  assert.deepEqual([refused.status, refused.json.reason], [409, 'identifierReused']);
});

test('a refusal of the cell is a signed problem with its ISO reason and the identifier', async () => {
  const bed = await testBed();
  bed.cell.decide = () => ({ outcome: 'refused', reason: 'floatInsufficient' });
  const payment = await payout('00101');
  const told = await bed.ask('00101', 'POST', '/v1/payments', payment);
  assert.equal(told.status, 422);
  assert.equal(told.signature.ok, true);
  assert.deepEqual(
    [told.json.reason, told.json.isoReason, told.json.paymentId],
    ['floatInsufficient', 'AM04', payment.paymentId],
  );
});

test('a remembered refusal is told again as the same problem', async () => {
  const bed = await testBed();
  bed.cell.decide = (view) => ({
    outcome: 'accepted',
    payment: { ...view, state: 'refused', reason: 'currencyUnsupported', currency: 0 },
  });
  const payment = await payout('00101');
  const path = `/v1/payments/${payment.paymentId}`;
  for (const told of [
    await bed.ask('00101', 'POST', '/v1/payments', payment),
    await bed.ask('00101', 'POST', '/v1/payments', payment),
    await bed.ask('00101', 'GET', path),
  ]) {
    assert.deepEqual([told.status, told.json.reason], [400, 'currencyUnsupported']);
  }
  assert.equal((await bed.ask('00201', 'GET', path)).json.reason, 'notFound');
});

test('a payment that failed at the bank is an answer, not a problem, and carries the bank’s answer unchanged', async () => {
  const bed = await testBed();
  const payment = await payout('00101');
  const answer = JSON.stringify(
    await paymentAnswer('00201', payment, { answer: 'failed', reason: 'bankAccountClosed' }),
  );
  bed.cell.decide = (view) => ({
    outcome: 'accepted',
    payment: { ...view, state: 'failed', reason: 'bankAccountClosed', answer: Buffer.from(answer) },
  });
  const told = await bed.ask('00101', 'POST', '/v1/payments', payment);
  assert.deepEqual([told.status, told.json.state, told.json.isoReason], [200, 'failed', 'AC04']);
  assert.ok(Buffer.from(told.response.body).toString().endsWith(`,"answer":${answer}}`));
});

for (const reason of ['journalUnavailable', 'overloaded', 'cellUnavailable', 'tooManyInFlight'] as const) {
  test(`${reason} is definite, and says when to try again`, async () => {
    const bed = await testBed();
    bed.cell.decide = () => ({ outcome: 'refused', reason });
    const told = await bed.ask('00101', 'POST', '/v1/payments', await payout('00101'));
    assert.deepEqual([told.status, told.json.reason, told.response.headers['retry-after']], [503, reason, '1']);
  });
}

test('when the link is lost the outcome is told as unknown, without a reason', async () => {
  const bed = await testBed();
  bed.cell.decide = () => Promise.reject(new OutcomeUnknownError('lost'));
  const told = await bed.ask('00101', 'POST', '/v1/payments', await payout('00101'));
  assert.equal(told.status, 200);
  assert.equal(checkPaymentStatus(told.json).ok, true);
  assert.deepEqual([told.json.state, told.json.isoStatus, told.json.reason], ['unknown', 'PDNG', undefined]);
});

test('a cell that says nothing until after expiresAt leaves the payment unknown', async () => {
  const bed = await testBed();
  const asked = new Promise<void>((resolve) => {
    bed.cell.decide = () => {
      resolve();
      return new Promise<SubmitResult>(() => {});
    };
  });
  const told = bed.ask('00101', 'POST', '/v1/payments', await payout('00101'));
  await asked;
  bed.clock.pass(10_999);
  const early = await Promise.race([told.then(() => 'told'), new Promise((resolve) => setImmediate(resolve, 'waits'))]);
  assert.equal(early, 'waits');
  bed.clock.pass(2);
  assert.equal((await told).json.state, 'unknown');
});

test('a cell that has stopped keeps nobody waiting for longer than the scheme lets an expiry be', async () => {
  const bed = await testBed();
  const asked = new Promise<void>((resolve) => {
    bed.cell.decide = () => {
      resolve();
      return new Promise<SubmitResult>(() => {});
    };
  });
  const payment = await payout('00101', { expiresAt: '2999-01-01T00:00:00.000Z' });
  const told = bed.ask('00101', 'POST', '/v1/payments', payment);
  await asked;
  bed.clock.pass(61_000);
  assert.equal((await told).json.state, 'unknown');
});

test('a mistake of ours is never told as a definite refusal of a payment', async () => {
  const bed = await testBed();
  bed.cell.decide = () => Promise.reject(new TypeError('a mistake'));
  const told = await bed.ask('00101', 'POST', '/v1/payments', await payout('00101'));
  assert.deepEqual([told.status, told.json.reason, told.signature.ok], [500, 'none', true]);
  assert.equal(told.json.detail, problems.none.help);
});

test('above the payments that may be at work, more are refused as overloaded and the first go on', async () => {
  const bed = await testBed({ settings: { paymentsInFlight: 2 } });
  const waiting: (() => void)[] = [];
  bed.cell.decide = (view) =>
    new Promise((resolve) => {
      waiting.push(() => resolve({ outcome: 'accepted', payment: { ...view, state: 'succeeded', cycle: 7 } }));
    });
  const first = [await payout('00101'), await payout('00101')].map((payment) =>
    bed.ask('00101', 'POST', '/v1/payments', payment),
  );
  while (waiting.length < 2) await new Promise((resolve) => setImmediate(resolve));
  const refused = await bed.ask('00102', 'POST', '/v1/payments', await payout('00102'));
  assert.deepEqual(
    [refused.status, refused.json.reason, refused.response.headers['retry-after']],
    [503, 'overloaded', '1'],
  );
  assert.equal(refused.signature.ok, true);
  for (const go of waiting) go();
  assert.deepEqual(
    (await Promise.all(first)).map(({ json }) => json.state),
    ['succeeded', 'succeeded'],
  );
});

test('without a configuration nothing signed is taken, definitely', async () => {
  const bed = await testBed();
  bed.configuration = undefined;
  const told = await bed.ask('00101', 'POST', '/v1/payments', await payout('00101'));
  assert.deepEqual([told.status, told.json.reason], [503, 'cellUnavailable']);
});

// ---- signatures in time ----

test('the same request a second time is a replay, and is not sequenced twice', async () => {
  const bed = await testBed();
  const request = await bed.signed('00101', 'POST', '/v1/payments', await payout('00101'));
  assert.equal((await bed.tell(request)).status, 200);
  const replay = await bed.tell(request);
  assert.deepEqual([replay.status, replay.json.reason], [401, 'signatureReplayed']);
  assert.equal(bed.cell.submitted.length, 1);
});

test('a minute after it was signed a request has expired', async () => {
  const bed = await testBed();
  const request = await bed.signed('00101', 'GET', '/v1/platform');
  bed.clock.pass(60_000);
  const told = await bed.tell(request);
  assert.deepEqual([told.status, told.json.reason], [401, 'signatureExpired']);
});

test('a gateway that has just started refuses what was signed before, which its predecessor may have taken', async () => {
  const before = await testBed();
  const request = await before.signed('00101', 'POST', '/v1/payments', await payout('00101'));
  assert.equal((await before.tell(request)).status, 200);
  before.clock.pass(500);
  const after = await testBed({ clock: before.clock });
  const replay = await after.tell(request);
  assert.deepEqual([replay.status, replay.json.reason], [401, 'signatureExpired']);
  assert.equal(after.cell.submitted.length, 0);
  after.clock.pass(500);
  assert.equal((await after.ask('00101', 'GET', '/v1/platform')).status, 200);
});

test('what a clock ahead of ours has signed waits until its second has come', async () => {
  const ahead = await testBed();
  ahead.clock.pass(3_000);
  const bed = await testBed();
  const request = await ahead.signed('00101', 'GET', '/v1/platform');
  const told = bed.tell(request);
  const early = await Promise.race([
    told.then(() => 'told'),
    new Promise((resolve) => setTimeout(resolve, 50, 'waits')),
  ]);
  assert.equal(early, 'waits');
  bed.clock.pass(3_000);
  assert.equal((await told).status, 200);
});

test('nonces are remembered up to a bound; above it an institution is refused, others are not', async () => {
  const bed = await testBed({ settings: { noncesRemembered: 2 } });
  const statuses = [];
  for (const from of ['00101', '00101', '00101', '00102']) {
    statuses.push((await bed.ask(from, 'GET', '/v1/platform')).status);
  }
  assert.deepEqual(statuses, [200, 200, 503, 200]);
});

test('two keys sign side by side, and one that has ended signs no more', async () => {
  const [old, young] = [await actor('00101'), await actor('00101 anew')];
  const keys = [
    { ...old.verifying, endedAt: startedAt + 1_000 },
    { ...young.verifying, version: 2 },
  ];
  const bed = await testBed({ participants: [await participant('00101', { keys })] });
  const askWith = async (signing: SigningKey) => {
    const url = 'https://gateway.test/v1/platform';
    const request = { method: 'GET', url, headers: {}, body: new Uint8Array(0) };
    return bed.tell({ ...(await signRequest(bed.ports, signing, '00101', request)), url: '/v1/platform' });
  };
  assert.equal((await askWith(old.signing)).status, 200);
  assert.equal((await askWith({ ...young.signing, version: 2 })).status, 200);
  bed.clock.pass(1_000);
  assert.equal((await askWith(old.signing)).json.reason, 'keyUnknown');
  assert.equal((await askWith({ ...young.signing, version: 2 })).status, 200);
});

test('a participant with a pinned certificate is heard only over a connection that bears it', async () => {
  const certificate = 'ab'.repeat(32);
  const participants = [await participant('00101', { certificate }), await participant('00102')];
  const bed = await testBed({ participants });
  const over = (fingerprint: string) => withHeader('x-client-certificate', fingerprint);
  const ask = (from: string, change: (request: HttpRequest) => HttpRequest) =>
    bed.askChanged(from, 'GET', '/v1/platform', undefined, change);
  assert.equal((await ask('00101', over(certificate))).status, 200);
  const other = await ask('00101', over('cd'.repeat(32)));
  assert.deepEqual([other.status, other.json.reason], [403, 'certificateRequired']);
  assert.equal((await ask('00101', (request) => request)).json.reason, 'certificateRequired');
  assert.equal((await ask('00102', (request) => request)).status, 200);
});

test('a new snapshot holds from the next request on', async () => {
  const bed = await testBed();
  assert.equal((await bed.ask('00102', 'GET', '/v1/platform')).status, 200);
  bed.configuration = await configurationOf([await participant('00101')]);
  assert.equal((await bed.ask('00102', 'GET', '/v1/platform')).json.reason, 'keyUnknown');
});

test('failures are counted by reason, and no label carries what was sent', async () => {
  const bed = await testBed();
  const payment = { ...(await payout('00101')), endToEndId: 'secret-reference' } as PaymentRequest;
  await bed.ask('00101', 'POST', '/v1/payments', payment);
  const exposition = bed.metrics.text();
  assert.match(exposition, /clearway_gateway_signature_failures_total\{reason="signatureInvalid"\} 1/);
  assert.match(
    exposition,
    /clearway_gateway_requests_total\{operation="submitPayment",status="401",reason="signatureInvalid"\} 1/,
  );
  assert.doesNotMatch(exposition, /secret-reference/);
});
