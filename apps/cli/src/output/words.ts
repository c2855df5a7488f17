/** Money, times and dates in the words that people read. */
import { formatAmount, formatDate, formatTime } from '@clearway/contract';

/** `1234.50 CNY`; minor units and ISO 4217 number. A payment refused for its currency has none. */
export function money(minor: bigint | number, currency: number): string {
  if (currency === 0) return `${minor} minor units`;
  const { amount, currency: alpha } = formatAmount(minor, currency);
  return `${amount} ${alpha}`;
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

/** `840 ms`, `12.3 s`, `4 min 05 s`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}
