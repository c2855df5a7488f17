/** Money, times and dates as the API carries them. */
import type { Money } from '@clearway/console-api';
import { currencyByNumeric, formatAmount, formatDate, formatTime } from '@clearway/contract';

/** Null for 0, which stands for what has not happened. */
export const timeOrNull = (ms: number): string | null => (ms === 0 ? null : formatTime(ms));
export const dateOrNull = (yyyymmdd: number): string | null => (yyyymmdd === 0 ? null : formatDate(yyyymmdd));
/** Null without a currency, as of a payment that was refused for it. */
export const moneyOrNull = (minor: bigint | number, currency: number): Money | null =>
  currency === 0 ? null : formatAmount(minor, currency);
export const alphaOf = (currency: number): string => currencyByNumeric(currency)?.alpha ?? String(currency);

/** Sums by currency. */
export function sumsOf<T>(list: readonly T[], read: (one: T) => readonly [currency: number, minor: bigint]): Money[] {
  const sums = new Map<number, bigint>();
  for (const one of list) {
    const [currency, minor] = read(one);
    sums.set(currency, (sums.get(currency) ?? 0n) + minor);
  }
  return [...sums].filter(([currency]) => currency !== 0).map(([currency, minor]) => formatAmount(minor, currency));
}
