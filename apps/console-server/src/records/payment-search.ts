/** Searches over the payments: one grammar, pages by key, every one narrowed to whom may be seen. */
import type { PaymentHistogram, PaymentList, SearchTerm } from '@clearway/console-api';
import { parseSearch } from '@clearway/console-api';
import { currencies, currencyByAlpha, formatTime, parseTime } from '@clearway/contract';
import type { PaymentRecord } from '@clearway/store';
import type { Ask } from '../database.ts';
import { Refusal } from '../refusal.ts';
import { paymentColumns, paymentRecord, paymentRow } from './payment-row.ts';

export interface PaymentSearch {
  /** @throws Refusal `queryInvalid`, `tooSlow` */
  page(query: { q: string; after: string; limit: number; scope: string | undefined }): Promise<PaymentList>;
  histogram(query: {
    q: string;
    from: number;
    to: number;
    bars: number;
    scope: string | undefined;
  }): Promise<PaymentHistogram>;
  /** Undefined for what does not exist or lies outside of the scope: nobody can tell which. */
  one(paymentId: string, scope: string | undefined): Promise<PaymentRecord | undefined>;
  refundsOf(paymentId: string): Promise<PaymentRecord[]>;
  withoutOutcome(participant: string, limit: number): Promise<PaymentRecord[]>;
}

/** A bar of a histogram is at least this wide, ms. */
const leastBarMs = 1_000;

/** `archived`: a payment that is no row, since it came over the stream; the cell knows it. */
export function createPaymentSearch(
  ask: Ask,
  cellNumber: number,
  archived: (paymentId: string) => Promise<PaymentRecord | undefined>,
): PaymentSearch {
  const read = async (text: string, values: readonly unknown[]) => (await ask(text, values)).map(paymentRecord);
  const search: PaymentSearch = {
    async page({ q, after, limit, scope }) {
      const terms = termsOf(q);
      const [term] = terms;
      if (terms.length === 1 && term.field === 'id') {
        const found = await search.one(term.value, scope);
        return { payments: found === undefined ? [] : [paymentRow(found)], next: null, understood: [...terms] };
      }
      const { sides, conditions, values, value } = conditionsOf(cellNumber, terms, scope);
      if (after !== '') {
        const [submittedAt, paymentId] = readCursor(after);
        const [at, id] = [value(submittedAt), value(paymentId)];
        conditions.push(`submitted_at <= ${at}`, `(submitted_at < ${at} OR payment_id > ${id})`);
      }
      const order = `ORDER BY submitted_at DESC, payment_id LIMIT ${value(limit + 1)}`;
      const select = (side: readonly string[]) =>
        `SELECT ${paymentColumns} FROM records.payment WHERE ${[...conditions, ...side].join(' AND ')} ${order}`;
      // Each half in the order of its own index; one condition with OR would read every payment of the cell.
      const text =
        sides.length === 1 ? select(sides[0]) : `${sides.map((side) => `(${select(side)})`).join(' UNION ')} ${order}`;
      const found = await read(text, values);
      const shown = found.slice(0, limit);
      const last = shown.at(-1);
      return {
        payments: shown.map(paymentRow),
        next: found.length > limit && last !== undefined ? writeCursor(last) : null,
        understood: [...terms],
      };
    },

    async histogram({ q, from, to, bars, scope }) {
      const stepMs = Math.max(leastBarMs, Math.ceil((to - from) / bars));
      const { sides, conditions, values, value } = conditionsOf(cellNumber, termsOf(q), scope);
      const [start, end, step] = [value(from), value(to), value(stepMs)];
      conditions.push(`submitted_at >= ${start}`, `submitted_at < ${end}`);
      const select = (side: readonly string[]) =>
        `SELECT payment_id, submitted_at, state FROM records.payment WHERE ${[...conditions, ...side].join(' AND ')}`;
      const rows = await ask<{ bar: string; state: string; payments: string }>(
        `SELECT (submitted_at - ${start}) / ${step} AS bar, state, count(*) AS payments
         FROM (${sides.map(select).join(' UNION ')}) found GROUP BY 1, 2`,
        values,
      );
      const count = Math.ceil((to - from) / stepMs);
      const bar = (isShown: (state: string) => boolean) => {
        const counts = new Array<number>(count).fill(0);
        for (const row of rows) if (isShown(row.state)) counts[Number(row.bar)] += Number(row.payments);
        return counts;
      };
      return {
        from: formatTime(from),
        stepMs,
        succeeded: bar((state) => state === 'succeeded'),
        failed: bar((state) => state === 'failed'),
        refused: bar((state) => state === 'refused'),
        open: bar((state) => ['offered', 'unknown', 'reversing'].includes(state)),
      };
    },

    async one(paymentId, scope) {
      const [found] = await read(
        `SELECT ${paymentColumns} FROM records.payment WHERE cell = $1 AND payment_id = $2
         AND ($3::text IS NULL OR instructing_agent = $3 OR instructed_agent = $3)`,
        [cellNumber, paymentId, scope ?? null],
      );
      if (found !== undefined) return found;
      const other = await archived(paymentId);
      const isSeen = scope === undefined || other?.instructingAgent === scope || other?.instructedAgent === scope;
      return isSeen ? other : undefined;
    },

    refundsOf: (paymentId) =>
      read(
        `SELECT ${paymentColumns} FROM records.payment
         WHERE cell = $1 AND kind = 'refund' AND reference = $2 ORDER BY submitted_at LIMIT 200`,
        [cellNumber, paymentId],
      ),

    withoutOutcome: (participant, limit) =>
      read(
        `SELECT ${paymentColumns} FROM records.payment
         WHERE cell = $1 AND state IN ('unknown', 'reversing') AND (instructed_agent = $2 OR instructing_agent = $2)
         ORDER BY submitted_at LIMIT $3`,
        [cellNumber, participant, limit],
      ),
  };
  return search;
}

