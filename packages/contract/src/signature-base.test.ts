/** Against the test cases of RFC 9421, appendix B.2, with the public keys of B.1. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HttpRequest, HttpResponse, Suite } from '@clearway/ports';
import { realCrypto } from '@clearway/ports/real';
import { isInnerList, parseDictionary } from 'structured-headers';
import { SignatureBaseError, type SignedMessage, signatureBase } from './signature-base.ts';

const request: HttpRequest = {
  method: 'POST',
  url: '/foo?param=Value&Pet=dog',
  headers: {
    host: 'example.com',
    date: 'Tue, 20 Apr 2021 02:07:55 GMT',
    'content-type': 'application/json',
    'content-digest':
      'sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:',
    'content-length': '18',
  },
  body: Buffer.from('{"hello": "world"}'),
};

const response: HttpResponse = {
  status: 200,
  headers: {
    date: 'Tue, 20 Apr 2021 02:07:56 GMT',
    'content-type': 'application/json',
    'content-digest':
      'sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:',
    'content-length': '23',
  },
  body: Buffer.from('{"message": "good dog"}'),
};

const ed25519 = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
-----END PUBLIC KEY-----
`;
const p256 = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf
w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==
-----END PUBLIC KEY-----
`;

function inputOf(member: string): Parameters<typeof signatureBase>[0] {
  const [input] = [...parseDictionary(member).values()];
  assert.ok(input && isInnerList(input));
  return input;
}

const textOf = (member: string, message: SignedMessage = { request }) =>
  Buffer.from(signatureBase(inputOf(member), message)).toString();

describe('RFC 9421, appendix B.2', () => {
  const cases: [name: string, message: SignedMessage, input: string, suite: Suite, key: string, signature: string][] = [
    [
      'B.2.4, a response under ecdsa-p256-sha256',
      { request, response },
      'sig-b24=("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256"',
      'ecdsa-p256-sha256',
      p256,
      'wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==',
    ],
    [
      'B.2.6, a request under ed25519',
      { request },
      'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
      'ed25519',
      ed25519,
      'wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==',
    ],
  ];
  for (const [name, message, member, suite, key, signature] of cases) {
    test(`${name} holds`, async () => {
      const base = signatureBase(inputOf(member), message);
      assert.equal(await realCrypto.verify(suite, key, base, Buffer.from(signature, 'base64')), true);
      const changed = Uint8Array.from(base);
      changed[10]! ^= 1;
      assert.equal(await realCrypto.verify(suite, key, changed, Buffer.from(signature, 'base64')), false);
    });
  }

  test('B.2.3, full coverage: the base is the one of the RFC', () => {
    const member =
      'sig-b23=("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss"';
    assert.equal(
      textOf(member),
      `"date": Tue, 20 Apr 2021 02:07:55 GMT
"@method": POST
"@path": /foo
"@query": ?param=Value&Pet=dog
"@authority": example.com
"content-type": application/json
"content-digest": sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:
"content-length": 18
"@signature-params": ("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss"`,
    );
  });
});

test('a client and a server build the same base', () => {
  const member = 'x=("@authority" "@path" "@query")';
  for (const [address, host, target] of [
    ['https://Example.com/foo?a=b', 'example.com', '/foo?a=b'],
    ['https://example.com:443/', 'EXAMPLE.com:443', '/'],
    ['http://example.com:8080', 'example.com:8080', '/'],
    ['https://127.0.0.1:9/a%20b', '127.0.0.1:9', '/a%20b'],
    ['https://[::1]:9//a', '[::1]:9', '//a'],
  ] as const) {
    const server = { ...request, url: target, headers: { host } };
    assert.equal(
      textOf(member, { request: { ...request, url: address } }),
      textOf(member, { request: server }),
      address,
    );
  }
});

test('without a query the component is a lone question mark', () => {
  assert.match(textOf('x=("@query")', { request: { ...request, url: '/foo' } }), /^"@query": \?\n/);
});

describe('there is no base', () => {
  const member = 'a=:AAAA:, b=:BBBB:';
  for (const input of [
    '("x-missing")',
    '("constructor")',
    '("__proto__")',
    '("date" "date")',
    '("@unknown")',
    '("@status")',
    '("date";sf)',
    '("date";req)',
    '("signature";key="c")',
    '(1)',
  ]) {
    test(`of a request that covers ${input}`, () => {
      const message = { request: { ...request, headers: { ...request.headers, signature: member } } };
      assert.throws(() => textOf(`x=${input}`, message), SignatureBaseError);
    });
  }

  test('of a response that covers a method of its own', () => {
    assert.throws(() => textOf('x=("@method")', { request, response }), SignatureBaseError);
  });
});

test('a response can cover a member of a field of its request', () => {
  const signed = { ...request, headers: { ...request.headers, signature: 'a=:AAAA:, b=:BBBB:' } };
  assert.match(
    textOf('x=("@status" "signature";req;key="b" "@method";req)', { request: signed, response }),
    /^"@status": 200\n"signature";req;key="b": :BBBB:\n"@method";req: POST\n/,
  );
});
