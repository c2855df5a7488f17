/**
 * The payments of all cells as one list. A payment is found in the cell that its identifier names; lists are merged by
 * the time of submission, and a page remembers how far it has come in each cell.
 */
import type { PaymentRow } from '@clearway/console-api';
import { parseIdentifier } from '@clearway/core';
import { routingNumber } from '@clearway/store';
import { Refusal } from '../refusal.ts';
import type { Counted, PaymentPage, Payments, TallyQuery, TallyRow } from './payments.ts';

export interface CellPayments {
  /** Routing digits as a number. */
  readonly cell: number;
  readonly payments: Payments;
}

const between = '~';
/** Instead of a place: there is nothing more in this cell. */
const ended = 'end';

/** @param parts the home cell's first */
export function platformPayments(parts: readonly [CellPayments, ...CellPayments[]]): Payments {
  if (parts.length === 1) return parts[0].payments;
  const all = parts.map(({ payments }) => payments);
  const of = (paymentId: string): Payments => {
    const id = parseIdentifier(paymentId);
    return (id && parts.find(({ cell }) => cell === routingNumber(id))?.payments) ?? all[0];
  };
  /** What can be had; @throws the first error where there is nothing */
  const ofThoseHere = async <T>(question: (payments: Payments) => Promise<T>): Promise<T[]> => {
    const answers = await Promise.allSettled(all.map(question));
    const had = answers.filter((one) => one.status === 'fulfilled').map(({ value }) => value);
    if (had.length === 0) throw (answers[0] as PromiseRejectedResult).reason;
    return had;
  };
  const tallied = (query: TallyQuery): Promise<Counted[]> =>
    query.isPartial ? ofThoseHere((one) => one.tally(query)) : Promise.all(all.map((one) => one.tally(query)));

  return {
    async page(query) {
      const places = placesOf(query.after, all.length);
      const pages = await Promise.all(
        all.map((one, index) =>
          places[index] === ended ? undefined : one.page({ ...query, after: places[index] ?? '' }),
        ),
      );
      return merge(pages, places, query.limit);
    },

    async histogram(query) {
      const [first, ...others] = await Promise.all(all.map((one) => one.histogram(query)));
      const sum = (name: 'succeeded' | 'failed' | 'refused' | 'open') =>
        first[name].map((count, bar) => others.reduce((total, one) => total + one[name][bar], count));
      return {
        ...first,
        readTo: latest([first, ...others].map(({ readTo }) => readTo)),
        succeeded: sum('succeeded'),
        failed: sum('failed'),
        refused: sum('refused'),
        open: sum('open'),
      };
    },

    one: (paymentId, scope) => of(paymentId).one(paymentId, scope),
    // A refund has the routing digits of its original.
    refundsOf: (original) => of(original.paymentId).refundsOf(original),
    async withoutOutcome(participant, limit) {
      const found = (await ofThoseHere((one) => one.withoutOutcome(participant, limit))).flat();
      return found.sort((a, b) => a.submittedAt - b.submittedAt).slice(0, limit);
    },
    async tally(query) {
      const counted = await tallied(query);
      return {
        rows: sumRows(counted.flatMap(({ rows }) => rows)),
        readTo: Math.max(...counted.map(({ readTo }) => readTo)),
      };
    },
    lastSubmittedAt: async (since) => Math.max(...(await ofThoseHere((one) => one.lastSubmittedAt(since)))),
  };
}

/** @throws Refusal `queryInvalid` */
function placesOf(after: string, cells: number): readonly string[] {
  if (after === '') return [];
  const places = after.split(between);
  if (places.length !== cells) throw new Refusal('queryInvalid', 'after is what an earlier page gave as next.');
  return places;
}

/** The newest of all; each cell goes on after what is shown of it. */
function merge(pages: readonly (PaymentPage | undefined)[], before: readonly string[], limit: number): PaymentPage {
  const given = pages.filter((page) => page !== undefined);
  const readTo = latest(given.map((page) => page.readTo));
  const taken = pages.map(() => 0);
  const payments: PaymentRow[] = [];
  const next = (index: number) => pages[index]?.payments[taken[index]];
  while (payments.length < limit) {
    let newest = -1;
    for (const index of pages.keys()) {
      const [one, best] = [next(index), newest < 0 ? undefined : next(newest)];
      if (one !== undefined && (best === undefined || isNewer(one, best))) newest = index;
    }
    const found = newest < 0 ? undefined : next(newest);
    // In another cell nothing was looked at that old: it comes with the next page, in its place.
    if (found === undefined || (readTo !== null && found.submittedAt < readTo)) break;
    payments.push(found);
    taken[newest]++;
  }
  const places = pages.map((page, index) => {
    if (page === undefined) return ended;
    if (taken[index] === page.payments.length) return page.next ?? ended;
    return taken[index] === 0 ? (before[index] ?? '') : (page.places[taken[index] - 1] ?? ended);
  });
  return {
    payments,
    next: places.every((place) => place === ended) ? null : places.join(between),
    understood: given[0]?.understood ?? [],
    readTo,
    isWhole: given.every(({ isWhole }) => isWhole),
    places: [],
  };
}

const isNewer = (a: PaymentRow, b: PaymentRow) =>
  a.submittedAt > b.submittedAt || (a.submittedAt === b.submittedAt && a.paymentId < b.paymentId);

/** Times of one form are in order as texts. */
function latest(times: readonly (string | null)[]): string | null {
  return times.reduce((last, time) => (last === null || (time !== null && time > last) ? time : last), null);
}

/** One row for everything that was counted by the same. */
function sumRows(rows: readonly TallyRow[]): TallyRow[] {
  const sums = new Map<string, TallyRow>();
  for (const row of rows) {
    const { payments, amount, firstAt, ...by } = row;
    const key = Object.values(by).join('/');
    const sum = sums.get(key);
    const joined = sum && {
      ...row,
      payments: payments + sum.payments,
      amount: amount + sum.amount,
      firstAt: Math.min(firstAt, sum.firstAt),
    };
    sums.set(key, joined ?? row);
  }
  return [...sums.values()];
}
