/** Payments that are rows of PostgreSQL: pages by key, every one narrowed to whom may be seen. */
import type { SearchTerm } from '@clearway/console-api';
import { currencies, formatTime } from '@clearway/contract';
import type { PaymentState, Reason } from '@clearway/core';
import type { PaymentRecord } from '@clearway/store';
import type { Ask } from '../database.ts';
import { Refusal } from '../refusal.ts';
import { paymentColumns, paymentRecord, paymentRow } from './payment-row.ts';
import type { Payments, TallyQuery, TallyRow } from './payments.ts';
import { currencyOf, momentOf, openStates, termsOf, thousandths, worthOf } from './search-terms.ts';

/** A bar of a histogram is at least this wide, ms. */
const leastBarMs = 1_000;

export function createRowPayments(ask: Ask, cellNumber: number): Payments {
  const read = async (text: string, values: readonly unknown[]) => (await ask(text, values)).map(paymentRecord);
  return {
    async page({ q, after, limit, scope }) {
      const terms = termsOf(q);
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
        readTo: null,
        isWhole: true,
        places: shown.map(writeCursor),
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
        readTo: null,
        succeeded: bar((state) => state === 'succeeded'),
        failed: bar((state) => state === 'failed'),
        refused: bar((state) => state === 'refused'),
        open: bar((state) => openStates.includes(state as PaymentState)),
      };
    },

    async one(paymentId, scope) {
      const [found] = await read(
        `SELECT ${paymentColumns} FROM records.payment WHERE cell = $1 AND payment_id = $2
         AND ($3::text IS NULL OR instructing_agent = $3 OR instructed_agent = $3)`,
        [cellNumber, paymentId, scope ?? null],
      );
      return found;
    },

    refundsOf: ({ paymentId }) =>
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

    async tally(query) {
      const { text, values } = tallySql(cellNumber, query);
      const rows = await ask<Record<keyof TallyRow, string | number | null>>(text, values);
      return {
        readTo: 0,
        rows: rows.map((row) => ({
          at: Number(row.at),
          institution: (row.institution ?? '') as string,
          bank: (row.bank ?? '') as string,
          currency: Number(row.currency ?? 0),
          kind: (row.kind ?? '') as TallyRow['kind'],
          state: (row.state ?? '') as TallyRow['state'],
          reason: (row.reason ?? 'none') as Reason,
          bucket: row.bucket as number | null,
          payments: Number(row.payments),
          amount: BigInt(row.amount as string),
          firstAt: Number(row.firstAt),
        })),
      };
    },

    async lastSubmittedAt() {
      const [last] = await ask<{ submitted_at: string }>(
        'SELECT submitted_at FROM records.payment WHERE cell = $1 ORDER BY submitted_at DESC LIMIT 1',
        [cellNumber],
      );
      return Number(last?.submitted_at ?? 0);
    },
  };
}

const tallyColumns: Readonly<Record<TallyQuery['by'][number], string>> = {
  institution: 'instructing_agent',
  bank: 'instructed_agent',
  currency: 'currency',
  kind: 'kind',
  state: 'state',
  reason: 'reason',
  bucket: `CASE WHEN answer_sequence > 0
    THEN least(71, floor(4 * log(2, greatest(1, changed_at - submitted_at))))::integer END`,
};

function tallySql(cellNumber: number, { by, stepMs, participant, states, cycle, from, to }: TallyQuery) {
  const values: unknown[] = [cellNumber];
  const value = (given: unknown) => `$${values.push(given)}`;
  const conditions = ['cell = $1'];
  if (states !== undefined) conditions.push(`state = ANY (${value(states)})`);
  if (cycle !== undefined) conditions.push(`cycle = ${value(cycle)}`);
  if (from !== undefined) conditions.push(`submitted_at >= ${value(from)}`);
  if (to !== undefined) conditions.push(`submitted_at < ${value(to)}`);
  const select = (side: readonly string[]) =>
    `SELECT * FROM records.payment WHERE ${[...conditions, ...side].join(' AND ')}`;
  // Nobody is both sides of a payment: what is found on either side is found once.
  const sides = sidesOf(participant === undefined ? [] : [participant], value)
    .map(select)
    .join(' UNION ALL ');
  const at = stepMs === 0 ? '0' : `submitted_at - submitted_at % ${value(stepMs)}`;
  const columns = by.map((one) => `, ${tallyColumns[one]} AS ${one}`).join('');
  const groups = [1, ...by.map((_, index) => index + 2)].join(', ');
  const text = `SELECT ${at} AS at${columns}, count(*) AS payments, sum(amount) AS amount, min(submitted_at) AS "firstAt"
    FROM (${sides}) found GROUP BY ${groups}`;
  return { text, values };
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
    case 'currency':
      return `currency = ${value(currencyOf(text))}`;
    case 'amount':
      // Minor units depend on the currency: the amount is compared in the units of each payment's own.
      return `amount * ${decimalsSql} ${operator} ${value(String(thousandths(text)))}::numeric`;
    case 'time':
      return `submitted_at ${operator} ${value(momentOf(text))}`;
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
  const when = (decimals: number) => `WHEN currency IN (${numbers(decimals)}) THEN ${worthOf(decimals)}`;
  return `(CASE ${when(3)} ${when(0)} ELSE ${worthOf(2)} END)`;
})();

const writeCursor = ({ submittedAt, paymentId }: PaymentRecord) => `${submittedAt}-${paymentId}`;

function readCursor(text: string): [number, string] {
  const [, submittedAt, paymentId] = /^([0-9]{1,15})-([0-9]{31})$/.exec(text) ?? [];
  if (paymentId === undefined) throw new Refusal('queryInvalid', 'after is what an earlier page gave as next.');
  return [Number(submittedAt), paymentId];
}
