import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type CommandType,
  commandTypes,
  headBytes,
  layout,
  readUint64,
  reasonOf,
  reasons,
  writeUint64,
} from '@clearway/core';
import fc from 'fast-check';
import { verdictsOf, withoutOutcomes } from './cell.ts';
import { law } from './law.ts';
import { encode, hashOf, type Told, type ToldOfOthers } from './told.ts';

/** Bytes of each field; a word `bank` holds bank and reason. */
const widths: Record<CommandType, Record<string, number>> = {
  submitPayment: {
    id: 16,
    kind: 1,
    suite: 1,
    keyVersion: 2,
    currency: 2,
    flags: 2,
    instructed: 4,
    originalInstructed: 4,
    amount: 8,
    expiresAt: 8,
    receivedAt: 8,
    reference: 16,
    hash: 32,
    originalAmount: 8,
  },
  recordAnswer: { id: 16, answer: 1, suite: 1, keyVersion: 2, bank: 4, hash: 16 },
  tick: { due: 4 },
  adoptConfiguration: { kind: 1, version: 4, hash: 32, length: 4, content: 1 },
  requestAgreement: {
    id: 16,
    bank: 4,
    suite: 1,
    keyVersion: 2,
    paymentLimit: 8,
    currency: 2,
    expiresOn: 4,
    expiresAt: 8,
    receivedAt: 8,
    hash: 32,
  },
  confirmAgreement: { id: 16, suite: 1, keyVersion: 2, expiresAt: 8, receivedAt: 8, hash: 32 },
  recordSigningAnswer: { id: 16, answer: 1, suite: 1, keyVersion: 2, bank: 4, hash: 16 },
  rescindAgreement: { id: 16, by: 4, receivedAt: 8 },
  cutOffCycle: { cycle: 4 },
  netCycle: { cycle: 4 },
  recordSettlement: { cycle: 4, state: 1, settledAt: 8 },
  recordFunds: { participant: 4, currency: 2, entry: 4, credit: 1, amount: 8 },
  advanceBusinessDay: { date: 4 },
  recordCheckpoint: {
    signer: 4,
    suite: 1,
    keyVersion: 2,
    stream: 8,
    from: 4,
    to: 4,
    signedAt: 8,
    root: 32,
    signature: 64,
  },
  giveShare: { participant: 4, currency: 2, number: 4, to: 4, amount: 8 },
  takeShare: { participant: 4, currency: 2, number: 4, from: 4, total: 8 },
  knowAgreement: {
    id: 16,
    bank: 4,
    state: 1,
    currency: 2,
    paymentLimit: 8,
    expiresOn: 4,
    sequence: 8,
    changedAt: 8,
  },
  joinClearing: { cycle: 4 },
};

const id = { date: 20261122, version: 1, participant: 101, sequence: 5, centre: 1, cell: 1 };
const samples: Record<CommandType, Told | ToldOfOthers> = {
  submitPayment: {
    type: 'submitPayment',
    id,
    kind: 'refund',
    currency: 999,
    instructed: 99_999,
    amount: 10 ** 13,
    expiresAt: 2 ** 45,
    reference: id,
    original: { instructed: 201, amount: 10 ** 13, currency: 999, kind: 'refund', state: 'failed' },
    content: 1,
  },
  recordAnswer: {
    type: 'recordAnswer',
    id,
    answer: 'blocked',
    reason: 'bankBlocked',
    bank: 99_999,
    content: 1,
  },
  tick: { type: 'tick', due: 65535 },
  adoptConfiguration: { type: 'adoptConfiguration', kind: 'scheme', version: 7, content: 'content' },
  requestAgreement: {
    type: 'requestAgreement',
    id,
    bank: 201,
    paymentLimit: 5,
    currency: 156,
    expiresOn: 20271122,
    expiresAt: 6,
    content: 1,
  },
  confirmAgreement: { type: 'confirmAgreement', id, expiresAt: 6, content: 1 },
  recordSigningAnswer: {
    type: 'recordSigningAnswer',
    id,
    answer: 'active',
    reason: 'none',
    bank: 201,
    content: 1,
  },
  rescindAgreement: { type: 'rescindAgreement', id, by: 201 },
  cutOffCycle: { type: 'cutOffCycle', cycle: 1 },
  netCycle: { type: 'netCycle', cycle: 1 },
  recordSettlement: { type: 'recordSettlement', cycle: 1, state: 'settled', settledAt: 2 },
  recordFunds: { type: 'recordFunds', participant: 101, currency: 156, entry: 1, credit: true, amount: 5 },
  advanceBusinessDay: { type: 'advanceBusinessDay', date: 20261122 },
  recordCheckpoint: { type: 'recordCheckpoint', signer: 101, from: 0, to: 7 },
  giveShare: { type: 'giveShare', participant: 201, currency: 156, number: 1, to: 10_002, amount: 5 },
  takeShare: { type: 'takeShare', participant: 201, currency: 156, number: 1, from: 10_002, total: 5 },
  knowAgreement: {
    type: 'knowAgreement',
    id,
    bank: 201,
    state: 'active',
    currency: 156,
    paymentLimit: 5,
    expiresOn: 20271122,
    sequence: 9,
    changedAt: 6,
  },
  joinClearing: { type: 'joinClearing', cycle: 7 },
};

