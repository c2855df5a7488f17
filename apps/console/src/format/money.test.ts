import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  digitsOf,
  fromThousandths,
  type Language,
  moneyText,
  parseAmount,
  shareOf,
  shortCount,
  shortMoney,
  signedDigits,
  signedMoneyText,
  thousandths,
} from './money.ts';

const cny = (amount: string) => ({ amount, currency: 'CNY' });

test('amounts show their minor digits always, groups of three, and a true minus', () => {
  const cases: readonly (readonly [string, string, string, string])[] = [
    ['0', 'CNY', 'CNY 0.00', '¥0.00'],
    ['1234567.8', 'CNY', 'CNY 1,234,567.80', '¥1,234,567.80'],
    ['-5', 'CNY', 'CNY −5.00', '−¥5.00'],
    [
      '123456789012345678901234567890.12',
      'CNY',
      'CNY 123,456,789,012,345,678,901,234,567,890.12',
      '¥123,456,789,012,345,678,901,234,567,890.12',
    ],
    ['1500', 'JPY', 'JPY 1,500', 'JPY 1,500'],
    ['1.5', 'KWD', 'KWD 1.500', 'KWD 1.500'],
  ];
  for (const [amount, currency, en, zh] of cases) {
    assert.equal(moneyText({ amount, currency }, 'en'), en);
    assert.equal(moneyText({ amount, currency }, 'zh'), zh);
  }
});

test('a change says its sign, and nothing has none', () => {
  assert.equal(signedDigits(cny('3000000')), '+3,000,000.00');
  assert.equal(signedDigits(cny('-0.01')), '−0.01');
  assert.equal(signedDigits(cny('0')), '0.00');
});

test('an effect says its sign and its currency', () => {
  assert.equal(signedMoneyText(cny('3000000'), 'en'), 'CNY +3,000,000.00');
  assert.equal(signedMoneyText(cny('3000000'), 'zh'), '+¥3,000,000.00');
  assert.equal(signedMoneyText(cny('-5'), 'en'), 'CNY −5.00');
  assert.equal(signedMoneyText(cny('0'), 'zh'), '¥0.00');
});

test('large figures are cut, never rounded up, in the words of each language', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['9999', '9,999', '9,999'],
    ['10000', '10.0k', '1.00万'],
    ['83412', '83.4k', '8.34万'],
    ['9999999', '9.99 M', '999万'],
    ['10000000', '10.0 M', '1,000万'],
    ['1840000000', '1.84 bn', '18.4亿'],
    ['1270000000000', '1.27 tn', '1.27万亿'],
    ['-12350000000000', '−12.3 tn', '−12.3万亿'],
  ];
  for (const [amount, en, zh] of cases) {
    assert.equal(shortMoney(cny(amount), 'en'), en);
    assert.equal(shortMoney(cny(amount), 'zh'), zh);
  }
  assert.equal(shortCount(12, 'zh'), '12');
});

test('what a person types is an amount only where it plainly is one', () => {
  const good: readonly (readonly [string, string])[] = [
    ['8,000,000.00', '8000000.00'],
    ['8000000', '8000000.00'],
    ['¥ 1,234.5', '1234.50'],
    ['CNY 1.05', '1.05'],
    ['−3', '-3.00'],
    ['007', '7.00'],
  ];
  for (const [text, amount] of good) assert.equal(parseAmount(text, 'CNY'), amount, text);
  for (const text of ['', '0.1,234', '1,23', '1.234', '1e6', 'NaN', '١٢', '1 234', '12,3456', '--1', '1.']) {
    assert.equal(parseAmount(text, 'CNY'), undefined, text);
  }
  assert.equal(parseAmount('1.5', 'JPY'), undefined);
});

test('an amount survives the way through thousandths, however large', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), (value) => {
      assert.equal(thousandths(fromThousandths(value)), value);
    }),
  );
});

test('whatever is shown can be typed again and means the same', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 30n }), fc.constantFrom<Language>('en', 'zh'), (cents, language) => {
      const amount = fromThousandths(cents * 10n);
      const typed = parseAmount(moneyText(cny(amount), language), 'CNY');
      assert.equal(typed === undefined ? undefined : thousandths(typed), cents * 10n);
    }),
  );
});

test('text that is no amount is refused, not shown as nothing', () => {
  for (const amount of ['', '1,000', '1e3', '0x10', '1.2345', ' 1'])
    assert.throws(() => digitsOf(cny(amount)), RangeError);
});

test('a share of nothing is nothing', () => {
  assert.equal(shareOf(1n, 0n), 0);
  assert.equal(shareOf(1n, 4n), 0.25);
});
