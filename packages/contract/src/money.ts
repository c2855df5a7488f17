/** Money on the wire: major units as text with at most the currency's decimals. Inside: integers of minor units. */
import type { Reason } from '@clearway/core/vocabulary';
import { currencyByAlpha, currencyByNumeric } from './currencies.ts';
import type { Money } from './messages.ts';

/** Largest amount of one payment, in minor units of its currency. */
export const largestAmount = 10_000_000_000_000;

export type ParsedAmount = { readonly minor: number; readonly currency: number } | { readonly reason: Reason };

const decimalText = /^(0|[1-9][0-9]*)(?:\.([0-9]+))?$/;

/**
 * Digits only: no sign, exponent, space or leading zero; a fraction no longer than the currency's; above zero and at
 * most {@link largestAmount}. `currency` is the ISO 4217 number.
 */
export function parseAmount(money: Money): ParsedAmount {
  const currency = currencyByAlpha(money.currency);
  if (!currency) return { reason: 'currencyUnsupported' };
  const match = decimalText.exec(money.amount);
  const fraction = match?.[2] ?? '';
  if (!match || fraction.length > currency.decimals) return { reason: 'amountInvalid' };
  const minor = BigInt(match[1] + fraction.padEnd(currency.decimals, '0'));
  if (minor === 0n) return { reason: 'amountInvalid' };
  if (minor > largestAmount) return { reason: 'amountAboveMaximum' };
  return { minor: Number(minor), currency: currency.numeric };
}

/**
 * Always with all decimals of the currency, negative with a leading minus.
 * @throws RangeError for an unknown currency, or a `number` that is not a safe integer
 */
export function formatAmount(minor: bigint | number | string, currencyNumeric: number): Money {
  const currency = currencyByNumeric(currencyNumeric);
  if (!currency) throw new RangeError(`no currency has the ISO 4217 number ${currencyNumeric}`);
  if (typeof minor === 'number' && !Number.isSafeInteger(minor)) {
    throw new RangeError(`${minor} is not a safe integer of minor units; use a bigint`);
  }
  return { amount: formatMinor(BigInt(minor), currency.decimals), currency: currency.alpha };
}

function formatMinor(minor: bigint, decimals: number): string {
  const sign = minor < 0n ? '-' : '';
  const digits = String(minor < 0n ? -minor : minor).padStart(decimals + 1, '0');
  const point = digits.length - decimals;
  return sign + digits.slice(0, point) + (decimals ? `.${digits.slice(point)}` : '');
}

const signedText = /^-?(0|[1-9][0-9]*)(?:\.[0-9]+)?$/;

/**
 * Minor units of a signed decimal text such as a net position, of any size.
 * @throws RangeError if it is not written with all decimals of its currency, as {@link formatAmount} does
 */
export function parseSigned(amount: string, alpha: string): bigint {
  const currency = currencyByAlpha(alpha);
  if (!currency) throw new RangeError(`no currency has the ISO 4217 code ${alpha}`);
  if (!signedText.test(amount)) throw new RangeError(`'${amount}' is not a decimal amount`);
  const minor = BigInt(amount.replace('.', ''));
  if (formatMinor(minor, currency.decimals) !== amount) {
    throw new RangeError(`'${amount}' is not written with ${currency.decimals} decimals, as ${alpha} is`);
  }
  return minor;
}
