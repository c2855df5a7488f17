/** Rows of a reconciliation file that both its writers share. */
import { currencyByAlpha } from './currencies.ts';
import { formatAmount } from './money.ts';
import type { ReconciliationHead, ReconciliationTotal } from './reconciliation.ts';
import { formatDate } from './time.ts';

export const formatVersion = '1';

export function headRow(head: ReconciliationHead): string[] {
  const { schemeId, environment, cycle, businessDate, participant } = head;
  return ['H', formatVersion, schemeId, environment, String(cycle), formatDate(businessDate), participant];
}

export function totalRow({ currency, creditCount, credits, debitCount, debits }: ReconciliationTotal): string[] {
  const text = (minor: bigint) => formatAmount(minor, numericOf(currency)).amount;
  const counted = [String(creditCount), text(credits), String(debitCount), text(debits)];
  return ['T', currency, ...counted, text(credits - debits)];
}

export function numericOf(alpha: string): number {
  const currency = currencyByAlpha(alpha);
  if (!currency) throw new RangeError(`no currency has the ISO 4217 code ${alpha}`);
  return currency.numeric;
}

/** RFC 4180, and quotes only where they must be. @throws RangeError for a line break */
export function quoted(text: string): string {
  if (/[\r\n]/.test(text)) throw new RangeError('a field with a line break');
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
