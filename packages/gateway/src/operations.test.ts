import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type AgreementRequest,
  canonicalAgreement,
  canonicalAgreementAnswer,
  canonicalConfirmation,
  canonicalRescission,
  checkAgreementStatus,
  checkCycleList,
  checkCycleReport,
  checkDirectory,
  checkPlatform,
  checkReconciliationManifest,
  findRoute,
  openApiDocument,
  routes,
} from '@clearway/contract';
import { realCrypto } from '@clearway/ports/real';
import type { Configurator } from './configurator.ts';
import { OutcomeUnknownError } from './port.ts';
import type { CycleRecord, GatewayRecords } from './records.ts';
import { actor, identifier, scheme, signed, startedAt, type TestBed, testBed } from './test-bed.ts';

const soon = new Date(startedAt + 10_000).toISOString();

// ---- agreements ----

async function agreementRequest(from: string, change: Partial<AgreementRequest> = {}): Promise<AgreementRequest> {
  const request = {
    agreementId: identifier(from),
    bank: '00201',
    paymentLimit: { amount: '500.00', currency: 'CNY' },
    expiresOn: '2027-11-22',
    expiresAt: soon,
    sealed: 'AAAA',
    ...change,
  };
  return { ...request, signature: await signed(from, canonicalAgreement(scheme, request)) };
}

async function confirmation(from: string, agreementId: string) {
  const message = { agreementId, expiresAt: soon, sealed: 'BBBB' };
  return { ...message, signature: await signed(from, canonicalConfirmation(scheme, from, message)) };
}

async function rescission(by: string, agreementId: string, expiresAt = soon) {
  const message = { agreementId, expiresAt };
  return { ...message, signature: await signed(by, canonicalRescission(scheme, by, message)) };
}

async function agreed(bed: TestBed) {
  const request = await agreementRequest('00101');
  await bed.ask('00101', 'POST', '/v1/agreements', request);
  return { request, path: `/v1/agreements/${request.agreementId}` };
}

test('an agreement is requested, confirmed and ended, each step told as it stands', async () => {
  const bed = await testBed();
  const request = await agreementRequest('00101');
  const { agreementId } = request;
  const path = `/v1/agreements/${agreementId}`;
  const states = [];
  for (const told of [
    await bed.ask('00101', 'POST', '/v1/agreements', request),
    await bed.ask('00101', 'POST', `${path}/confirmation`, await confirmation('00101', agreementId)),
    await bed.ask('00201', 'GET', path),
    await bed.ask('00201', 'POST', `${path}/rescission`, await rescission('00201', agreementId)),
    await bed.ask('00101', 'GET', path),
  ]) {
    assert.equal(checkAgreementStatus(told.json).ok, true, JSON.stringify(told.json));
    states.push(told.json.state);
  }
  assert.deepEqual(states, ['codeSent', 'active', 'active', 'rescinded', 'rescinded']);
});

test('a bank’s late answer about an agreement is taken', async () => {
  const bed = await testBed();
  const { request, path } = await agreed(bed);
  const answer = {
    agreementId: request.agreementId,
    subjectHash: Buffer.from(realCrypto.sha256(canonicalAgreement(scheme, request))).toString('hex'),
    answer: 'active' as const,
    answeredAt: soon,
  };
  const canonical = canonicalAgreementAnswer(scheme, '00201', answer);
  const message = { ...answer, signature: await signed('00201', canonical) };
  const told = await bed.ask('00201', 'POST', `${path}/answer`, message);
  assert.deepEqual([told.status, told.json.state], [200, 'active']);
  const other = { ...answer, signature: await signed('00202', canonicalAgreementAnswer(scheme, '00202', answer)) };
  assert.equal((await bed.ask('00202', 'POST', `${path}/answer`, other)).json.reason, 'notFound');
});

test('an agreement is not there for those that it does not concern', async () => {
  const bed = await testBed();
  const { request, path } = await agreed(bed);
  const { agreementId } = request;
  for (const asker of ['00102', '00202']) {
    assert.equal((await bed.ask(asker, 'GET', path)).json.reason, 'notFound');
    const told = await bed.ask(asker, 'POST', `${path}/rescission`, await rescission(asker, agreementId));
    assert.equal(told.json.reason, 'notFound');
  }
  const told = await bed.ask('00102', 'POST', `${path}/confirmation`, await confirmation('00102', agreementId));
  assert.equal(told.json.reason, 'identifierForeignParticipant');
  assert.equal((await bed.ask('00101', 'GET', path)).json.state, 'codeSent');
});

