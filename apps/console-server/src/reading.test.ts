/** What people see: the same figures everywhere, only what is theirs, and nothing of what others wrote does any harm. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { searchWord } from '@clearway/console-api';
import { openApiDocument } from '@clearway/console-api/openapi';
import { checkEvidence, verifyEvidence } from '@clearway/contract';
import { realCrypto } from '@clearway/ports/real';
import { createTraffic } from './figures/traffic.ts';
import { type Bed, type Caller, openBed, ports } from './test-bed.ts';

const everyHostile: readonly { readonly what: string; readonly text: string }[] = [
  { what: 'a script', text: '<script>alert("x")</script>' },
  { what: 'text that turns around', text: '\u202ereversed\u202c \u2066isolated' },
  { what: 'ten thousand characters', text: '万'.repeat(10_000) },
  { what: 'quotes and SQL', text: `'; DROP TABLE records.payment; --` },
];

for (const isArchived of [false, true]) {
  describe(isArchived ? 'reading, where the cell keeps an archive' : 'reading', () => reading(isArchived));
}

function reading(isArchived: boolean) {
  // A gateway lets no longer reference pass, and the archive has room for no more.
  const hostile = everyHostile.filter(({ text }) => !isArchived || text.length <= 35);
  let bed: Bed;
  let operator: Caller;
  let lantern: Caller;
  let supervisor: Caller;
  const ids: Record<string, string> = {};
  let cycle = 0;
  before(async () => {
    bed = await openBed({ isArchived });
    await bed.person('op', ['operator']);
    await bed.person('lantern', ['participant'], '00101');
    await bed.person('pboc', ['supervisor']);
    const { agree, pay } = bed.recorded;
    const agreement = await agree('00101', '00201');
    const paid = async (name: string, payment: Partial<Parameters<typeof pay>[0]>) => {
      const kind = 'agreementPayment';
      const { paymentId } = await pay({
        kind,
        institution: '00101',
        bank: '00201',
        amount: 5000,
        ...(payment.kind === undefined && { reference: agreement }),
        ...payment,
      });
      ids[name] = paymentId;
    };
    await paid('succeeded', {});
    await paid('declined', { amount: 1007 });
    await paid('silent', { amount: 1008 });
    await paid('payout', { kind: 'payout', bank: '00202', amount: 2500 });
    await paid('other', { kind: 'payout', institution: '00102', bank: '00202', amount: 7700 });
    await paid('refund', { kind: 'refund', amount: 2000, reference: ids.succeeded });
    for (const { what, text } of hostile)
      await paid(what, { kind: 'payout', bank: '00202', amount: 100, endToEndId: text });
    await bed.recorded.until(() => bed.recorded.cell.state.inFlight === 0);
    cycle = await bed.recorded.settle();
    await paid('later', { kind: 'payout', bank: '00202', amount: 300 });
    await bed.recorded.cell.recordsWritten();
    await bed.desk.lookAround();
    [operator, lantern, supervisor] = [await bed.as('op'), await bed.as('lantern'), await bed.as('pboc')];
  });
  after(() => bed.close());

  const search = async (q: string, by = operator) =>
    (await by('GET', `/api/v1/payments?limit=200&q=${encodeURIComponent(q)}`)).body.payments.map(
      ({ paymentId }: { paymentId: string }) => paymentId,
    );

  test('a payment has its whole way, with signatures that hold and a cycle that is settled', async () => {
    const { body } = await operator('GET', `/api/v1/payments/${ids.succeeded}`);
    const stages = body.stages.map(({ stage }: { stage: string }) => stage);
    assert.deepEqual(stages, [
      'received',
      'validated',
      'offered',
      'answered',
      'recorded',
      'told',
      'cutOff',
      'netted',
      'settled',
    ]);
    assert.deepEqual(
      body.verdicts.map(({ what, holds, signer }: Record<string, unknown>) => [what, holds, signer]),
      [
        ['request', true, '00101'],
        ['answer', true, '00201'],
      ],
    );
    assert.equal(body.cycle.state, 'settled');
    assert.equal(body.payment.isoStatus, 'ACSC');
    assert.deepEqual(body.refunds.refunded, { amount: '20.00', currency: 'CNY' });
    assert.deepEqual(
      body.refunds.payments.map(({ paymentId }: { paymentId: string }) => paymentId),
      [ids.refund],
    );
    assert.match(body.messages.request.sealed, /^\[\d+ bytes, sha-256 /, 'what is sealed is not shown');
  });

  test('the evidence has the messages as they came, and a chain of headers that holds', async () => {
    const { status, headers, body } = await operator('GET', `/api/v1/payments/${ids.succeeded}/evidence`);
    assert.equal(status, 200);
    assert.match(headers.get('content-disposition')!, /attachment; filename="clearway-evidence-\d{31}.json"/);
    const checked = checkEvidence(body);
    assert.ok(checked.ok);
    const participants = bed.recorded.cell.configuration().participants;
    const keysOf = (code: string) =>
      participants
        .find((one) => one.code === code)!
        .keys.map(({ version, suite, publicKey }) => ({ version, suite, publicKey }));
    const verdict = await verifyEvidence(realCrypto, checked.value, { keysOf });
    assert.ok(verdict.holds, JSON.stringify(verdict.steps));
    assert.equal((await supervisor('GET', `/api/v1/payments/${ids.succeeded}/evidence`)).status, 403);
  });

  const searches: readonly (readonly [q: string, ...names: string[]])[] = [
    ['state:failed', 'declined', 'silent'],
    ['bank:00201 amount:>=50 state:succeeded', 'succeeded'],
    ['institution:00102', 'other'],
    ['participant:00201', 'succeeded', 'declined', 'silent', 'refund'],
    ['participant:00102 participant:00202', 'other'],
    ['kind:refund', 'refund'],
    ['reason:bankInsufficientFunds', 'declined'],
    ['amount:<20 amount:>10', 'declined', 'silent'],
    ['currency:EUR'],
    ['state:open'],
  ];
  for (const [q, ...names] of searches) {
    test(`"${q}" finds ${names.length === 0 ? 'nothing' : names.join(', ')}`, async () => {
      assert.deepEqual((await search(q)).sort(), names.map((name) => ids[name]).sort());
    });
  }

  test('pages by key give every payment once, newest first', async () => {
    const all = await search('');
    const paged: string[] = [];
    for (let after = ''; ; ) {
      const { body } = await operator('GET', `/api/v1/payments?limit=3&after=${after}`);
      paged.push(...body.payments.map(({ paymentId }: { paymentId: string }) => paymentId));
      if (body.next === null) break;
      after = body.next;
    }
    assert.deepEqual(paged, all);
    assert.equal(new Set(paged).size, Object.keys(ids).length);
  });

  test('the histogram counts what the list shows', async () => {
    const { body } = await operator('GET', '/api/v1/payments-histogram?bars=10&q=');
    const sum = (bars: number[]) => bars.reduce((total, one) => total + one, 0);
    assert.equal(
      sum(body.succeeded) + sum(body.failed) + sum(body.refused) + sum(body.open),
      (await search('')).length,
    );
  });

  test('the positions of a cycle sum to zero, and its matrix says the same', async () => {
    const { body } = await operator('GET', `/api/v1/cycles/${cycle}`);
    assert.deepEqual(body.sum, [{ amount: '0.00', currency: 'CNY' }]);
    assert.equal(body.cycle.state, 'settled');
    assert.equal(body.files.length, 4);
    const matrix = (await operator('GET', `/api/v1/cycles/${cycle}/matrix`)).body;
    const lantern = body.positions.find(({ participant }: { participant: string }) => participant === '00101');
    const minor = (text: string) => BigInt(text.replace('.', ''));
    const net = matrix.pairs
      .filter(({ institution }: { institution: string }) => institution === '00101')
      .reduce(
        (sum: bigint, pair: { toInstitution: { amount: string }; toBank: { amount: string } }) =>
          sum + minor(pair.toInstitution.amount) - minor(pair.toBank.amount),
        0n,
      );
    assert.equal(net, minor(lantern.net.amount));
  });

  test('the wall, the participants and the cycles tell of the same open cycle', async () => {
    const { figures } = (await operator('GET', '/api/v1/overview')).body;
    const open = figures.cycles.at(-1);
    const { cycles } = (await operator('GET', '/api/v1/cycles')).body;
    assert.deepEqual([open.cycle, open.payments, open.state], [cycles[0].cycle, cycles[0].payments, 'open']);
    assert.deepEqual(open.sum, [{ amount: '0.00', currency: 'CNY' }]);
    assert.equal(figures.today.payments, bed.recorded.cell.statistics().succeeded);
    assert.equal(figures.cells[0].state, 'serving');
    assert.equal(figures.rate, null, 'one look is no rate');
  });

  for (const { what, text } of hostile) {
    test(`${what} in a reference is told as it came, and found again`, async () => {
      const { headers, body } = await operator('GET', `/api/v1/payments/${ids[what]}`);
      assert.equal(body.payment.endToEndId, text);
      assert.match(headers.get('content-type')!, /^application\/json/);
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
      if (text.length < 1000) {
        assert.deepEqual(await search(searchWord({ field: 'endToEndId', operator: '=', value: text })), [ids[what]]);
      }
    });
  }

  test('a participant sees itself alone', async () => {
    const own = ['succeeded', 'declined', 'silent', 'payout', 'refund', 'later', ...hostile.map(({ what }) => what)];
    assert.deepEqual((await search('', lantern)).sort(), own.map((name) => ids[name]).sort());
    assert.deepEqual(await search('institution:00102', lantern), []);
    assert.deepEqual(await search('participant:00102 participant:00202', lantern), []);
    for (const path of [
      `/payments/${ids.other}`,
      `/payments/${ids.other}/evidence`,
      '/participants/00102',
      `/cycles/${cycle}/files/00102`,
      `/payments/${ids.other.replace(/.$/, '9')}`,
    ]) {
      const { status, body } = await lantern('GET', `/api/v1${path}`);
      assert.deepEqual([path, status, body.reason], [path, 404, 'notFound']);
    }
    const { participants } = (await lantern('GET', '/api/v1/participants')).body;
    assert.deepEqual(
      participants.map(({ code }: { code: string }) => code),
      ['00101'],
    );
    const { positions, sum } = (await lantern('GET', `/api/v1/cycles/${cycle}`)).body;
    assert.deepEqual(
      positions.map(({ participant }: { participant: string }) => participant),
      ['00101'],
    );
    assert.deepEqual(sum, []);
    const { pairs } = (await lantern('GET', `/api/v1/cycles/${cycle}/matrix`)).body;
    assert.ok(pairs.every(({ institution }: { institution: string }) => institution === '00101'));
    const overview = JSON.stringify((await lantern('GET', '/api/v1/overview')).body);
    assert.ok(!overview.includes('00102') && !overview.includes('Participant 00102'), overview);
    assert.equal((await lantern('GET', `/api/v1/cycles/${cycle}/files/00101`)).status, 200);
    assert.deepEqual((await lantern('GET', `/api/v1/find?text=${ids.other}`)).body.found, []);
  });

  test('a supervisor says why he looks, and each look is recorded', async () => {
    assert.equal((await supervisor('GET', '/api/v1/payments')).body.reason, 'purposeMissing');
    await supervisor('PUT', '/api/v1/login/purpose', { purpose: 'case 7 of 2026' });
    const q = encodeURIComponent('bank:00201');
    assert.equal((await supervisor('GET', `/api/v1/payments?q=${q}`)).status, 200);
    const [entry] = await bed.desk.audit.entries({ limit: 1, actor: 'pboc' });
    const { act, subject, detail } = JSON.parse(entry.content);
    assert.deepEqual(
      [act, subject, detail.purpose, detail.operation],
      ['looked', '/payments', 'case 7 of 2026', 'getPayments'],
    );
    assert.match(detail.query, /bank/);
  });

  test('every answer is as the API’s document says', async () => {
    const { Compile } = await import('typebox/compile');
    const { responses } = await import('@clearway/console-api/openapi');
    assert.ok(openApiDocument());
    const paths: readonly (readonly [keyof typeof responses, string])[] = [
      ['getLogin', '/login'],
      ['getOverview', '/overview'],
      ['getAlarms', '/alarms'],
      ['getPayments', '/payments'],
      ['getPaymentHistogram', '/payments-histogram'],
      ['getPayment', `/payments/${ids.succeeded}`],
      ['getPayment', `/payments/${ids.declined}`],
      ['getPayment', `/payments/${ids.silent}`],
      ['getEvidence', `/payments/${ids.payout}/evidence`],
      ['find', '/find?text=00201'],
      ['getParticipants', '/participants'],
      ['getParticipant', '/participants/00201'],
      ['getCycles', '/cycles'],
      ['getCycle', `/cycles/${cycle}`],
      ['getCycleMatrix', `/cycles/${cycle}/matrix`],
      ['getWorkItems', '/work?state=closed'],
      ['getOperations', '/operations'],
      ['getConfigurationHistory', '/configuration'],
      ['getChanges', '/changes'],
      ['getUsers', '/users'],
    ];
    for (const [operation, path] of paths) {
      const { status, body } = await operator('GET', `/api/v1${path}`);
      assert.equal(status, 200, path);
      const validator = Compile(responses[operation]!);
      assert.ok(validator.Check(body), `${path}: ${JSON.stringify([...validator.Errors(body)].slice(0, 3))}`);
    }
  });
}

describe('payments over the stream', () => {
  let bed: Bed;
  let operator: Caller;
  const streamed: { paymentId: string; bank: string; amount: number; endToEndId: string; expiresAt: number }[] = [];
  let cycle = 0;
  before(async () => {
    bed = await openBed({ isArchived: true });
    await bed.person('op', ['operator']);
    operator = await bed.as('op');
    const { recorded } = bed;
    const link = await recorded.link();
    for (let index = 0; index < 12; index++) {
      const paymentId = recorded.nextId('00101');
      const endToEndId = `order-${index}`;
      streamed.push({ paymentId, bank: '00202', amount: 1000 + index, endToEndId, expiresAt: Date.now() + 60_000 });
    }
    link.send(streamed);
    await recorded.until(() => streamed.every(({ paymentId }) => link.outcomes(paymentId).length > 0));
    for (const signer of ['00101', '00202']) {
      await link.checkpoint(signer);
      await recorded.until(() => link.covered(signer) === link.sent(signer));
    }
    await recorded.pay({ kind: 'payout', institution: '00102', bank: '00201', amount: 1005, endToEndId: 'over HTTP' });
    cycle = await recorded.settle();
    await recorded.cell.recordsWritten();
    await bed.desk.lookAround();
  });
  after(() => bed.close());

  test('are in one list with the others, page by page, by anything that they are', async () => {
    const all = (await operator('GET', '/api/v1/payments')).body.payments;
    assert.equal(all.length, streamed.length + 1);
    const paged: unknown[] = [];
    for (let after = ''; ; ) {
      const { body } = await operator('GET', `/api/v1/payments?limit=5&after=${after}`);
      paged.push(...body.payments);
      if (body.next === null) break;
      after = body.next;
    }
    assert.deepEqual(paged, all);
    const q = encodeURIComponent(`amount:10.05 state:succeeded cycle:${cycle} currency:CNY`);
    const { payments, isWhole, readTo } = (await operator('GET', `/api/v1/payments?q=${q}`)).body;
    assert.deepEqual(
      payments.map(({ endToEndId }: { endToEndId: string }) => endToEndId),
      ['over HTTP', 'order-5'],
    );
    assert.deepEqual([isWhole, readTo], [true, null]);
    const byReference = (await operator('GET', '/api/v1/find?text=order-7')).body.found;
    assert.deepEqual(
      byReference.map(({ id }: { id: string }) => id),
      [streamed[7].paymentId],
    );
  });

  test('are counted in health, flows and latency with the others', async () => {
    // A slice is read when it is over, and a little later; so long after them so is the minute of the payments.
    const { clock } = ports;
    const traffic = createTraffic({
      payments: bed.desk.payments,
      clock: { ...clock, now: () => clock.now() + ahead },
      log: (event) => assert.fail(event),
    });
    let ahead = 20_000;
    await traffic.read();
    const all = streamed.length + 1;
    assert.equal(traffic.health(() => true)?.payments, all);
    assert.equal(traffic.health(({ bank }) => bank === '00202')?.succeeded, streamed.length);
    assert.equal(
      traffic.latencies().counts.reduce((sum, count) => sum + count, 0),
      all,
    );
    ahead = 80_000;
    await traffic.read();
    const recent = traffic.recent(15).get('00202')!;
    assert.equal(recent.payments.length, 15);
    assert.equal(
      recent.payments.reduce<number>((sum, count) => sum + (count ?? 0), 0),
      streamed.length,
    );
  });

  test('are counted with the others in the matrix of their cycle', async () => {
    const { pairs } = (await operator('GET', `/api/v1/cycles/${cycle}/matrix`)).body;
    assert.deepEqual(
      pairs.map(({ institution, bank, payments }: Record<string, unknown>) => [institution, bank, payments]),
      [
        ['00101', '00202', streamed.length],
        ['00102', '00201', 1],
      ],
    );
  });

  test('are said to be missing while the cell is away', async () => {
    await bed.cutLink();
    const { isWhole, payments } = (await operator('GET', '/api/v1/payments')).body;
    assert.equal(isWhole, false);
    assert.deepEqual(
      payments.map(({ endToEndId }: { endToEndId: string }) => endToEndId),
      ['over HTTP'],
    );
    await bed.mendLink();
    assert.equal((await operator('GET', '/api/v1/payments')).body.isWhole, true);
  });
});
