import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Reason } from '@clearway/core/vocabulary';
import type { Clock, HttpRequest, HttpResponse } from '@clearway/ports';
import { realChance, realClock, realCrypto } from '@clearway/ports/real';
import fc from 'fast-check';
import { contentDigest } from './content-digest.ts';
import {
  clockToleranceSeconds,
  type RequestExpectations,
  signatureLifeSeconds,
  signRequest,
  signResponse,
  verifyRequest,
  verifyResponse,
} from './http-signature.ts';
import type { SigningKey, VerifyingKey } from './sign.ts';

const now = Date.UTC(2026, 10, 22, 10, 0, 0, 500);
const clockAt = (ms: number): Clock => ({ ...realClock, now: () => ms });
const portsAt = (ms: number) => ({ clock: clockAt(ms), chance: realChance, crypto: realCrypto });
const ports = portsAt(now);

const institution = await realCrypto.generateSigningKey('ed25519');
const platform = await realCrypto.generateSigningKey('ed25519');
const key: SigningKey = { suite: 'ed25519', version: 3, privateKey: institution.privateKey };
const platformKey: SigningKey = { suite: 'ed25519', version: 1, privateKey: platform.privateKey };
const keys: VerifyingKey[] = [{ version: 3, suite: 'ed25519', publicKey: institution.publicKey }];
const signer = { code: '00000', keys: [{ version: 1, suite: 'ed25519', publicKey: platform.publicKey }] } as const;

const expected: RequestExpectations = {
  keysOf: (code) => (code === '00101' ? keys : undefined),
  firstUse: () => true,
};
const payment: HttpRequest = {
  method: 'POST',
  url: 'https://gateway.example:8443/v1/payments?a=b',
  headers: { 'content-type': 'application/json' },
  body: Buffer.from('{"paymentId":"1"}'),
};
const enquiry: HttpRequest = {
  method: 'GET',
  url: 'https://gateway.example:8443/v1/payments/1',
  headers: {},
  body: new Uint8Array(0),
};
const answer: HttpResponse = {
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from('{"state":"succeeded"}'),
};

/** The request as it comes out at the server. */
function received(request: HttpRequest): HttpRequest {
  const { pathname, search } = new URL(request.url);
  return { ...request, url: pathname + search };
}

async function refusal(request: HttpRequest, changed: Partial<RequestExpectations> = {}, at = now): Promise<Reason> {
  const verified = await verifyRequest(portsAt(at), request, { ...expected, ...changed });
  assert.ok(!verified.ok, 'it should be refused');
  assert.ok(verified.message.length > 0);
  return verified.reason;
}

