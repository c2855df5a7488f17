/** How people come in, and how the doors are shut behind them. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { realClock } from '@clearway/ports/real';
import { codeOf, stepAt } from './people/one-time-code.ts';
import { type Bed, openBed } from './test-bed.ts';

const codeNow = (secret: Uint8Array, ahead = 0) => codeOf(secret, stepAt(realClock.now()) + ahead);

/** RFC 4648, to the bytes again. */
function fromBase32(text: string): Buffer {
  const bits = [...text].map((letter) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
  );
  return Buffer.from(
    bits
      .join('')
      .match(/.{8}/g)!
      .map((byte) => Number.parseInt(byte, 2)),
  );
}

describe('the first operator', () => {
  let bed: Bed;
  before(async () => {
    bed = await openBed();
  });
  after(() => bed.close());

  const finish = (token: string, more: object) =>
    bed.call('POST', '/api/v1/enrolment/finish', {
      token,
      code: '',
      login: 'li',
      name: 'Li Na',
      password: 'correct horse battery',
      oneTimeCode: '000000',
      ...more,
    });

  test('comes in by the link of the first start, once, and only the newest one is good', async () => {
    const older = (await bed.desk.enrolments.first())!.link.split('#')[1];
    const { link } = (await bed.desk.enrolments.first())!;
    assert.ok(link.startsWith(`${bed.server.address}/enrol#`));
    const token = link.split('#')[1];
    assert.equal(
      (await bed.call('POST', '/api/v1/enrolment', { token: older, code: '' })).body.reason,
      'enrolmentInvalid',
    );
    const started = await bed.call('POST', '/api/v1/enrolment', { token, code: '' });
    assert.deepEqual(started.body.roles, ['operator', 'proposer', 'approver']);
    const secret = fromBase32(started.body.secondFactor.secret);

    assert.equal((await finish(token, { password: 'short' })).body.reason, 'passwordWeak');
    assert.equal((await finish(token, { oneTimeCode: codeNow(secret, 9) })).body.reason, 'loginRefused');
    const finished = await finish(token, { oneTimeCode: codeNow(secret) });
    assert.equal(finished.status, 200);
    assert.equal(finished.body.token, null);
    assert.match(
      finished.headers.get('set-cookie')!,
      /^clearway_login=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/,
    );
    assert.equal((await finish(token, { oneTimeCode: codeNow(secret, 1) })).body.reason, 'enrolmentInvalid');
    assert.equal(await bed.desk.enrolments.first(), undefined);
  });

  test('leaves neither password, token nor second factor readable in the database', async () => {
    const { rows } = await bed.owner.query(
      `SELECT (SELECT json_agg(p) FROM console.person p)::text || (SELECT json_agg(l) FROM console.login l)::text
         || (SELECT json_agg(e) FROM console.enrolment e)::text || (SELECT json_agg(a) FROM console.audit a)::text AS everything`,
    );
    const everything: string = rows[0].everything;
    assert.ok(!everything.includes('correct horse'));
    assert.match(everything, /scrypt\$15\$8\$1\$/);
    const logins = await bed.owner.query('SELECT token_hash FROM console.login');
    assert.match(logins.rows[0].token_hash, /^[0-9a-f]{64}$/);
  });
});