test('a rescission that comes too late, or was signed for too far, is refused at the edge', async () => {
  const bed = await testBed();
  const { request, path } = await agreed(bed);
  for (const [expiresAt, reason] of [
    [startedAt, 'requestExpired'],
    [startedAt + 60_001, 'expiryTooFar'],
  ] as const) {
    const message = await rescission('00101', request.agreementId, new Date(expiresAt).toISOString());
    assert.equal((await bed.ask('00101', 'POST', `${path}/rescission`, message)).json.reason, reason);
  }
});

test('a step whose outcome was lost is told as the agreement stands, or as not known', async () => {
  const bed = await testBed();
  const { request, path } = await agreed(bed);
  bed.cell.submit = () => Promise.reject(new OutcomeUnknownError('lost'));
  const message = await confirmation('00101', request.agreementId);
  const told = await bed.ask('00101', 'POST', `${path}/confirmation`, message);
  assert.deepEqual([told.status, told.json.state], [200, 'codeSent']);
  bed.cell.agreements.clear();
  const lost = await bed.ask('00101', 'POST', `${path}/confirmation`, message);
  assert.deepEqual([lost.status, lost.json.reason], [500, 'none']);
});

// ---- platform, directory, keys ----

test('the platform tells its scheme, its keys and the routing digits', async () => {
  const bed = await testBed();
  const told = await bed.ask('00101', 'GET', '/v1/platform');
  assert.equal(checkPlatform(told.json).ok, true);
  assert.deepEqual(told.json.routing, [{ digits: '010001', weight: 1 }]);
  assert.deepEqual(told.json.keys, [(await actor('00000')).verifying]);
  assert.equal(told.json.businessDate, '2026-11-22');
});

test('the directory tells who takes part, and nothing of endpoints, caps and budgets', async () => {
  const bed = await testBed();
  const told = await bed.ask('00101', 'GET', '/v1/participants');
  assert.equal(checkDirectory(told.json).ok, true);
  const [first] = told.json.participants as Record<string, unknown>[];
  assert.deepEqual(Object.keys(first!).sort(), ['code', 'keys', 'name', 'role', 'sealingKey', 'status']);
});

test('keys are added and ended in the name of who signed', async () => {
  const changes: unknown[] = [];
  const configurator: Configurator = {
    async addKey(participant, { version }) {
      changes.push(['add', participant, version]);
      return version === 2 ? { outcome: 'accepted' } : { outcome: 'refused', reason: 'keyVersionTaken' };
    },
    async endKey(participant, version) {
      changes.push(['end', participant, version]);
      return { outcome: 'accepted' };
    },
  };
  const bed = await testBed({ configurator });
  const { suite, publicKey } = (await actor('00101 anew')).verifying;
  const added = await bed.ask('00101', 'POST', '/v1/keys', { version: 2, suite, publicKey });
  assert.deepEqual([added.status, added.response.body.length, added.signature.ok], [204, 0, true]);
  const taken = await bed.ask('00101', 'POST', '/v1/keys', { version: 1, suite, publicKey });
  assert.deepEqual([taken.status, taken.json.reason], [409, 'keyVersionTaken']);
  assert.equal((await bed.ask('00101', 'DELETE', '/v1/keys/1')).status, 204);
  assert.equal((await bed.ask('00101', 'DELETE', '/v1/keys/9')).json.reason, 'notFound');
  assert.deepEqual(changes, [
    ['add', '00101', 2],
    ['add', '00101', 1],
    ['end', '00101', 1],
  ]);
});

