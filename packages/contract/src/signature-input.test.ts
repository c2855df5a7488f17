/** The one form in which signatures are written, against the library that reads and writes every form. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HttpRequest, HttpResponse, Ports, Suite } from '@clearway/ports';
import { realChance, realClock, realCrypto } from '@clearway/ports/real';
import fc from 'fast-check';
import { type Item, isInnerList, parseDictionary, serializeDictionary } from 'structured-headers';
import { contentDigest } from './content-digest.ts';
import { signRequest, signResponse } from './http-signature.ts';
import { type SignedMessage, signatureBase } from './signature-base.ts';
import { readAnyInput, readInput, readOwnInput, readSignature } from './signature-input.ts';

const keys = {
  ed25519: await realCrypto.generateSigningKey('ed25519'),
  'ecdsa-p256-sha256': await realCrypto.generateSigningKey('ecdsa-p256-sha256'),
};
const ports: Ports = {
  clock: realClock,
  chance: realChance,
  crypto: realCrypto,
  network: { request: () => Promise.reject(new Error('nobody is asked here')) },
};

const requests = fc.record({
  code: fc.stringMatching(/^[0-9]{5}$/),
  version: fc.integer({ min: 1, max: 65_535 }),
  suite: fc.constantFrom<Suite>('ed25519', 'ecdsa-p256-sha256'),
  host: fc.constantFrom('gateway.example', 'GATEWAY.example:443', '127.0.0.1:8443', '[::1]:80'),
  path: fc.webPath(),
  query: fc.constantFrom('', '?', '?a=b', '?a=%20&b'),
  body: fc.uint8Array({ maxLength: 40 }),
  method: fc.constantFrom('GET', 'POST', 'DELETE'),
});
type Asked = typeof requests extends fc.Arbitrary<infer T> ? T : never;

async function signed({ code, version, suite, host, path, query, body, method }: Asked): Promise<HttpRequest> {
  const headers: Record<string, string> = body.length > 0 ? { 'content-type': 'application/json' } : {};
  const request = { method, url: `https://${host}/${path}${query}`, headers, body };
  return signRequest(ports, { suite, version, privateKey: keys[suite].privateKey }, code, request);
}

/** As it comes out at the server. */
function received(request: HttpRequest): HttpRequest {
  const { pathname, search } = new URL(request.url);
  return { ...request, url: pathname + search };
}

function baseByLibrary(message: SignedMessage): Uint8Array {
  const { headers } = message.response ?? message.request;
  const [member] = [...parseDictionary(headers['signature-input']!).values()];
  assert.ok(member && isInnerList(member));
  return signatureBase(member, message);
}

/** Fields are what the library writes of what it reads in them. */
function mustBeSerialised(headers: HttpRequest['headers']): void {
  for (const name of ['signature-input', 'signature', 'content-digest']) {
    const field = headers[name];
    if (field !== undefined) assert.equal(serializeDictionary(parseDictionary(field)), field);
  }
}

async function mustHold(message: SignedMessage, suite: Suite): Promise<void> {
  const { headers } = message.response ?? message.request;
  mustBeSerialised(headers);
  const own = readOwnInput(headers);
  assert.ok(own, 'what is written here is read without the library');
  const base = baseByLibrary(message);
  assert.deepEqual(own.base(message), base);
  const signature = readSignature(headers.signature!, own.label)!;
  assert.ok(await realCrypto.verify(suite, keys[suite].publicKey, base, signature));
}

/** The two ways of reading agree, in all that is read. */
function mustAgree(headers: HttpRequest['headers'], message: SignedMessage): 'own' | 'any' | 'none' {
  const own = readOwnInput(headers);
  const any = readAnyInput(headers);
  if (own === undefined) return any === undefined ? 'none' : 'any';
  assert.ok(any, 'what is read without the library, the library can read');
  assert.equal(own.label, any.label);
  for (const name of ['created', 'expires', 'nonce', 'alg', 'keyid']) {
    assert.equal(own.parameters.get(name), any.parameters.get(name));
  }
  assert.deepEqual([...own.covered].sort(), [...any.covered].sort());
  assert.deepEqual(
    resultOf(() => own.base(message)),
    resultOf(() => any.base(message)),
  );
  return 'own';
}

function resultOf(base: () => Uint8Array): Uint8Array | string {
  try {
    return base();
  } catch (error) {
    return (error as Error).message;
  }
}

