import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PaymentKind } from '@clearway/core/vocabulary';
import fc from 'fast-check';
import { currencies } from './currencies.ts';
import { largestAmount } from './money.ts';
import {
  ReconciliationFileError,
  type ReconciliationHead,
  type ReconciliationLine,
  ReconciliationReader,
  readReconciliationFile,
  writeReconciliationFile,
} from './reconciliation.ts';
import { sha256 } from './sha256.ts';

const head: ReconciliationHead = {
  schemeId: 'CLEARWAY',
  environment: 'sandbox',
  cycle: 7,
  businessDate: 20261122,
  participant: '00101',
};
const credit: ReconciliationLine = {
  paymentId: '2026112210010100000000001010001',
  kind: 'agreementPayment',
  side: 'credit',
  counterparty: '00201',
  minor: 12345,
  currency: 'CNY',
  endToEndId: 'order "1", 一',
  succeededAt: Date.UTC(2026, 10, 22, 10, 0, 1, 5),
};
const debit: ReconciliationLine = {
  ...credit,
  paymentId: '2026112210010100000000002010001',
  kind: 'refund',
  side: 'debit',
  minor: 2345,
  endToEndId: 'order 1 refund',
  originalPaymentId: credit.paymentId,
};

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

test('a file is written as its documentation says', () => {
  const file = text(writeReconciliationFile(head, [debit, credit]));
  const content = `H,1,CLEARWAY,sandbox,7,2026-11-22,00101
D,2026112210010100000000001010001,agreementPayment,credit,00201,123.45,CNY,"order ""1"", 一",,2026-11-22T10:00:01.005Z
D,2026112210010100000000002010001,refund,debit,00201,23.45,CNY,order 1 refund,2026112210010100000000001010001,2026-11-22T10:00:01.005Z
T,CNY,1,123.45,1,23.45,100.00
`;
  assert.equal(file, `${content}S,sha-256,${Buffer.from(sha256(content)).toString('hex')}\n`);
});

const line: fc.Arbitrary<ReconciliationLine> = fc
  .record({
    kind: fc.constantFrom<PaymentKind>('agreementPayment', 'payout', 'refund'),
    side: fc.constantFrom('credit', 'debit'),
    counterparty: fc.constantFrom('00201', '99999'),
    minor: fc.integer({ min: 1, max: largestAmount }),
    currency: fc.constantFrom(...currencies).map(({ alpha }) => alpha),
    endToEndId: fc
      .string({ minLength: 1, maxLength: 35, unit: 'grapheme' })
      .filter((value) => /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+$/u.test(value)),
    succeededAt: fc.integer({ min: 0, max: Date.UTC(9999, 0, 1) }),
  })
  .map((fields) => ({
    paymentId: '',
    ...fields,
    ...(fields.kind === 'refund' && { originalPaymentId: credit.paymentId }),
  }));

const lines = fc
  .array(line, { maxLength: 20 })
  .map((list) => list.map((one, index) => ({ ...one, paymentId: String(index).padStart(31, '0') })));

test('a file is read back as it was written, whatever the order of its lines', () => {
  fc.assert(
    fc.property(lines, (list) => {
      const bytes = writeReconciliationFile(head, list);
      const read = readReconciliationFile(bytes);
      assert.deepEqual(read.head, head);
      assert.deepEqual(read.lines, list);
      assert.deepEqual(writeReconciliationFile(head, [...list].reverse()), bytes);
      for (const { currency, creditCount, debitCount } of read.totals) {
        assert.equal(creditCount + debitCount, list.filter((one) => one.currency === currency).length);
      }
    }),
  );
});

test('a file is read the same in pieces of any length', () => {
  fc.assert(
    fc.property(lines, fc.integer({ min: 1, max: 300 }), (list, length) => {
      const bytes = writeReconciliationFile(head, list);
      const reader = new ReconciliationReader();
      const found: ReconciliationLine[] = [];
      for (let at = 0; at < bytes.length; at += length) found.push(...reader.read(bytes.subarray(at, at + length)));
      const { lines: wanted, ...rest } = readReconciliationFile(bytes);
      assert.deepEqual(found, wanted);
      assert.deepEqual(reader.end(), { ...rest, payments: list.length });
    }),
  );
});

test('what follows the last line is refused though it comes later, and so is a line without an end', () => {
  const bytes = writeReconciliationFile(head, [credit]);
  const reader = new ReconciliationReader();
  reader.read(bytes);
  assert.throws(() => reader.read(bytes), /something follows/);
  assert.throws(() => new ReconciliationReader().read(Buffer.alloc(2000, 'D')), /longer than any line/);
});

test('a file without a payment has a head and a hash', () => {
  const read = readReconciliationFile(writeReconciliationFile(head, []));
  assert.deepEqual(read, { head, lines: [], totals: [], hash: read.hash });
});

