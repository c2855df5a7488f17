/**
 * Evidence of a payment: whatever stands in the file, the verdict is a verdict over every step; and what is shown as
 * signed is what was signed.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  canonicalPayment,
  canonicalPaymentAnswer,
  checkEvidence,
  type Evidence,
  evidenceSteps,
  type PaymentAnswer,
  type PaymentRequest,
  type Unsigned,
  verifyEvidence,
} from '@clearway/contract';
import { commandTypes, identifierToBytes, journaled, outcomes, parseIdentifier } from '@clearway/core';
import type { Crypto } from '@clearway/ports';
import { realCrypto } from '@clearway/ports/real';
import { mutate } from '../mutate.ts';
import type { Random } from '../random.ts';
import type { Target } from '../target.ts';

const scheme = { schemeId: 'FUZZ', environment: 'sandbox' } as const;
const [institution, bank] = ['00101', '00201'];
const paymentId = '2026112210010100000000001010001';
const request: Unsigned<PaymentRequest> = {
  paymentId,
  kind: 'agreementPayment',
  instructedAgent: bank,
  interbankSettlementAmount: { amount: '123.45', currency: 'CNY' },
  agreementId: '2026112210010100000000002010001',
  endToEndId: 'order-1',
  expiresAt: '2026-11-22T10:00:05.000Z',
};
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
const canonical = canonicalPayment(scheme, request);
const answer: Unsigned<PaymentAnswer> = {
  paymentId,
  paymentHash: sha256(canonical).toString('hex'),
  answer: 'succeeded',
  answeredAt: '2026-11-22T10:00:01.234Z',
};
const canonicalAnswer = canonicalPaymentAnswer(scheme, bank, answer);

/** In place of a signature a hash that only who knows the secret can make: the reader is under test, not the curve. */
const mark = (bytes: Uint8Array) => createHash('sha512').update('secret').update(bytes).digest();
const crypto: Crypto = {
  ...realCrypto,
  verify: async (_suite, _key, bytes, signature) => mark(bytes).equals(signature),
};
const key = { version: 1, suite: 'ed25519', publicKey: Buffer.alloc(32, 1).toString('base64') } as const;
const base64 = (bytes: Uint8Array | string) => Buffer.from(bytes).toString('base64');

function command(type: 'submitPayment' | 'recordAnswer'): Buffer {
  const layout = journaled[type];
  const bytes = Buffer.alloc(layout.size);
  bytes.set([commandTypes[type], outcomes.accepted, 0, 0]);
  bytes.writeUInt32BE(layout.size, 4);
  bytes.set(identifierToBytes(parseIdentifier(paymentId)!), layout.id);
  if (type === 'recordAnswer') bytes[journaled.recordAnswer.answer] = 1;
  bytes.set(sha256(canonical).subarray(0, layout.hashBytes), layout.hash);
  return bytes;
}

const facts = [command('submitPayment'), command('recordAnswer')];

function headers(): Buffer {
  let previous = Buffer.alloc(32);
  return Buffer.concat(
    facts.map((fact, index) => {
      const header = Buffer.alloc(128);
      header.writeUInt16BE(1, 0);
      header.writeUInt8(1, 4);
      header.writeUInt16BE(1, 6);
      header.writeBigUInt64BE(BigInt(7 + index), 16);
      header.writeBigUInt64BE(BigInt(Date.UTC(2026, 10, 22, 10) + index), 24);
      header.set(previous, 32);
      header.set(sha256(fact), 64);
      previous = sha256(header);
      return header;
    }),
  );
}

const message = (signer: string, content: object, bytes: Uint8Array, sequence: number): Evidence['request'] => {
  const signature = { suite: 'ed25519', keyVersion: 1, value: base64(mark(bytes)) } as const;
  const body = base64(JSON.stringify({ ...content, signature }));
  return { signer, body, canonical: base64(bytes), signature, sequence, index: 0 };
};

const whole: Evidence = {
  format: 'clearway-evidence-1',
  paymentId,
  madeAt: '2026-11-22T11:00:00.000Z',
  scheme,
  cell: { centre: 1, cell: 1 },
  request: message(institution, request, canonical, 7),
  answer: message(bank, answer, canonicalAnswer, 8),
  keys: [institution, bank].map((participant) => ({ participant, key })),
  journal: {
    from: 7,
    headers: base64(headers()),
    facts: facts.map((fact, index) => ({ sequence: 7 + index, facts: base64(fact) })),
  },
};

type Node = Record<string, unknown>;
const strangers = [0, -1, 1e300, '', '0', '00201', 'A===', null, [], {}, true, 2 ** 53, 'f'.repeat(64)];

/** Somewhere in the file one value is another, is gone, or has changed bytes. */
function disturb(random: Random, file: Node): void {
  let node = file;
  for (;;) {
    const names = Object.keys(node);
    if (names.length === 0) return;
    const name = random.pick(names);
    const value = node[name];
    if (typeof value === 'object' && value !== null && random.chance(0.85)) {
      node = value as Node;
      continue;
    }
    if (random.chance(0.15)) delete node[name];
    else if (typeof value === 'string' && random.chance(0.7))
      node[name] = random.chance(0.6)
        ? base64(mutate(random, Buffer.from(value, 'base64')))
        : mutate(random, Buffer.from(value)).toString('latin1');
    else if (typeof value === 'number' && random.chance(0.7)) node[name] = value + random.pick([-1, 1, 7, 1000]);
    else node[name] = random.pick(strangers);
    return;
  }
}

function generate(random: Random): Buffer {
  const file = structuredClone(whole) as unknown as Node;
  if (random.chance(0.1)) delete file.journal;
  if (random.chance(0.1)) delete file.answer;
  for (let left = random.below(4); left > 0; left--) disturb(random, file);
  const bytes = Buffer.from(JSON.stringify(file));
  return random.chance(0.05) ? mutate(random, bytes) : bytes;
}

function parse(input: Buffer): unknown {
  try {
    return JSON.parse(input.toString('utf8'));
  } catch {
    return undefined;
  }
}

async function check(input: Buffer): Promise<void> {
  const checked = checkEvidence(parse(input));
  if (!checked.ok) return;
  const evidence = checked.value;
  const { holds, steps } = await verifyEvidence(crypto, evidence, { keysOf: () => [key] });
  assert.deepEqual(
    steps.map(({ step }) => step),
    Object.keys(evidenceSteps),
  );
  assert.equal(
    holds,
    steps.every(({ result }) => result !== 'broken'),
  );
  if (input.toString('utf8') === JSON.stringify(whole)) assert.ok(holds, 'what nobody has touched holds');
  const shows = (step: keyof typeof evidenceSteps) => steps.find((one) => one.step === step)!.result === 'holds';
  const contentOf = ({ body }: Evidence['request']) => {
    const { signature: _, ...content } = JSON.parse(Buffer.from(body, 'base64').toString('utf8'));
    return content;
  };
  if (shows('request') && shows('requestSignature')) assert.deepEqual(contentOf(evidence.request), request);
  if (shows('answer') && shows('answerSignature')) assert.deepEqual(contentOf(evidence.answer!), answer);
  if (shows('decision')) assert.equal(evidence.request.canonical, whole.request.canonical);
}

export const evidence: Target = { name: 'evidence', generate, check };
