/** Amounts: a second reading by whole numbers alone decides what each text is worth. */
import assert from 'node:assert/strict';
import { currencyByAlpha, formatAmount, largestAmount, parseAmount, parseSigned } from '@clearway/contract';
import type { Random } from '../random.ts';
import type { Target } from '../target.ts';
import { disturbed } from './text-of.ts';

const alphas = ['CNY', 'JPY', 'KWD', 'USD', 'XXX', 'cny', ''];

function generate(random: Random): Buffer {
  const whole = random.chance(0.2) ? '0' : random.digits(random.from(1, 16));
  const fraction = random.chance(0.6) ? `.${random.digits(random.from(0, 4))}` : '';
  return disturbed(random, `${random.pick(alphas)} ${random.chance(0.1) ? '-' : ''}${whole}${fraction}`);
}

function check(input: Buffer): void {
  const text = input.toString('utf8');
  const space = text.indexOf(' ');
  const [currency, amount] = [text.slice(0, Math.max(space, 0)), text.slice(space + 1)];
  const parsed = parseAmount({ amount, currency });
  const minor = worth(amount, currencyByAlpha(currency)?.decimals);
  assert.equal('minor' in parsed ? BigInt(parsed.minor) : undefined, minor, text);
  if ('minor' in parsed) {
    const money = formatAmount(parsed.minor, parsed.currency);
    assert.deepEqual(parseAmount(money), parsed);
    assert.equal(parseSigned(money.amount, currency), minor);
    assert.equal(parseSigned(`-${money.amount}`, currency), -minor!);
  }
  try {
    parseSigned(amount, currency);
  } catch (error) {
    assert.ok(error instanceof RangeError, `${error}`);
  }
}

/** Minor units, or undefined for whatever is no amount that can be paid. Character by character, no expression. */
function worth(text: string, decimals: number | undefined): bigint | undefined {
  if (decimals === undefined || text === '') return undefined;
  const [whole, fraction, ...rest] = text.split('.');
  if (rest.length > 0 || whole === '' || (whole.length > 1 && whole.startsWith('0'))) return undefined;
  if (fraction !== undefined && (fraction === '' || fraction.length > decimals)) return undefined;
  let minor = 0n;
  for (const digit of whole + (fraction ?? '').padEnd(decimals, '0')) {
    const value = '0123456789'.indexOf(digit);
    if (value < 0) return undefined;
    minor = minor * 10n + BigInt(value);
  }
  return minor > 0n && minor <= BigInt(largestAmount) ? minor : undefined;
}

export const amounts: Target = { name: 'amounts', generate, check };
