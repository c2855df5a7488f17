/** Amounts of the tables: decimals by currency, as people write them. */

const currencies: Record<string, { numeric: number; decimals: number }> = {
  CNY: { numeric: 156, decimals: 2 },
  USD: { numeric: 840, decimals: 2 },
  JPY: { numeric: 392, decimals: 0 },
  KWD: { numeric: 414, decimals: 3 },
  EUR: { numeric: 978, decimals: 2 },
};

export const yuan = 'CNY';

export function isCurrency(word: string | undefined): word is string {
  return word !== undefined && word in currencies;
}

export function numericOf(currency: string): number {
  const known = currencies[currency];
  if (known === undefined) throw new Error(`${currency} is not a currency of the tables`);
  return known.numeric;
}

/** Minor units. */
export function parseAmount(text: string, currency: string): number {
  const { decimals } = currencies[currency];
  const match = /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null || (match[3] ?? '').length !== decimals)
    throw new Error(`${text} is not an amount of ${currency}, which has ${decimals} decimals`);
  const minor = Number(BigInt(match[2] + (match[3] ?? '')));
  return match[1] === '-' ? -minor : minor;
}

export function formatAmount(minor: number, currency: string): string {
  const { decimals } = currencies[currency];
  const digits = String(Math.abs(minor)).padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  return `${minor < 0 ? '-' : ''}${whole}${decimals === 0 ? '' : `.${digits.slice(-decimals)}`}`;
}
