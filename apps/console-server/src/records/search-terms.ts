/** What a search in the one grammar asks of a payment, for records as they lie in an archive. */
import { parseSearch, type SearchTerm } from '@clearway/console-api';
import { currencies, currencyByAlpha, parseTime } from '@clearway/contract';
import type { PaymentKind, PaymentState, Reason } from '@clearway/core';
import { reasons } from '@clearway/core';
import type { PaymentRecord, RecordFilter } from '@clearway/store';
import { Refusal } from '../refusal.ts';

/** @throws Refusal `queryInvalid` */
export function termsOf(q: string): readonly SearchTerm[] {
  const search = parseSearch(q);
  if ('wrong' in search) throw new Refusal('queryInvalid', `${search.wrong}: ${search.why}`);
  return search.terms;
}

export const openStates: readonly PaymentState[] = ['offered', 'unknown', 'reversing'];

/** @throws Refusal `queryInvalid` */
export function currencyOf(alpha: string): number {
  const currency = currencyByAlpha(alpha);
  if (currency === undefined) throw new Refusal('queryInvalid', `currency:${alpha}: ISO 4217 has no such currency`);
  return currency.numeric;
}

/** @throws Refusal `queryInvalid` */
export function momentOf(text: string): number {
  const at = parseTime(text);
  if (at === undefined) throw new Refusal('queryInvalid', `time:${text}: there is no such time`);
  return at;
}

/** Amounts are compared in thousandths of a major unit, whatever the currency. */
export function thousandths(text: string): bigint {
  const [whole, fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(3, '0'));
}

/** Thousandths that one minor unit is worth. */
export const worthOf = (decimals: number): bigint => 10n ** BigInt(3 - decimals);

/** Undefined where nothing can fit. Identifier and endToEndId are not in it: they have indexes of their own. */
export function filterOf(terms: readonly SearchTerm[], scope: string | undefined): RecordFilter | undefined {
  const participants = new Set(scope === undefined ? [] : [Number(scope)]);
  const single = new Map<string, string>();
  let states: readonly PaymentState[] | undefined;
  let from = 0;
  let to = Number.MAX_SAFE_INTEGER;
  for (const { field, operator, value } of terms) {
    switch (field) {
      case 'id':
      case 'endToEndId':
      case 'amount':
        break;
      case 'participant':
        participants.add(Number(value));
        break;
      case 'state': {
        const meant = value === 'open' ? openStates : [value as PaymentState];
        states = (states ?? meant).filter((state) => meant.includes(state));
        break;
      }
      case 'time': {
        const at = momentOf(value);
        if (operator.startsWith('>')) from = Math.max(from, operator === '>' ? at + 1 : at);
        else to = Math.min(to, operator === '<' ? at : at + 1);
        break;
      }
      default:
        if ((single.get(field) ?? value) !== value) return undefined;
        single.set(field, value);
    }
  }
  const amounts = amountsOf(terms);
  const reason = single.get('reason');
  const isImpossible = participants.size > 2 || states?.length === 0 || from >= to || amounts?.length === 0;
  if (isImpossible || (reason !== undefined && !Object.hasOwn(reasons, reason))) return undefined;
  const number = (field: string) => {
    const value = single.get(field);
    return value === undefined ? {} : { [field]: Number(value) };
  };
  const currency = single.get('currency');
  const kind = single.get('kind') as PaymentKind | undefined;
  const reference = single.get('reference');
  return {
    ...number('institution'),
    ...number('bank'),
    ...number('cycle'),
    participants: [...participants],
    from,
    to,
    ...(states && { states }),
    ...(amounts && { amounts }),
    ...(kind !== undefined && { kind }),
    ...(reason !== undefined && { reason: reason as Reason }),
    ...(currency !== undefined && { currency: currencyOf(currency) }),
    ...(reference !== undefined && { reference }),
  };
}

/** Least and most minor units of each currency; undefined where no amount is named. */
function amountsOf(terms: readonly SearchTerm[]): RecordFilter['amounts'] | undefined {
  const named = terms.filter(({ field }) => field === 'amount');
  if (named.length === 0) return undefined;
  return currencies.flatMap(({ numeric, decimals }) => {
    const worth = worthOf(decimals);
    let least = 0n;
    let most = BigInt(Number.MAX_SAFE_INTEGER);
    for (const { operator, value } of named) {
      const wanted = thousandths(value);
      const floor = wanted / worth;
      const ceiling = (wanted + worth - 1n) / worth;
      const [low, high] = {
        '=': [ceiling, floor],
        '>': [floor + 1n, most],
        '>=': [ceiling, most],
        '<': [least, ceiling - 1n],
        '<=': [least, floor],
      }[operator];
      if (low > least) least = low;
      if (high < most) most = high;
    }
    return least > most ? [] : [{ currency: numeric, least: Number(least), most: Number(most) }];
  });
}

/** Whether a record that was found by identifier or reference is all else that is asked for too. */
export function isMeant(record: PaymentRecord, terms: readonly SearchTerm[], filter: RecordFilter): boolean {
  const { institution, bank, participants = [], kind, states, reason, cycle, reference, currency, amounts } = filter;
  const sides = [Number(record.instructingAgent), Number(record.instructedAgent)];
  const isNamed = (field: SearchTerm['field'], own: string) =>
    terms.every((term) => term.field !== field || term.value === own);
  const fits = (wanted: unknown, own: unknown) => wanted === undefined || wanted === own;
  const amount = Number(record.amount);
  return (
    isNamed('id', record.paymentId) &&
    isNamed('endToEndId', record.endToEndId) &&
    fits(institution, sides[0]) &&
    fits(bank, sides[1]) &&
    participants.every((code) => sides.includes(code)) &&
    fits(kind, record.kind) &&
    (states === undefined || states.includes(record.state as PaymentState)) &&
    fits(reason, record.reason) &&
    fits(cycle, record.cycle) &&
    fits(reference, record.reference) &&
    fits(currency, record.currency) &&
    (amounts === undefined ||
      amounts.some((range) => range.currency === record.currency && range.least <= amount && amount <= range.most)) &&
    record.submittedAt >= (filter.from ?? 0) &&
    record.submittedAt < (filter.to ?? Number.MAX_SAFE_INTEGER)
  );
}