test('sums are exact beyond 2^53 minor units', () => {
  const list = Array.from({ length: 1000 }, (_, index) => ({
    ...credit,
    paymentId: String(index).padStart(31, '0'),
    minor: largestAmount - index,
  }));
  const [total] = readReconciliationFile(writeReconciliationFile(head, list)).totals;
  assert.equal(total?.credits, BigInt(largestAmount) * 1000n - 499_500n);
});

test('no byte of a file can be changed, taken away or added', () => {
  const bytes = writeReconciliationFile(head, [credit, debit]);
  for (let index = 0; index < bytes.length; index++) {
    const changed = Uint8Array.from(bytes);
    changed[index]! ^= 1;
    assert.throws(() => readReconciliationFile(changed), ReconciliationFileError, `byte ${index}`);
    assert.throws(() => readReconciliationFile(bytes.subarray(0, index)), ReconciliationFileError);
  }
  assert.throws(() => readReconciliationFile(Buffer.concat([bytes, Buffer.from('\n')])), ReconciliationFileError);
});

describe('a file whose hash holds is refused all the same', () => {
  const good = text(writeReconciliationFile(head, [credit, debit]))
    .split('\n')
    .slice(0, -2);
  const [h, first, second, total] = good as [string, string, string, string];
  const cases: [what: string, rows: string[], line: number][] = [
    ['when it is empty', [], 1],
    ['when its head is missing', [first, second, total], 1],
    ['when its format is another', [h.replace('H,1', 'H,2'), first, second, total], 1],
    ['when its head has another field', [`${h},x`, first, second, total], 1],
    ['when its environment is none', [h.replace('sandbox', 'test'), first, second, total], 1],
    ['when its date does not exist', [h.replace('11-22', '11-31'), first, second, total], 1],
    ['when its cycle is 0', [h.replace(',7,', ',0,'), first, second, total], 1],
    ['when its lines are out of order', [h, second, first, total], 3],
    ['when a payment stands twice', [h, first, first, total], 3],
    ['when a total is missing', [h, first, second], 4],
    ['when a total is wrong', [h, first, second, total.replace('123.45', '123.46')], 4],
    ['when a net is wrong', [h, first, second, total.replace('100.00', '-100.00')], 4],
    ['when a total stands twice', [h, first, second, total, total], 5],
    ['when there is a total of another currency', [h, first, second, total, total.replace('CNY', 'USD')], 5],
    ['when a line comes after the totals', [h, first, total, second], 3],
    ['when a line has a field too few', [h, first.slice(0, first.lastIndexOf(',')), second, total], 2],
    ['when an amount is written with fewer decimals', [h, first.replace('123.45', '123.4'), second, total], 2],
    ['when an amount is negative', [h, first.replace('123.45', '-123.45'), second, total], 2],
    ['when a currency is unknown', [h, first.replace('CNY', 'XXX'), second, total], 2],
    ['when a side is neither', [h, first.replace('credit', 'both'), second, total], 2],
    ['when a kind is unknown', [h, first.replace('agreementPayment', 'toString'), second, total], 2],
    ['when a counterparty is none', [h, first.replace('00201', '201'), second, total], 2],
    ['when a refund has no original', [h, first, second.replace(`,${credit.paymentId},`, ',,'), total], 3],
    ['when a payment has an original', [h, first.replace(',,', `,${credit.paymentId},`), second, total], 2],
    ['when a time does not exist', [h, first.replace('T10', 'T25'), second, total], 2],
    ['when a field is quoted for nothing', [h, first.replace('00201', '"00201"'), second, total], 2],
    ['when quotes do not fit', [h, first.replace('"order', 'order'), second, total], 2],
    ['when a line ends in a carriage return', [h, `${first}\r`, second, total], 2],
    ['when a line is empty', [h, first, '', second, total], 3],
  ];
  for (const [what, rows, number] of cases) {
    test(what, () => {
      const content = rows.map((row) => `${row}\n`).join('');
      const bytes = Buffer.from(`${content}S,sha-256,${Buffer.from(sha256(content)).toString('hex')}\n`);
      assert.throws(() => readReconciliationFile(bytes), { name: 'ReconciliationFileError', line: number });
    });
  }

  test('when it is not UTF-8', () => {
    const content = Buffer.concat([Buffer.from(`${h}\n`), Uint8Array.of(0xff, 10)]);
    const bytes = Buffer.concat([content, Buffer.from(`S,sha-256,${Buffer.from(sha256(content)).toString('hex')}\n`)]);
    assert.throws(() => readReconciliationFile(bytes), /not UTF-8/);
  });
});

test('what cannot be written is a mistake of ours', () => {
  for (const wrong of [
    [credit, credit],
    [{ ...credit, minor: 0.5 }],
    [{ ...credit, currency: 'XXX' }],
    [{ ...credit, endToEndId: 'a\nb' }],
  ]) {
    assert.throws(() => writeReconciliationFile(head, wrong), RangeError);
  }
});
