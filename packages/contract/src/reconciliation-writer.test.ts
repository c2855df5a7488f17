import assert from 'node:assert/strict';
import { test } from 'node:test';
import { identifierToBytes, type PaymentKind, parseIdentifier, paymentKinds } from '@clearway/core/vocabulary';
import fc from 'fast-check';
import { currencies, currencyByAlpha } from './currencies.ts';
import { largestAmount } from './money.ts';
import {
  type ReconciliationHead,
  type ReconciliationLine,
  readReconciliationFile,
  writeReconciliationFile,
} from './reconciliation.ts';
import { ReconciliationWriter } from './reconciliation-writer.ts';

const head: ReconciliationHead = {
  schemeId: 'CLEARWAY',
  environment: 'sandbox',
  cycle: 7,
  businessDate: 20261122,
  participant: '00101',
};

function fill(writer: ReconciliationWriter, one: ReconciliationLine): void {
  const view = (id: string) => new DataView(identifierToBytes(parseIdentifier(id)!).buffer);
  const { line } = writer;
  line.id = view(one.paymentId);
  line.idAt = 0;
  line.kind = paymentKinds[one.kind];
  line.credit = one.side === 'credit';
  line.counterparty = Number(one.counterparty);
  line.minor = one.minor;
  line.currency = currencyByAlpha(one.currency)!.numeric;
  line.text = Buffer.from(`??${one.endToEndId}?`);
  line.textAt = 2;
  line.textLength = Buffer.byteLength(one.endToEndId);
  if (one.originalPaymentId !== undefined) line.original = view(one.originalPaymentId);
  line.succeededAt = one.succeededAt;
}

function written(lines: readonly ReconciliationLine[]): Buffer {
  const writer = new ReconciliationWriter(head);
  const chunks: Uint8Array[] = [];
  for (const line of lines) {
    fill(writer, line);
    if (writer.add()) chunks.push(Uint8Array.from(writer.take()));
  }
  chunks.push(writer.end());
  return Buffer.concat(chunks);
}

const identifier = fc
  .tuple(fc.integer({ min: 0, max: 99_999_999_999 }), fc.integer({ min: 1, max: 99_999 }))
  .map(([sequence, participant]) => `202611221${pad(participant, 5)}${pad(sequence, 11)}010001`);
const pad = (value: number, width: number) => String(value).padStart(width, '0');

const line: fc.Arbitrary<ReconciliationLine> = fc
  .record({
    paymentId: identifier,
    kind: fc.constantFrom<PaymentKind>('agreementPayment', 'payout', 'refund'),
    side: fc.constantFrom('credit', 'debit'),
    counterparty: fc.constantFrom('00201', '99999'),
    minor: fc.oneof(fc.integer({ min: 1, max: largestAmount }), fc.integer({ min: 1, max: 1200 })),
    currency: fc.constantFrom(...currencies).map(({ alpha }) => alpha),
    endToEndId: fc
      .string({ minLength: 1, maxLength: 35, unit: fc.constantFrom('a', 'Z', '9', ' ', ',', '"', '信', '😀', 'é') })
      .filter((text) => Buffer.byteLength(text) <= 140),
    succeededAt: fc.integer({ min: 0, max: Date.UTC(9999, 0, 1) }),
    original: identifier,
  })
  .map(({ original, ...fields }) => ({
    ...fields,
    ...(fields.kind === 'refund' && { originalPaymentId: original }),
  }));

const lines = fc
  .uniqueArray(line, { maxLength: 30, selector: ({ paymentId }) => paymentId })
  .map((list) => list.sort((a, b) => (a.paymentId < b.paymentId ? -1 : 1)));

test('it writes the very bytes of the writer that sorts and joins', () => {
  fc.assert(
    fc.property(lines, (list) => {
      assert.deepEqual(written(list).toString(), Buffer.from(writeReconciliationFile(head, list)).toString());
    }),
  );
});

const one: ReconciliationLine = {
  paymentId: '2026112210010100000000001010001',
  kind: 'payout',
  side: 'debit',
  counterparty: '00201',
  minor: 12345,
  currency: 'CNY',
  endToEndId: 'order 1',
  succeededAt: Date.UTC(2026, 10, 22),
};

test('a file of many buffers is whole, and its sums are exact beyond 2^53', () => {
  const count = 30_000;
  const list = Array.from({ length: count }, (_, index) => ({
    ...one,
    paymentId: `202611221001${pad(index, 13)}010001`.replace(/^(.{9}).{5}/, '$100101'),
    minor: largestAmount - index,
  }));
  const file = readReconciliationFile(written(list));
  assert.equal(file.lines.length, count);
  assert.equal(file.totals[0]?.debits, BigInt(largestAmount) * BigInt(count) - BigInt((count * (count - 1)) / 2));
});

test('what cannot be written is a mistake of ours', () => {
  const wrong: [ReconciliationLine[], RegExp][] = [
    [[one, one], /stands twice/],
    [[one, { ...one, paymentId: one.paymentId.replace('2026', '2025') }], /lesser identifier/],
    [[{ ...one, minor: 0.5 }], /no amount/],
    [[{ ...one, endToEndId: 'a\nb' }], /line break/],
    [[{ ...one, counterparty: '100000' }], /more than 5 digits/],
  ];
  for (const [list, message] of wrong) assert.throws(() => written(list), message);
});