describe('what is written', () => {
  test('is what the library writes, and what it puts under a request’s signature', async () => {
    await fc.assert(
      fc.asyncProperty(requests, async (asked) => {
        const request = await signed(asked);
        await mustHold({ request }, asked.suite);
        await mustHold({ request: received(request) }, asked.suite);
        assert.deepEqual(baseByLibrary({ request }), baseByLibrary({ request: received(request) }));
      }),
      { numRuns: 200 },
    );
  });

  test('is what the library writes, and what it puts under a response’s signature', async () => {
    const answers = fc.record({
      asked: requests,
      status: fc.integer({ min: 200, max: 599 }),
      typed: fc.boolean(),
      body: fc.uint8Array({ maxLength: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(answers, async ({ asked, status, typed, body }) => {
        const request = await signed(asked);
        const headers: Record<string, string> = typed ? { 'content-type': 'application/json' } : {};
        const key = { suite: asked.suite, version: 1, privateKey: keys[asked.suite].privateKey };
        const response = await signResponse(ports, key, '00000', received(request), { status, headers, body });
        await mustHold({ request, response }, asked.suite);
      }),
      { numRuns: 200 },
    );
  });

  test('names the signature of a request under whatever label it has', async () => {
    const request = await signed(fc.sample(requests, 1)[0]!);
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, value.replace(/^clearway=/, 'sig-1=')]),
    );
    const key = { suite: 'ed25519', version: 1, privateKey: keys.ed25519.privateKey } as const;
    const answer: HttpResponse = { status: 204, headers: {}, body: new Uint8Array(0) };
    const response = await signResponse(ports, key, '00000', { ...request, headers }, answer);
    assert.match(response.headers['signature-input']!, /"signature";req;key="sig-1"\)/);
    mustBeSerialised(response.headers);
    const message = { request: { ...request, headers }, response };
    assert.deepEqual(readInput(response.headers)!.base(message), baseByLibrary(message));
  });

  test('is a digest as the library writes it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (body) => {
        const field = contentDigest(body);
        assert.equal(serializeDictionary(parseDictionary(field)), field);
      }),
    );
  });
});

describe('what is read', () => {
  /** Pieces of fields as they may stand there, legal and not. */
  const pieces = fc.constantFrom(
    ...[' ', ',', ';', '"', '=', '(', ')', '0', '1', '-1', '?1', 'a', 'A', '\\', '\\"', ':', 'é', '\t', '1.5'],
    ...[';created=1', ';created=01', ';created=1790000000', ';expires=1790000060', ';nonce="abcdefgh"', ';nonce=7'],
    ...[';alg="ed25519"', ';keyid="00101/1"', ';tag="clearway"', ';tag="other"', ';req', ';key="clearway"', ';key=a'],
    ...[
      '"@method"',
      ' "@path"',
      '"content-digest"',
      ' "content-type"',
      '"@status"',
      '("@method")',
      'sig=',
      'clearway=',
    ],
  );
  const changes = fc.array(
    fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), cut: fc.nat(30), piece: pieces }),
    {
      maxLength: 3,
    },
  );

  test('is the same without the library as with it, in fields as they are written and in changed ones', async () => {
    const message = { request: await signed(fc.sample(requests, 1)[0]!) };
    const seen = { own: 0, any: 0, none: 0 };
    await fc.assert(
      fc.asyncProperty(requests, changes, async (asked, done) => {
        const { headers } = await signed({ ...asked, suite: 'ed25519' });
        let input = headers['signature-input']!;
        for (const { at, cut, piece } of done) {
          const place = Math.floor(at * input.length);
          input = input.slice(0, place) + piece + input.slice(place + cut);
        }
        seen[mustAgree({ ...headers, 'signature-input': input }, message)] += 1;
      }),
      { numRuns: 1000 },
    );
    assert.ok(seen.own > 0 && seen.any > 0 && seen.none > 0, `all three came: ${JSON.stringify(seen)}`);
  });

  test('is the same when parameters stand in another order, or more of them', async () => {
    const request = await signed(fc.sample(requests, 1)[0]!);
    const [member] = [...parseDictionary(request.headers['signature-input']!).values()];
    assert.ok(member && isInnerList(member));
    const [items, parameters] = member;
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([...parameters], { minLength: 3 }),
        fc.shuffledSubarray<Item>([...items], { minLength: 1 }),
        async (some, covered) => {
          const input = serializeDictionary(new Map([['clearway', [covered, new Map(some)]]]));
          mustAgree({ ...request.headers, 'signature-input': input }, { request });
        },
      ),
    );
  });

  test('is the same of the bytes of a signature', () => {
    const characters = fc.constantFrom(...'ABQgwxyz0189+/=:_- ');
    const texts = fc.string({ unit: characters, minLength: 80, maxLength: 92 });
    const whole = fc.uint8Array({ minLength: 64, maxLength: 64 }).map((bytes) => Buffer.from(bytes).toString('base64'));
    let read = 0;
    fc.assert(
      fc.property(
        fc.oneof(
          texts,
          whole,
          whole.map((text) => `${text.slice(0, 85)}B==`),
        ),
        (text) => {
          const field = `clearway=:${text}:`;
          // Beside another member it is the library that reads it.
          const byLibrary = readSignature(`a=1, ${field}`, 'clearway');
          const own = readSignature(field, 'clearway');
          assert.deepEqual(own && Buffer.from(own), byLibrary && Buffer.from(byLibrary));
          if (own) read += 1;
        },
      ),
      { numRuns: 1000 },
    );
    assert.ok(read > 0);
  });
});
