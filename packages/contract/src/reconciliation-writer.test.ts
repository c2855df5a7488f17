import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
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
import { ReconciliationWriter, type WrittenPart } from './reconciliation-writer.ts';

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

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** What every part and the whole say of themselves is looked at too. */
function written(lines: readonly ReconciliationLine[], partBytes = 4096): Buffer {
  const writer = new ReconciliationWriter(head, partBytes);
  const contents: Uint8Array[] = [];
  let payments = 0;
  const take = (part: WrittenPart) => {
    contents.push(Uint8Array.from(part.content));
    payments += part.payments;
    assert.equal(part.part, contents.length);
    assert.equal(part.hash, sha256(part.content));
    assert.equal(part.content.at(-1), 0x0a);
    assert.equal(
      part.content.reduce(
        (sum, byte, at) => sum + (byte === 0x44 && part.content[at - 1] === 0x0a ? 1 : 0),
        part.content[0] === 0x44 ? 1 : 0,
      ),
      part.payments,
    );
  };
  for (const line of lines) {
    fill(writer, line);
    if (writer.add()) take(writer.take());
  }
  take(writer.end());
  const file = Buffer.concat(contents);
  assert.equal(payments, lines.length);
  assert.deepEqual(writer.written(), {
    payments,
    bytes: file.length,
    hash: sha256(file),
    parts: contents.length,
  });
  return file;
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

test('totals of every currency stand whole behind a part that is nearly full', () => {
  for (let count = currencies.length; count < currencies.length + 20; count++) {
    const list = Array.from({ length: count }, (_, index) => ({
      ...one,
      paymentId: `202611221001${pad(index, 13)}010001`.replace(/^(.{9}).{5}/, '$100101'),
      currency: currencies[index % currencies.length]!.alpha,
    }));
    assert.equal(readReconciliationFile(written(list)).totals.length, currencies.length);
  }
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