describe('a signed request', () => {
  test('holds, with and without a body, and tells who signed', async () => {
    for (const request of [payment, enquiry]) {
      const signed = received(await signRequest(ports, key, '00101', request));
      const expiresAt = Math.floor(now / 1000) * 1000 + signatureLifeSeconds * 1000;
      assert.deepEqual(await verifyRequest(ports, signed, expected), {
        ok: true,
        code: '00101',
        keyVersion: 3,
        expiresAt,
      });
    }
  });

  test('holds under P-256 as well', async () => {
    const { publicKey, privateKey } = await realCrypto.generateSigningKey('ecdsa-p256-sha256');
    const suite = 'ecdsa-p256-sha256';
    const signed = received(await signRequest(ports, { suite, version: 9, privateKey }, '00201', payment));
    const verified = await verifyRequest(ports, signed, {
      ...expected,
      keysOf: () => [{ version: 9, suite, publicKey }],
    });
    assert.equal(verified.ok, true);
  });

  test('holds beside the signatures of others', async () => {
    const signed = received(await signRequest(ports, key, '00101', payment));
    const headers = {
      ...signed.headers,
      'signature-input': `proxy=("@method");created=1, ${signed.headers['signature-input']}`,
      signature: `proxy=:AAAA:, ${signed.headers.signature}`,
    };
    assert.equal((await verifyRequest(ports, { ...signed, headers }, expected)).ok, true);
  });

  const tampered: [what: string, change: (request: HttpRequest) => Partial<HttpRequest>, reason: Reason][] = [
    ['its method', () => ({ method: 'PUT' }), 'signatureInvalid'],
    ['its path', () => ({ url: '/v1/agreements?a=b' }), 'signatureInvalid'],
    ['its query', () => ({ url: '/v1/payments?a=c' }), 'signatureInvalid'],
    ['its query, taken away', () => ({ url: '/v1/payments' }), 'signatureInvalid'],
    ['its host', ({ headers }) => ({ headers: { ...headers, host: 'other.example' } }), 'signatureInvalid'],
    [
      'its content type',
      ({ headers }) => ({ headers: { ...headers, 'content-type': 'text/xml' } }),
      'signatureInvalid',
    ],
    ['its body', () => ({ body: Buffer.from('{"paymentId":"2"}') }), 'digestMismatch'],
    ['its body, taken away', () => ({ body: new Uint8Array(0) }), 'digestMismatch'],
    [
      'body and digest together',
      ({ headers }) => {
        const body = Buffer.from('{"paymentId":"2"}');
        return { body, headers: { ...headers, 'content-digest': contentDigest(body) } };
      },
      'signatureInvalid',
    ],
    [
      'the time of expiry',
      field('signature-input', /expires=\d+/, `expires=${Math.floor(now / 1000) + 59}`),
      'signatureInvalid',
    ],
    ['the nonce', field('signature-input', /nonce="../, 'nonce="zz'), 'signatureInvalid'],
    ['the key’s version', field('signature-input', '00101/3', '00101/4'), 'keyUnknown'],
    ['the signer', field('signature-input', '00101/3', '00102/3'), 'keyUnknown'],
    ['the form of the key’s name', field('signature-input', '00101/3', 'mine'), 'signatureInvalid'],
    ['the algorithm', field('signature-input', 'alg="ed25519"', 'alg="hmac-sha256"'), 'signatureInvalid'],
    ['the tag', field('signature-input', 'tag="clearway"', 'tag="other"'), 'signatureMissing'],
    ['the label of the signature', field('signature', 'clearway=', 'other='), 'signatureInvalid'],
    ['the signature’s form', field('signature', /=:.*:/, '="text"'), 'signatureInvalid'],
    ['what is covered, the path left out', field('signature-input', '"@path" ', ''), 'signatureInvalid'],
    ['what is covered, the digest left out', field('signature-input', '"content-digest" ', ''), 'signatureInvalid'],
    ['what is covered, something missing added', field('signature-input', '("@', '("x-none" "@'), 'signatureInvalid'],
    ['what is covered, a trap added', field('signature-input', '("@', '("constructor" "@'), 'signatureInvalid'],
    ['the signature’s readability', field('signature', ':', '('), 'signatureInvalid'],
    ['the input’s readability', field('signature-input', '(', '(('), 'signatureMissing'],
  ];
  for (const [what, change, reason] of tampered) {
    test(`does not hold when somebody changes ${what}: ${reason}`, async () => {
      const signed = received(await signRequest(ports, key, '00101', payment));
      assert.equal(await refusal({ ...signed, ...change(signed) }), reason);
    });
  }

  test('does not hold when any one bit of the signature is flipped', async () => {
    const signed = received(await signRequest(ports, key, '00101', payment));
    const [, base64] = /:(.*):/.exec(signed.headers.signature!)!;
    await fc.assert(
      fc.asyncProperty(fc.nat(511), async (bit) => {
        const value = Buffer.from(base64!, 'base64');
        value[bit >> 3]! ^= 1 << (bit & 7);
        const headers = { ...signed.headers, signature: `clearway=:${value.toString('base64')}:` };
        assert.equal(await refusal({ ...signed, headers }), 'signatureInvalid');
      }),
      { numRuns: 30 },
    );
  });

  test('is refused when it bears no signature, or half of one', async () => {
    const signed = received(await signRequest(ports, key, '00101', payment));
    for (const name of ['signature', 'signature-input']) {
      const headers = Object.fromEntries(Object.entries(signed.headers).filter(([other]) => other !== name));
      assert.equal(await refusal({ ...signed, headers }), 'signatureMissing');
    }
    assert.equal(await refusal(received(payment)), 'signatureMissing');
  });

  test('is good from a little before its making to its expiry, by the receiver’s clock', async () => {
    const created = Math.floor(now / 1000) * 1000;
    const signed = received(await signRequest(ports, key, '00101', payment));
    const at = async (ms: number) => (await verifyRequest(portsAt(ms), signed, expected)).ok;
    assert.equal(await at(created - clockToleranceSeconds * 1000), true);
    assert.equal(await at(created + signatureLifeSeconds * 1000 - 1), true);
    assert.equal(await refusal(signed, {}, created - clockToleranceSeconds * 1000 - 1), 'signatureExpired');
    assert.equal(await refusal(signed, {}, created + signatureLifeSeconds * 1000), 'signatureExpired');
  });

  test('cannot be made to live longer', async () => {
    const signed = received(await signRequest(ports, key, '00101', payment));
    const change = field('signature-input', /expires=\d+/, `expires=${Math.floor(now / 1000) + 61}`);
    assert.equal(await refusal({ ...signed, ...change(signed) }), 'signatureInvalid');
  });

  test('is refused when its nonce has been used, or cannot be taken, and the nonce of a false one is not asked', async () => {
    const asked: unknown[] = [];
    const signed = received(await signRequest(ports, key, '00101', payment));
    const firstUse = (...nonce: unknown[]) => {
      asked.push(nonce);
      return asked.length === 1;
    };
    assert.equal((await verifyRequest(ports, signed, { ...expected, firstUse })).ok, true);
    assert.equal(await refusal(signed, { firstUse }), 'signatureReplayed');
    assert.equal(await refusal(signed, { firstUse: () => 'overloaded' }), 'overloaded');
    assert.equal(await refusal({ ...signed, body: Buffer.from('x') }, { firstUse }), 'digestMismatch');
    assert.deepEqual(asked[0], asked[1]);
    assert.equal(asked.length, 2);
  });

  test('has a nonce of its own each time', async () => {
    const [first, second] = [
      await signRequest(ports, key, '00101', payment),
      await signRequest(ports, key, '00101', payment),
    ];
    assert.notEqual(first.headers['signature-input'], second.headers['signature-input']);
  });

  test('is refused under a key that has ended', async () => {
    const signed = received(await signRequest(ports, key, '00101', payment));
    const ended = (endedAt: number) => ({ keysOf: () => [{ ...keys[0]!, endedAt }] });
    assert.equal((await verifyRequest(ports, signed, { ...expected, ...ended(now + 1) })).ok, true);
    assert.equal(await refusal(signed, ended(now)), 'keyUnknown');
  });

  test('is refused where it is not meant for', async () => {
    const signed = received(await signRequest(ports, key, '00101', payment));
    const authority = 'gateway.example:8443';
    assert.equal((await verifyRequest(ports, signed, { ...expected, authority })).ok, true);
    assert.equal(await refusal(signed, { authority: 'bank.example' }), 'signatureInvalid');
    const { host: _, ...headers } = signed.headers;
    assert.equal(await refusal({ ...signed, headers }, { authority }), 'signatureInvalid');
  });
});

describe('a signed response', () => {
  async function exchange(): Promise<{ request: HttpRequest; response: HttpResponse }> {
    const request = await signRequest(ports, key, '00101', payment);
    return { request, response: await signResponse(ports, platformKey, '00000', received(request), answer) };
  }

  test('holds for the request that it answers', async () => {
    const { request, response } = await exchange();
    const verified = await verifyResponse(ports, request, response, signer);
    assert.ok(verified.ok && verified.code === '00000' && verified.keyVersion === 1);
  });

  test('holds without a body too', async () => {
    const { request } = await exchange();
    const empty = { status: 204, headers: {}, body: new Uint8Array(0) };
    const response = await signResponse(ports, platformKey, '00000', received(request), empty);
    assert.equal((await verifyResponse(ports, request, response, signer)).ok, true);
  });

  test('does not answer another request, even an equal one', async () => {
    const [first, second] = [await exchange(), await exchange()];
    assert.equal((await verifyResponse(ports, first.request, second.response, signer)).ok, false);
  });

  const tampered: [what: string, change: (response: HttpResponse) => Partial<HttpResponse>, reason: Reason][] = [
    ['its status', () => ({ status: 422 }), 'signatureInvalid'],
    ['its body', () => ({ body: Buffer.from('{"state":"failed"}') }), 'digestMismatch'],
    [
      'its content type',
      ({ headers }) => ({ headers: { ...headers, 'content-type': 'text/xml' } }),
      'signatureInvalid',
    ],
    ['the digest, left out of what is covered', field('signature-input', '"content-digest" ', ''), 'signatureInvalid'],
    [
      'the request, left out of what is covered',
      field('signature-input', / "signature".*?"clearway"/, ''),
      'signatureInvalid',
    ],
    ['the signer', field('signature-input', '00000/1', '00101/3'), 'signatureInvalid'],
    ['its headers, all taken away', () => ({ headers: {} }), 'signatureMissing'],
  ];
  for (const [what, change, reason] of tampered) {
    test(`does not hold when somebody changes ${what}: ${reason}`, async () => {
      const { request, response } = await exchange();
      const verified = await verifyResponse(ports, request, { ...response, ...change(response) }, signer);
      assert.ok(!verified.ok);
      assert.equal(verified.reason, reason);
    });
  }

  test('can be given to a request without a readable signature', async () => {
    for (const headers of [{}, { 'signature-input': '((', signature: '((' }]) {
      const response = await signResponse(ports, platformKey, '00000', { ...received(payment), headers }, answer);
      assert.match(response.headers['signature-input']!, /^clearway=\("@status" "content-digest" "content-type"\);/);
    }
  });
});

function field<M extends HttpRequest | HttpResponse>(name: string, from: string | RegExp, to: string) {
  return ({ headers }: M): Partial<M> => {
    const value = headers[name]!.replace(from, to);
    assert.notEqual(value, headers[name], 'the test should change something');
    return { headers: { ...headers, [name]: value } } as Partial<M>;
  };
}
