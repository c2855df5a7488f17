import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Reason } from '@clearway/core/vocabulary';
import fc from 'fast-check';
import { currencies, currencyByAlpha, currencyByNumeric } from './currencies.ts';
import { formatAmount, largestAmount, parseAmount, parseSigned } from './money.ts';

const anyCurrency = fc.constantFrom(...currencies);

describe('the table of currencies', () => {
  test('has every code and every number once, with 0 to 3 decimals', () => {
    assert.equal(new Set(currencies.map(({ alpha }) => alpha)).size, currencies.length);
    assert.equal(new Set(currencies.map(({ numeric }) => numeric)).size, currencies.length);
    for (const currency of currencies) {
      assert.match(currency.alpha, /^[A-Z]{3}$/);
      assert.ok(currency.numeric >= 1 && currency.numeric <= 999);
      assert.ok([0, 1, 2, 3].includes(currency.decimals));
      assert.equal(currencyByAlpha(currency.alpha), currency);
      assert.equal(currencyByNumeric(currency.numeric), currency);
    }
  });

  test('knows the present owner of a number, and no withdrawn code', () => {
    assert.equal(currencyByNumeric(532)?.alpha, 'XCG');
    for (const withdrawn of ['ANG', 'BGN', 'HRK', 'ZWL', 'XAU', 'CLF']) {
      assert.equal(currencyByAlpha(withdrawn), undefined, withdrawn);
    }
  });
});

describe('an amount', () => {
  test('is read back as it was written, in every currency', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: largestAmount }), anyCurrency, (minor, { numeric }) => {
        assert.deepEqual(parseAmount(formatAmount(minor, numeric)), { minor, currency: numeric });
      }),
    );
  });

  test('may be written with fewer decimals than its currency has', () => {
    for (const amount of ['1.5', '1.50']) {
      assert.deepEqual(parseAmount({ amount, currency: 'CNY' }), { minor: 150, currency: 156 });
    }
    assert.deepEqual(parseAmount({ amount: '2', currency: 'KWD' }), { minor: 2000, currency: 414 });
    assert.deepEqual(parseAmount({ amount: '2', currency: 'JPY' }), { minor: 2, currency: 392 });
  });

  const refused: [amount: string, currency: string, reason: Reason][] = [
    ['', 'CNY', 'amountInvalid'],
    ['0', 'CNY', 'amountInvalid'],
    ['0.00', 'CNY', 'amountInvalid'],
    ['-1', 'CNY', 'amountInvalid'],
    ['+1', 'CNY', 'amountInvalid'],
    ['01', 'CNY', 'amountInvalid'],
    ['1.', 'CNY', 'amountInvalid'],
    ['.5', 'CNY', 'amountInvalid'],
    ['1,50', 'CNY', 'amountInvalid'],
    ['1 000', 'CNY', 'amountInvalid'],
    ['1e3', 'CNY', 'amountInvalid'],
    ['0x10', 'CNY', 'amountInvalid'],
    ['１', 'CNY', 'amountInvalid'],
    ['1\n', 'CNY', 'amountInvalid'],
    ['Infinity', 'CNY', 'amountInvalid'],
    ['0.001', 'CNY', 'amountInvalid'],
    ['1.000', 'CNY', 'amountInvalid'],
    ['1.0', 'JPY', 'amountInvalid'],
    ['1.0000', 'KWD', 'amountInvalid'],
    ['100000000000.01', 'CNY', 'amountAboveMaximum'],
    ['10000000000001', 'JPY', 'amountAboveMaximum'],
    ['9007199254740993', 'CNY', 'amountAboveMaximum'],
    ['99999999999999999999999999', 'CNY', 'amountAboveMaximum'],
    ['1', 'cny', 'currencyUnsupported'],
    ['1', 'XXX', 'currencyUnsupported'],
    ['1', 'constructor', 'currencyUnsupported'],
  ];
  for (const [amount, currency, reason] of refused) {
    test(`${JSON.stringify(amount)} ${currency} is refused: ${reason}`, () => {
      assert.deepEqual(parseAmount({ amount, currency }), { reason });
    });
  }

  test('is the largest at 10^13 minor units', () => {
    assert.deepEqual(parseAmount({ amount: '100000000000', currency: 'CNY' }), { minor: 1e13, currency: 156 });
  });
});

describe('a signed sum', () => {
  test('of any size is read back as it was written', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 90n), max: 2n ** 90n }), anyCurrency, (minor, { numeric }) => {
        const { amount, currency } = formatAmount(minor, numeric);
        assert.equal(parseSigned(amount, currency), minor);
      }),
    );
  });

  test('is written with all decimals, and a minus where it is negative', () => {
    assert.deepEqual(formatAmount(-5n, 156), { amount: '-0.05', currency: 'CNY' });
    assert.deepEqual(formatAmount(0, 156), { amount: '0.00', currency: 'CNY' });
    assert.deepEqual(formatAmount('-1234', 414), { amount: '-1.234', currency: 'KWD' });
    assert.deepEqual(formatAmount(1234, 392), { amount: '1234', currency: 'JPY' });
  });

  test('written otherwise is not taken', () => {
    for (const amount of ['', '1', '1.5', '01.50', '-0.00', '+1.00', '1.500', '1e2', '--1.00']) {
      assert.throws(() => parseSigned(amount, 'CNY'), RangeError, amount);
    }
    assert.throws(() => parseSigned('1.00', 'XXX'), RangeError);
  });

  test('that is no exact number of minor units is a mistake of ours', () => {
    assert.throws(() => formatAmount(0.5, 156), RangeError);
    assert.throws(() => formatAmount(2 ** 53, 156), RangeError);
    assert.throws(() => formatAmount(1, 999), RangeError);
  });
});