test('a key that cannot be used, or is of another suite, is refused', async () => {
  const configurator: Configurator = {
    addKey: async () => ({ outcome: 'accepted' }),
    endKey: async () => ({ outcome: 'accepted' }),
  };
  const bed = await testBed({ configurator });
  const { publicKey } = (await actor('00102')).verifying;
  const broken = publicKey.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA');
  for (const key of [
    { version: 2, suite: 'ed25519', publicKey },
    { version: 2, suite: 'ecdsa-p256-sha256', publicKey: broken },
  ]) {
    const told = await bed.ask('00101', 'POST', '/v1/keys', key);
    assert.deepEqual([told.status, told.json.reason], [400, 'fieldInvalid']);
  }
});

// ---- cycles and files ----

const cycleRecord = (cycle: number, state: string): CycleRecord => ({
  cycle,
  businessDate: 20261122,
  state,
  openedAt: startedAt,
  cutOffAt: state === 'open' ? 0 : startedAt + 1,
  nettedAt: state === 'open' ? 0 : startedAt + 2,
  settledAt: state === 'settled' ? startedAt + 3 : 0,
  payments: 2,
  turnover: 300n,
});

const position = (participant: string, credits: bigint, debits: bigint) => ({
  participant,
  currency: 156,
  credits,
  debits,
  creditCount: credits > 0n ? 1 : 0,
  debitCount: debits > 0n ? 1 : 0,
});

const cycles: Partial<GatewayRecords> = {
  cycles: async () => [cycleRecord(2, 'open'), cycleRecord(1, 'settled')],
  cycle: async (cycle) =>
    cycle === 1 || cycle === 2 ? cycleRecord(cycle, cycle === 1 ? 'settled' : 'open') : undefined,
  positions: async () => [position('00101', 300n, 100n), position('00201', 100n, 0n), position('00202', 0n, 300n)],
  file: async (cycle, participant) =>
    cycle === 1 && participant === '00101' ? { payments: 1, bytes: 8, hash: 'a'.repeat(64) } : undefined,
  fileParts: async () => [
    { payments: 0, bytes: 4, hash: 'b'.repeat(64) },
    { payments: 1, bytes: 4, hash: 'c'.repeat(64) },
  ],
  filePart: async (_cycle, _participant, part) =>
    part === 1 ? Buffer.from('H,1\n') : part === 2 ? Buffer.from('D,1\n') : undefined,
};

test('cycles are listed, and reported with the asker’s own position, all totals and the settlement', async () => {
  const bed = await testBed({ records: cycles });
  const list = await bed.ask('00101', 'GET', '/v1/cycles');
  assert.equal(checkCycleList(list.json).ok, true);
  const { json } = await bed.ask('00101', 'GET', '/v1/cycles/1');
  assert.equal(checkCycleReport(json).ok, true, JSON.stringify(json));
  assert.deepEqual(json.positions, [
    {
      participant: '00101',
      currency: 'CNY',
      creditCount: 1,
      credits: '3.00',
      debitCount: 1,
      debits: '1.00',
      net: '2.00',
    },
  ]);
  assert.deepEqual(json.totals, [
    { currency: 'CNY', creditCount: 2, credits: '4.00', debitCount: 2, debits: '4.00', net: '0.00' },
  ]);
  assert.deepEqual(json.settlement, [
    {
      instructionId: 'C1-CNY',
      currency: 'CNY',
      state: 'settled',
      settledAt: new Date(startedAt + 3).toISOString(),
      shortfalls: [],
    },
  ]);
});

test('an open cycle has no settlement, and a participant without payments no position', async () => {
  const bed = await testBed({ records: cycles });
  const { json } = await bed.ask('00102', 'GET', '/v1/cycles/2');
  assert.equal(checkCycleReport(json).ok, true);
  assert.deepEqual([json.positions, json.settlement], [[], []]);
});

