/** Money, times and dates in the words that people read. */
import { formatAmount, formatDate, formatTime, type Money } from '@clearway/contract';

/** For programs, as on the wire; null without a currency, as of a payment that was refused for it. */
export function moneyOf(minor: bigint | number, currency: number): Money | null {
  return currency === 0 ? null : formatAmount(minor, currency);
}

/** `1234.50 CNY`; minor units and ISO 4217 number. */
export function money(minor: bigint | number, currency: number): string {
  const value = moneyOf(minor, currency);
  return value === null ? `${minor} minor units` : `${value.amount} ${value.currency}`;
}

/** UTC with milliseconds; a dash for what has not happened. */
export function time(ms: number): string {
  return ms === 0 ? '–' : formatTime(ms);
}

export function date(yyyymmdd: number): string {
  return yyyymmdd === 0 ? '–' : formatDate(yyyymmdd);
}

const thousands = new Intl.NumberFormat('en-US');
export function count(value: number): string {
  return thousands.format(value);
}

/** `1 batch`, `1,200 batches`. */
export function many(number: number, one: string, several = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : several}`;
}

/** `840 ms`, `12.3 s`, `4 min 05 s`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}