for (const [type, offsets] of Object.entries(layout) as [CommandType, Record<string, number>][]) {
  const { size = Number.POSITIVE_INFINITY, ...fields } = offsets;

  test(`${type}: every field lies within the record, aligned, and none over another`, () => {
    assert.deepEqual(Object.keys(fields).sort(), Object.keys(widths[type]).sort());
    const inOrder = Object.entries(fields).sort(([, a], [, b]) => a - b);
    let end = headBytes;
    for (const [name, offset] of inOrder) {
      const width = widths[type][name];
      assert.ok(offset >= end, `${name} at ${offset} begins before ${end}`);
      assert.equal(offset % Math.min(width, 4), 0, `${name} at ${offset} is aligned`);
      end = offset + width;
    }
    assert.ok(end <= size, `fields end at ${end}, the record at ${size}`);
    if (size !== Number.POSITIVE_INFINITY) assert.equal(size % 8, 0);
  });

  test(`${type}: encoded, it names its type and size and is undecided`, () => {
    const bytes = encode(samples[type]);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    assert.equal(view.getUint8(0), commandTypes[type]);
    assert.equal(view.getUint32(4), bytes.length);
    assert.equal(bytes.length % 8, 0);
    if (size !== Number.POSITIVE_INFINITY) assert.equal(bytes.length, size);
    assert.deepEqual(verdictsOf(bytes), [{ outcome: 'undecided', reason: 'none' }]);
    assert.deepEqual(withoutOutcomes(bytes), bytes);
  });
}

test('a submitted payment carries each value at its place', () => {
  const bytes = encode(samples.submitPayment);
  const view = new DataView(bytes.buffer);
  const at = layout.submitPayment;
  assert.equal(view.getUint16(at.currency), 999);
  assert.equal(view.getUint32(at.instructed), 99_999);
  assert.equal(readUint64(view, at.amount), 10 ** 13);
  assert.equal(readUint64(view, at.expiresAt), 2 ** 45);
  assert.deepEqual(bytes.subarray(at.hash, at.hash + 32), hashOf(1));
  assert.deepEqual(bytes.subarray(at.reference, at.reference + 16), bytes.subarray(at.id, at.id + 16));
  const flags = view.getUint16(at.flags);
  assert.deepEqual([flags & 1, (flags >> 1) & 7, (flags >> 4) & 3, flags >> 6], [1, 6, 3, 999]);
  assert.equal(view.getUint32(at.originalInstructed), 201);
  assert.equal(readUint64(view, at.originalAmount), 10 ** 13);
});

test('an answer shares a word between bank and reason', () => {
  const view = new DataView(encode(samples.recordAnswer).buffer);
  const word = view.getUint32(layout.recordAnswer.bank);
  assert.equal(word >>> 8, 99_999);
  assert.equal((word & 0xff) + 199, reasons.bankBlocked.code);
});

test('64-bit numbers in commands come back up to the largest safe integer', () => {
  const view = new DataView(new ArrayBuffer(8));
  law(
    fc.property(fc.maxSafeNat(), (value) => {
      writeUint64(view, 0, value);
      assert.equal(readUint64(view, 0), value);
      assert.equal(view.getBigUint64(0), BigInt(value));
    }),
  );
});

test('every reason has a number of its own, by which it is found', () => {
  for (const [name, { code }] of Object.entries(reasons)) assert.equal(reasonOf(code), name);
  const codes = Object.values(reasons).map(({ code }) => code);
  assert.equal(new Set(codes).size, codes.length);
  assert.equal(reasonOf(9999), undefined);
});

test("the bank's own reasons fit into the eight bits that an answer has for them", () => {
  for (const { code, kind } of Object.values(reasons)) {
    if (kind === 'bank') assert.ok(code >= 200 && code - 199 <= 255, `${code}`);
  }
});