describe('logins', () => {
  let bed: Bed;
  let wang: { secret: Uint8Array; password: string };
  before(async () => {
    bed = await openBed();
    wang = await bed.person('wang', ['operator', 'proposer']);
  });
  after(() => bed.close());

  const logIn = (body: object) =>
    bed.call('POST', '/api/v1/login', {
      login: 'wang',
      password: wang.password,
      code: '000000',
      keep: 'cookie',
      ...body,
    });

  test('say the same of a wrong name, password and code, and count them in the audit log', async () => {
    const wrong = [
      { login: 'nobody', code: codeNow(wang.secret) },
      { password: 'another pass phrase', code: codeNow(wang.secret) },
      { code: codeNow(wang.secret, 5) },
    ];
    const answers = await Promise.all(wrong.map(logIn));
    for (const { status, body } of answers) assert.deepEqual([status, body], [401, answers[0].body]);
    const { entries } = { entries: await bed.desk.audit.entries({ limit: 10 }) };
    assert.equal(entries.filter(({ content }) => JSON.parse(content).act === 'loginRefused').length, 3);
  });

  let cookie = '';
  let csrf = '';
  test('take a right code once', async () => {
    const code = codeNow(wang.secret);
    const answer = await logIn({ code });
    assert.equal(answer.status, 200);
    cookie = answer.headers.get('set-cookie')!.split(';')[0];
    csrf = answer.body.csrfToken;
    assert.equal((await logIn({ code })).body.reason, 'loginRefused');
  });

  test('give a program a bearer token and no cookie', async () => {
    const answer = await logIn({ code: codeNow(wang.secret, 1), keep: 'token' });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('set-cookie'), null);
    const { status } = await bed.call('GET', '/api/v1/login', undefined, {
      authorization: `Bearer ${answer.body.token}`,
    });
    assert.equal(status, 200);
  });

  const change = { reason: 'seen by me' };
  const foreign: readonly {
    readonly what: string;
    readonly headers: () => Record<string, string>;
    readonly reason: string;
  }[] = [
    { what: 'without the token', headers: () => ({}), reason: 'tokenMissing' },
    { what: 'with another token', headers: () => ({ 'x-clearway-csrf': `${csrf.slice(1)}x` }), reason: 'tokenMissing' },
    {
      what: 'from another origin',
      headers: () => ({ 'x-clearway-csrf': csrf, origin: 'https://evil.example' }),
      reason: 'originForeign',
    },
    {
      what: 'from another site',
      headers: () => ({ 'x-clearway-csrf': csrf, 'sec-fetch-site': 'cross-site' }),
      reason: 'originForeign',
    },
  ];
  for (const { what, headers, reason } of foreign) {
    test(`let a cookie act nothing ${what}`, async () => {
      const { status, body } = await bed.call('POST', '/api/v1/work/overdue:1/end', change, { cookie, ...headers() });
      assert.deepEqual([status, body.reason], [403, reason]);
    });
  }

  test('let a cookie act with the token', async () => {
    const { body } = await bed.call('POST', '/api/v1/work/overdue:1/end', change, { cookie, 'x-clearway-csrf': csrf });
    assert.equal(body.reason, 'notFound');
  });

  test('answer no page of another name that leads here', async () => {
    // fetch sets no host of its own; the socket does.
    const { request } = await import('node:http');
    const url = new URL(bed.server.address);
    const status = await new Promise((resolve) =>
      request({ port: url.port, path: '/api/v1/login', headers: { host: 'rebound.example' } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      }).end(),
    );
    assert.equal(status, 403);
  });

  test('lose the right to act, and get it back with password and code', async () => {
    const caller = await bed.as('wang');
    await bed.owner.query('UPDATE console.login SET acts_until = 1');
    assert.equal((await caller('GET', '/api/v1/login')).body.actsUntil, null);
    await bed.owner.query(`UPDATE console.person SET last_step = 0 WHERE login = 'wang'`);
    const renewed = await caller('POST', '/api/v1/login/renewal', {
      password: wang.password,
      code: codeNow(wang.secret),
    });
    assert.notEqual(renewed.body.actsUntil, null);
  });

  test('end where they are ended, and with their person', async () => {
    const [one, other] = [await bed.as('wang'), await bed.as('wang')];
    assert.equal((await one('DELETE', '/api/v1/login')).status, 204);
    assert.equal((await one('GET', '/api/v1/login')).status, 401);
    assert.equal((await other('GET', '/api/v1/login')).status, 200);
    await bed.owner.query(`UPDATE console.person SET state = 'ended' WHERE login = 'wang'`);
    assert.equal((await other('GET', '/api/v1/login')).status, 401);
    await bed.owner.query(`UPDATE console.person SET state = 'active' WHERE login = 'wang'`);
  });

  test('are slowed down by name', async () => {
    const answers: number[] = [];
    for (let tried = 0; tried < 6; tried++) answers.push((await logIn({ login: 'sun', code: '123456' })).status);
    assert.deepEqual(answers, [401, 401, 401, 401, 401, 429]);
    const { headers } = await logIn({ login: 'sun', code: '123456' });
    assert.ok(Number(headers.get('retry-after')) > 0);
  });

  const bodies: readonly {
    readonly what: string;
    readonly body: unknown;
    readonly status: number;
    readonly reason: string;
  }[] = [
    { what: 'no JSON', body: '{"login":', status: 400, reason: 'bodyMalformed' },
    {
      what: 'unknown fields',
      body: { login: 'a', password: 'b', code: '000000', keep: 'cookie', admin: true },
      status: 400,
      reason: 'fieldInvalid',
    },
    { what: 'too much', body: { login: 'a'.repeat(70_000) }, status: 413, reason: 'bodyTooLarge' },
  ];
  for (const { what, body, status, reason } of bodies) {
    test(`refuse ${what}`, async () => {
      const answer = await bed.call('POST', '/api/v1/login', body);
      assert.deepEqual([answer.status, answer.body.reason], [status, reason]);
    });
  }

  test('answer with the headers that close the usual doors', async () => {
    const { headers } = await bed.call('GET', '/api/v1/login');
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.equal(headers.get('x-frame-options'), 'DENY');
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.match(headers.get('content-security-policy')!, /default-src 'none'; frame-ancestors 'none'/);
    const page = await bed.call('GET', '/payments');
    const policy = page.headers.get('content-security-policy')!;
    assert.match(policy, /script-src 'self';/);
    assert.ok(!/unsafe|https?:/.test(policy), policy);
  });
});
