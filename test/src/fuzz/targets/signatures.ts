/**
 * Signed requests (RFC 9421): whatever stands in the fields, the verdict is a verdict; and what is taken as signed is
 * what was signed.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { signRequest, verifyRequest } from '@clearway/contract';
import type { Chance, Clock, Crypto, HttpRequest } from '@clearway/ports';
import { realCrypto } from '@clearway/ports/real';
import { mutate } from '../mutate.ts';
import type { Random } from '../random.ts';
import type { Target } from '../target.ts';

const clock: Clock = { now: () => 1_795_000_000_000, elapsed: () => 0, after: () => () => {} };
const key = { suite: 'ed25519', version: 1, privateKey: 'secret' } as const;

/** In place of a signature a hash that only who knows the secret can make: the parser is under test, not the curve. */
const mark = (bytes: Uint8Array) => createHash('sha512').update(key.privateKey).update(bytes).digest();
const crypto: Crypto = {
  ...realCrypto,
  sign: async (_suite, _key, bytes) => mark(bytes),
  verify: async (_suite, _key, bytes, signature) => mark(bytes).equals(signature),
};
const fields = ['signature', 'signature-input', 'content-digest', 'content-type', 'host', 'date'];
const hints = [
  'sig=("@method");created=1',
  ';tag="other"',
  '"@query-param";name="a"',
  '();',
  ':AAAA:',
  '"@path";req',
  '%',
  '\u00ff',
];

function generate(random: Random): Buffer {
  const request = {
    method: random.pick(['POST', 'GET', 'post']),
    path: random.pick(['/v1/payments', '/v1/payments?a=1&b=2', '/v1//payments', '/']),
    body: random.chance(0.7) ? '{"a":1}' : '',
    headers: {} as Record<string, string>,
    changes: {} as Record<string, string>,
  };
  if (request.body) request.headers['content-type'] = 'application/json';
  for (let left = random.below(4); left > 0; left--) request.changes[random.pick(fields)] = random.pick(hints);
  return Buffer.from(JSON.stringify({ ...request, seed: random.word(), how: random.below(4) }));
}

interface Plan {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly headers: Record<string, string>;
  readonly changes: Record<string, string>;
  readonly seed: number;
  readonly how: number;
}

const isFields = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.values(value).every((one) => typeof one === 'string');

/** Undefined for bytes that are no plan: then there is nothing to sign. */
function planOf(input: Buffer): Plan | undefined {
  try {
    const plan = JSON.parse(input.toString('utf8'));
    const isText = [plan.method, plan.path, plan.body].every((value) => typeof value === 'string');
    const isWhole = isText && isFields(plan.headers) && isFields(plan.changes);
    return isWhole && (plan.body === '' || 'content-type' in plan.headers) ? plan : undefined;
  } catch {
    return undefined;
  }
}

async function check(input: Buffer, random: Random): Promise<void> {
  const plan = planOf(input);
  if (!plan) return;
  const chance: Chance = { bytes: (count) => random.bytes(count) };
  const original: HttpRequest = {
    method: plan.method,
    url: `https://gateway.test${plan.path}`,
    headers: { ...plan.headers },
    body: Buffer.from(plan.body),
  };
  const signed = await signRequest({ clock, chance, crypto }, key, '00101', original);
  const received = { ...signed, url: plan.path, headers: { ...signed.headers } as Record<string, string> };
  received.headers.host ??= 'gateway.test';
  const before = JSON.stringify([received, received.body.toString()]);
  disturb(plan, received, random);
  const verdict = await verifyRequest({ clock, crypto }, received, {
    keysOf: (code) => (code === '00101' ? [{ version: 1, suite: 'ed25519', publicKey: 'public' }] : undefined),
    firstUse: () => true,
  });
  if (!verdict.ok) return assert.equal(typeof verdict.reason, 'string');
  assert.equal(verdict.code, '00101');
  const covered = ({ method, url, body, headers }: HttpRequest) => [
    method,
    // No query and an empty one are the same (RFC 9421, 2.2.7).
    url.replace(/\?$/, ''),
    Buffer.from(body).toString('hex'),
    headers.host.toLowerCase(),
    // Surrounding white space is no part of a field's value.
    body.length > 0 && headers['content-type'].trim(),
  ];
  const [asSigned] = JSON.parse(before) as [HttpRequest];
  assert.deepEqual(covered(received), covered({ ...asSigned, body: signed.body }));
}

/** Fields, lines or body changed after signing. */
function disturb(
  plan: Plan,
  received: { headers: Record<string, string>; body: Uint8Array; url: string; method: string },
  random: Random,
): void {
  for (const [name, hint] of Object.entries(plan.changes)) {
    const value = received.headers[name] ?? '';
    const at = random.below(value.length + 1);
    if (plan.how === 0) received.headers[name] = value + hint;
    else if (plan.how === 1) received.headers[name] = value.slice(0, at) + hint + value.slice(at + random.below(4));
    else if (plan.how === 2) received.headers[name] = mutate(random, Buffer.from(value)).toString('latin1');
    else delete received.headers[name];
  }
  if (random.chance(0.1)) received.body = mutate(random, Buffer.from(received.body));
  if (random.chance(0.1)) received.url += random.pick(['?', '&c=3', '/', '%2F', '#x']);
  if (random.chance(0.05)) received.method = random.pick(['PUT', 'POST ', 'get']);
}

export const signatures: Target = { name: 'signatures', generate, check };