function termsOf(q: string): readonly SearchTerm[] {
  const search = parseSearch(q);
  if ('wrong' in search) throw new Refusal('queryInvalid', `${search.wrong}: ${search.why}`);
  return search.terms;
}

function conditionsOf(cellNumber: number, terms: readonly SearchTerm[], scope: string | undefined) {
  const values: unknown[] = [cellNumber];
  const value = (given: unknown) => `$${values.push(given)}`;
  const conditions = ['cell = $1'];
  for (const term of terms) if (term.field !== 'participant') conditions.push(conditionOf(term, value));
  const either = new Set(terms.filter(({ field }) => field === 'participant').map((term) => term.value));
  if (scope !== undefined) either.add(scope);
  return { values, value, conditions, sides: sidesOf([...either], value) };
}

/** Ways in which all of these can be one of the two agents each. */
function sidesOf(codes: readonly string[], value: (given: unknown) => string): string[][] {
  if (codes.length === 0) return [[]];
  if (codes.length > 2) return [['false']]; // a payment has two sides
  const [first, second] = codes.map(value);
  const sides = ['instructing_agent', 'instructed_agent'];
  return sides.map((side, index) => [
    `${side} = ${first}`,
    ...(second === undefined ? [] : [`${sides[1 - index]} = ${second}`]),
  ]);
}

const columnOf = {
  id: 'payment_id',
  institution: 'instructing_agent',
  bank: 'instructed_agent',
  endToEndId: 'end_to_end_id',
  kind: 'kind',
  reason: 'reason',
  reference: 'reference',
} as const;

function conditionOf({ field, operator, value: text }: SearchTerm, value: (given: unknown) => string): string {
  switch (field) {
    case 'state':
      return text === 'open' ? `state IN ('offered', 'unknown', 'reversing')` : `state = ${value(text)}`;
    case 'cycle':
      return `cycle = ${value(Number(text))}`;
    case 'currency': {
      const currency = currencyByAlpha(text);
      if (currency === undefined) throw new Refusal('queryInvalid', `currency:${text}: ISO 4217 has no such currency`);
      return `currency = ${value(currency.numeric)}`;
    }
    case 'amount':
      // Minor units depend on the currency: the amount is compared in the units of each payment's own.
      return `amount * ${decimalsSql} ${operator} ${value(thousandths(text))}::numeric`;
    case 'time': {
      const at = parseTime(text);
      if (at === undefined) throw new Refusal('queryInvalid', `time:${text}: there is no such time`);
      return `submitted_at ${operator} ${value(at)}`;
    }
    case 'participant':
      throw new Error('a participant is a side, not a condition');
    default:
      return `${columnOf[field]} = ${value(text)}`;
  }
}

/** Thousandths of a major unit that one minor unit is worth; two decimals are the rule. */
const decimalsSql = (() => {
  const numbers = (decimals: number) =>
    currencies
      .filter((one) => one.decimals === decimals)
      .map(({ numeric }) => numeric)
      .join(', ');
  return `(CASE WHEN currency IN (${numbers(3)}) THEN 1 WHEN currency IN (${numbers(0)}) THEN 1000 ELSE 10 END)`;
})();

function thousandths(text: string): string {
  const [whole, fraction = ''] = text.split('.');
  return String(BigInt(whole + fraction.padEnd(3, '0')));
}

const writeCursor = ({ submittedAt, paymentId }: PaymentRecord) => `${submittedAt}-${paymentId}`;

function readCursor(text: string): [number, string] {
  const [, submittedAt, paymentId] = /^([0-9]{1,15})-([0-9]{31})$/.exec(text) ?? [];
  if (paymentId === undefined) throw new Refusal('queryInvalid', 'after is what an earlier page gave as next.');
  return [Number(submittedAt), paymentId];
}
