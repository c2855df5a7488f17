/** JSON bodies: one meaning for every reader, and checks of messages that answer whatever is asked. */
import assert from 'node:assert/strict';
import {
  type Check,
  canonicalPayment,
  checkAgreementRequest,
  checkDirectory,
  checkNotices,
  checkOffer,
  checkPaymentAnswer,
  checkPaymentRequest,
  checkPaymentStatus,
  checkPlatform,
  parseJson,
} from '@clearway/contract';
import { mutate } from '../mutate.ts';
import type { Random } from '../random.ts';
import type { Target } from '../target.ts';

const limits = { maxBytes: 4096, maxDepth: 6 };
const scheme = { schemeId: 'FUZZ', environment: 'sandbox' } as const;
const checks: readonly Check<unknown>[] = [
  checkPaymentRequest,
  checkPaymentAnswer,
  checkPaymentStatus,
  checkAgreementRequest,
  checkOffer,
  checkNotices,
  checkPlatform,
  checkDirectory,
];
const strings = [
  '',
  'a',
  '__proto__',
  'constructor',
  '\\u005f_proto__',
  '\\ud800',
  '\\n',
  '工资',
  '\\"',
  '{',
  '":',
  '00201',
];
const numbers = ['0', '-0', '1e400', '0.1', '9007199254740993', '-1', '1E-7'];

function payment(random: Random): string {
  const fields: [string, string][] = [
    ['paymentId', `"${random.digits(random.chance(0.9) ? 31 : 30)}"`],
    ['kind', random.pick(['"payout"', '"payout"', '"refund"', '"agreementPayment"', '"gift"'])],
    ['instructedAgent', '"00201"'],
    ['interbankSettlementAmount', `{"amount":"${random.below(1000)}.${random.digits(2)}","currency":"CNY"}`],
    ['endToEndId', `"order ${random.digits(3)}"`],
    [
      'expiresAt',
      random.pick(['"2026-11-22T10:00:05.000Z"', '"2026-11-22T10:00:05Z"', '"2026-02-30T10:00:05.000Z"', '5']),
    ],
    ['signature', `{"suite":"ed25519","keyVersion":1,"value":"${random.bytes(64).toString('base64')}"}`],
  ];
  if (random.chance(0.3)) fields.push(['agreementId', `"${random.digits(31)}"`]);
  if (random.chance(0.3)) fields.push(['sealed', `"${random.bytes(random.below(40)).toString('base64')}"`]);
  if (random.chance(0.1)) fields.push(random.pick(fields));
  if (random.chance(0.1)) fields.push([random.pick(strings), value(random, 3)]);
  if (random.chance(0.1)) fields.splice(random.below(fields.length), 1);
  return `{${fields.map(([key, text]) => `"${key}":${text}`).join(',')}}`;
}

function value(random: Random, depth: number): string {
  const what = random.below(depth > 0 ? 6 : 4);
  if (what === 0) return `"${random.pick(strings)}"`;
  if (what === 1) return random.pick(numbers);
  if (what < 4) return random.pick(['true', 'false', 'null', '[]', '{}']);
  const space = random.pick(['', ' ', '\n\t']);
  if (what === 4) return `[${random.times(3, () => value(random, depth - 1)).join(`,${space}`)}]`;
  return `{${random.times(3, () => `"${random.pick(strings)}"${space}:${value(random, depth - 1)}`).join(`${space},`)}}`;
}

function generate(random: Random): Buffer {
  const text = random.chance(0.6) ? payment(random) : value(random, random.from(1, 9));
  const bytes = Buffer.from(random.chance(0.1) ? `{"payment":${text},"deadline":"2026-11-22T10:00:05.000Z"}` : text);
  return random.chance(0.4) ? mutate(random, bytes) : bytes;
}

function check(input: Buffer): void {
  const parsed = parseJson(input, limits);
  if (!parsed.ok) return;
  assert.ok(input.length <= limits.maxBytes);
  assert.ok(depthOf(parsed.value) <= limits.maxDepth, 'deeper than allowed');
  assert.deepEqual(parsed.value, JSON.parse(input.toString('utf8')));
  assert.equal(keysIn(parsed.value), keysWritten(input.toString('utf8')), 'a key was lost: it stood there twice');
  for (const checkOne of checks) {
    const { ok } = checkOne(parsed.value);
    assert.equal(typeof ok, 'boolean');
  }
  const request = checkPaymentRequest(parsed.value);
  if (request.ok) assert.equal(canonicalPayment(scheme, request.value).length, 136);
}

function depthOf(read: unknown): number {
  if (typeof read !== 'object' || read === null) return 0;
  return 1 + Math.max(0, ...Object.values(read).map(depthOf));
}

function keysIn(read: unknown): number {
  if (typeof read !== 'object' || read === null) return 0;
  const own = Array.isArray(read) ? 0 : Object.keys(read).length;
  return Object.values(read).reduce((sum: number, inner) => sum + keysIn(inner), own);
}

/** Colons outside of strings, one for each key. */
function keysWritten(text: string): number {
  let isInside = false;
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    if (isInside && text[i] === '\\') i++;
    else if (text[i] === '"') isInside = !isInside;
    else if (!isInside && text[i] === ':') count++;
  }
  return count;
}

export const json: Target = { name: 'json', generate, check };
