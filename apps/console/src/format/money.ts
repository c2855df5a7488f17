/**
 * Amounts for people, from major units written as decimal text (`1234.50`). Never through a float: 2^53 is not enough
 * for the turnover of a busy year, and a rounded cent is a wrong cent.
 */

export type Language = 'en' | 'zh';

export interface Money {
  /** Major units, with a leading `-` where negative: `-1234.5`. */
  readonly amount: string;
  /** ISO 4217 letters. */
  readonly currency: string;
}

/** Minor digits by ISO 4217; all others have two. */
const minorDigits: Readonly<Record<string, number>> = { JPY: 0, KRW: 0, VND: 0, BHD: 3, KWD: 3, OMR: 3, TND: 3 };
const minus = '−';

/** How a column's header or a lone figure names the currency. */
export function currencySign(currency: string, language: Language): string {
  return language === 'zh' && currency === 'CNY' ? '¥' : currency;
}

/** `1,234,567.80`, without the currency: for columns whose header names it. Negative with U+2212. */
export function digitsOf({ amount, currency }: Money): string {
  const { negative, whole, part } = partsOf(amount);
  const digits = part.padEnd(minorDigits[currency] ?? 2, '0');
  return `${negative ? minus : ''}${grouped(whole)}${digits === '' ? '' : `.${digits}`}`;
}

/** `CNY 1,234.50`, in Chinese `¥1,234.50`. */
export function moneyText(money: Money, language: Language): string {
  const digits = digitsOf(money);
  const sign = currencySign(money.currency, language);
  const [before, rest] = digits.startsWith(minus) ? [minus, digits.slice(1)] : ['', digits];
  return sign === '¥' ? `${before}¥${rest}` : `${sign} ${before}${rest}`;
}

/** As {@link digitsOf}, with `+` or `−` always before it: a change, or a side. */
export function signedDigits(money: Money): string {
  const text = digitsOf(money);
  return text.startsWith(minus) || thousandths(money.amount) === 0n ? text : `+${text}`;
}

/** As {@link moneyText}, with its sign always: `CNY +3,000,000.00`, `+¥3,000,000.00`. */
export function signedMoneyText(money: Money, language: Language): string {
  const text = moneyText(money, language);
  if (thousandths(money.amount) <= 0n) return text;
  return text.startsWith('¥') ? `+${text}` : text.replace(' ', ' +');
}

/** For the wall, cards and axes only: `1.27万亿`, `1.27 tn`. Cut, never rounded up; exact figures are a focus away. */
export function shortMoney({ amount }: Money, language: Language): string {
  const { negative, whole } = partsOf(amount);
  return `${negative ? minus : ''}${shortWhole(BigInt(whole), language)}`;
}

/** A thousandth of the major unit is the smallest that any currency knows: amounts to compare, add and draw. */
export function thousandths(amount: string): bigint {
  const { negative, whole, part } = partsOf(amount);
  const value = BigInt(whole + part.padEnd(3, '0'));
  return negative ? -value : value;
}

/** The other way: `1234500n` → `1234.5`. */
export function fromThousandths(value: bigint): string {
  const digits = String(value < 0n ? -value : value).padStart(4, '0');
  const part = digits.slice(-3).replace(/0+$/, '');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -3)}${part === '' ? '' : `.${part}`}`;
}

export function toMoney(value: bigint, currency: string): Money {
  return { amount: fromThousandths(value), currency };
}

/** Part of a whole for drawing a bar, 0 to 1 and beyond: a picture may be inexact, a figure may not. */
export function shareOf(part: bigint, whole: bigint): number {
  return whole === 0n ? 0 : Number((part * 10_000n) / whole) / 10_000;
}

/** A large count in words of the language: `83.4k`, `18.4亿`. Below the first step it is written in full. */
export function shortCount(count: number | bigint, language: Language): string {
  return shortWhole(BigInt(count), language);
}

/** Chinese leaves out the thousand: 1000万, not 0.1亿, and never 千. */
const steps: Record<Language, readonly (readonly [bigint, string])[]> = {
  zh: [
    [1_000_000_000_000n, '万亿'],
    [100_000_000n, '亿'],
    [10_000n, '万'],
  ],
  en: [
    [1_000_000_000_000n, ' tn'],
    [1_000_000_000n, ' bn'],
    [1_000_000n, ' M'],
    [10_000n, 'k'],
  ],
};
const unitOf: Readonly<Record<string, bigint>> = { k: 1_000n };

function shortWhole(whole: bigint, language: Language): string {
  const step = steps[language].find(([from]) => whole >= from);
  if (step === undefined) return grouped(String(whole));
  const [from, word] = step;
  const unit = unitOf[word] ?? from;
  const hundredths = (whole * 100n) / unit;
  const units = hundredths / 100n;
  const decimals = units >= 100n ? 0 : units >= 10n ? 1 : 2;
  const part = String(hundredths % 100n)
    .padStart(2, '0')
    .slice(0, decimals);
  return `${grouped(String(units))}${decimals > 0 ? `.${part}` : ''}${word}`;
}

/** Groups of three; Chinese payment people group by thousands too. */
export function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ',');
}

/** @throws RangeError where the text is no amount */
function partsOf(amount: string): { readonly negative: boolean; readonly whole: string; readonly part: string } {
  const found = /^(-?)(\d+)(?:\.(\d{1,3}))?$/.exec(amount);
  if (found === null) throw new RangeError(`"${amount}" is no amount: digits, with a point before at most three more`);
  return { negative: found[1] === '-', whole: found[2], part: found[3] ?? '' };
}

/**
 * What a person types as an amount, `1,234.5` or `¥ 1234.50`, as the platform writes it; undefined where it is not plainly one.
 * Groups are only taken where they are groups of three: `0.1,234` is a slip of the hand, not a number.
 */
export function parseAmount(text: string, currency: string): string | undefined {
  const bare = text.trim().replace(/^(¥|[A-Z]{3}\s)\s*/, '');
  const found = /^([+−-]?)(\d+|\d{1,3}(?:,\d{3})+)(?:\.(\d+))?$/.exec(bare);
  if (found === null) return undefined;
  const [, sign, whole, part = ''] = found;
  const digits = minorDigits[currency] ?? 2;
  if (part.length > digits) return undefined;
  const bareWhole = whole.replaceAll(',', '').replace(/^0+(?=\d)/, '');
  const isNegative = sign === '-' || sign === minus;
  return `${isNegative ? '-' : ''}${bareWhole}${digits === 0 ? '' : `.${part.padEnd(digits, '0')}`}`;
}