for (const [who, cycle, status, reason] of [
  ['00101', '1', 200, undefined],
  ['00102', '1', 409, 'cycleStateInvalid'],
  ['00101', '2', 409, 'cycleStateInvalid'],
  ['00101', '3', 404, 'notFound'],
  ['00101', '0', 404, 'notFound'],
  ['00101', '99999999999', 404, 'notFound'],
  ['00101', 'one', 404, 'notFound'],
] as const) {
  test(`the file of cycle ${cycle} for ${who}, and its second part: ${status}`, async () => {
    const bed = await testBed({ records: cycles });
    const told = await bed.ask(who, 'GET', `/v1/cycles/${cycle}/file`);
    const part = await bed.ask(who, 'GET', `/v1/cycles/${cycle}/file/2`);
    for (const one of [told, part])
      assert.deepEqual([one.status, one.json.reason, one.signature.ok], [status, reason, true]);
    if (status !== 200) return;
    assert.equal(Buffer.from(part.response.body).toString(), 'D,1\n');
    assert.equal(checkReconciliationManifest(told.json).ok, true);
    assert.deepEqual(told.json, {
      cycle: 1,
      participant: '00101',
      payments: 1,
      bytes: 8,
      hash: 'a'.repeat(64),
      parts: [
        { payments: 0, bytes: 4, hash: 'b'.repeat(64) },
        { payments: 1, bytes: 4, hash: 'c'.repeat(64) },
      ],
    });
  });
}

for (const part of ['0', '3', '01', '-1', '1.5', '9999999999', 'x']) {
  test(`there is no part ${part} of the file`, async () => {
    const bed = await testBed({ records: cycles });
    const told = await bed.ask('00101', 'GET', `/v1/cycles/1/file/${part}`);
    assert.deepEqual([told.status, told.json.reason, told.signature.ok], [404, 'notFound', true]);
  });
}

// ---- unsigned addresses ----

const get = (url: string) => ({ method: 'GET', url, headers: {}, body: new Uint8Array(0) });

test('health says that the process lives, whatever else', async () => {
  const bed = await testBed();
  bed.configuration = undefined;
  assert.equal((await bed.handle(get('/health'))).status, 200);
});

test('ready when a configuration is held and the cell answers, else 503 with what is missing', async () => {
  const bed = await testBed();
  const ready = await bed.handle(get('/ready'));
  assert.deepEqual(
    [ready.status, Buffer.from(ready.body).toString()],
    [200, 'configuration: scheme 1, participants 1\ncell: answers, last contact 0 ms ago\n'],
  );
  bed.cell.payment = () => Promise.reject(new Error('no link'));
  bed.clock.pass(5_000);
  const cut = await bed.handle(get('/ready'));
  assert.equal(cut.status, 503);
  assert.match(Buffer.from(cut.body).toString(), /cell: does not answer, last contact 5000 ms ago/);
  const young = await testBed();
  young.configuration = undefined;
  const bare = await young.handle(get('/ready'));
  assert.equal(bare.status, 503);
  assert.match(Buffer.from(bare.body).toString(), /configuration: none yet/);
});

test('metrics are in the exposition format', async () => {
  const bed = await testBed();
  await bed.ask('00101', 'GET', '/v1/platform');
  const { headers, body } = await bed.handle(get('/metrics'));
  assert.match(headers['content-type']!, /^text\/plain; version=0\.0\.4/);
  assert.match(Buffer.from(body).toString(), /clearway_gateway_in_flight\{lane="payment"\} 0/);
  assert.match(
    Buffer.from(body).toString(),
    /clearway_gateway_requests_total\{operation="getPlatform",status="200",reason="none"\} 1/,
  );
});

test('the OpenAPI document that is served has exactly the addresses that are served', async () => {
  const bed = await testBed();
  const { status, body } = await bed.handle(get('/openapi.json'));
  assert.equal(status, 200);
  const document = JSON.parse(Buffer.from(body).toString());
  assert.deepEqual(document, JSON.parse(JSON.stringify(openApiDocument())));
  const example: Record<string, string> = { cycle: '1', version: '1' };
  for (const { side, method, path, operationId } of routes.filter((route) => route.side === 'platform')) {
    assert.equal(document.paths[path][method.toLowerCase()].operationId, operationId);
    const url = path.replace(/\{(\w+)\}/g, (_, name) => example[name] ?? '1'.repeat(31));
    const found = findRoute(side, method, url);
    assert.ok(typeof found !== 'string' && found.route.operationId === operationId);
    const answer = await bed.tell(await bed.signed('00101', method, url, method === 'POST' ? {} : undefined));
    assert.notEqual(answer.status, 405);
    assert.notEqual(answer.json.reason, 'none', `${operationId} answers with a mistake`);
  }
});
