/** Over TLS: only by it, and with cookies that a browser gives to nobody else. */
import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import https from 'node:https';
import { after, before, describe, test } from 'node:test';
import { selfSigned } from '@clearway/ports/testing';
import { codeOf, stepAt } from '../people/one-time-code.ts';
import { type Bed, openBed } from '../test-bed.ts';

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly cookies: readonly string[];
}

describe('the console over TLS', () => {
  const certificate = selfSigned('console');
  let bed: Bed;
  before(async () => {
    bed = await openBed({ tls: certificate });
  });
  after(() => bed.close());

  const ask = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    new Promise<Answer>((resolve, reject) => {
      const request = https.request(
        `${bed.server.address}${path}`,
        { method, ca: certificate.cert, headers: { 'content-type': 'application/json', ...headers } },
        (response) => {
          response.resume();
          response.on('end', () =>
            resolve({
              status: response.statusCode,
              headers: response.headers,
              cookies: response.headers['set-cookie'] ?? [],
            }),
          );
        },
      );
      request.on('error', reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });

  test('gives a cookie that is for this host alone and never goes without TLS', async () => {
    const { secret, password } = await bed.person('li', ['operator']);
    const code = codeOf(secret, stepAt(Date.now()));
    const login = { login: 'li', password, code, keep: 'cookie' };
    const { origin } = new URL(bed.server.address);
    const { status, headers, cookies } = await ask('POST', '/api/v1/login', login, { origin });
    assert.equal(status, 200);
    assert.match(
      cookies[0],
      /^__Host-clearway_login=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict; Secure$/,
    );
    assert.match(String(headers['strict-transport-security']), /^max-age=\d+$/);
    assert.equal((await ask('GET', '/api/v1/login', undefined, { cookie: cookies[0].split(';')[0] })).status, 200);
    const bare = cookies[0].split(';')[0].replace('__Host-', '');
    assert.equal((await ask('GET', '/api/v1/login', undefined, { cookie: bare })).status, 401);
  });

  test('takes nothing from a page without TLS, and speaks no plain HTTP', async () => {
    const origin = bed.server.address.replace('https:', 'http:');
    assert.equal((await ask('POST', '/api/v1/login', {}, { origin })).status, 403);
    await assert.rejects(fetch(origin), /fetch failed/);
  });
});
