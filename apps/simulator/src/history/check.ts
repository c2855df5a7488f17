/**
 * Whether a history can be that of a platform that does one thing after the other: each payment by itself, each
 * account by itself, and the cycles of each cell in their order. Linearizability is local: what holds for each object
 * holds for all together.
 */
import { type Account, accountModel, type Movement } from './account.ts';
import { findBeyond } from './account-bounds.ts';
import type { Happening, History, Order } from './history.ts';
import { linearize, type Operation } from './linearizable.ts';
import { operationsOn, payment } from './payment.ts';

export interface Anomaly {
  readonly subject: string;
  readonly what: string;
}

export interface Findings {
  readonly anomalies: readonly Anomaly[];
  /** Payments, accounts and cells that were looked at. */
  readonly objects: number;
  readonly operations: number;
  /** Objects on which the search gave up. */
  readonly undecided: number;
}

export interface CheckOptions {
  /** Those whose limits are known. */
  readonly accounts?: ReadonlyMap<string, Account>;
  /** True: one cell has all of each account, so that who is refused for lack of it did lack it. */
  readonly lackIsExact?: boolean;
  /** Steps of the search for one object. */
  readonly budget?: number;
}

/** A payment that came to an end: between which two places it did, and when it was taken. */
interface Passage {
  readonly order: Order;
  readonly takenAfter: number;
  readonly takenBefore: number;
  readonly end: 'succeeded' | 'failed' | undefined;
  readonly cycle: number;
  readonly endedAfter: number;
  readonly endedBefore: number;
  /** Why it was refused for good, and by when that was told. */
  readonly refusal: string;
  readonly refusedBefore: number;
}

const never = Number.POSITIVE_INFINITY;
/** Refusals for lack of something, which the platform holds to. */
const remembered = new Set(['floatInsufficient', 'netDebitCapExceeded', 'refundAboveOriginal']);
const routingDigits = 6;
/** Operations on one account for which an order is searched. */
const mostSearched = 5000;

export function checkHistory(history: History, options: CheckOptions = {}): Findings {
  const anomalies: Anomaly[] = [];
  let objects = 0;
  let operations = 0;
  let undecided = 0;

  const look = <State, T>(
    subject: string,
    model: Parameters<typeof linearize<State, T>>[0],
    list: Operation<T>[],
    words: (what: T) => string,
  ) => {
    objects++;
    operations += list.length;
    const verdict = linearize(model, list, options.budget);
    if (verdict.is === 'undecided') undecided++;
    if (verdict.is === 'impossible') {
      const { what, calledAt, returnedAt } = verdict.stuck;
      anomalies.push({
        subject,
        what: `no order of what happened explains it: stuck at ${words(what)} (${calledAt} to ${returnedAt})`,
      });
    }
  };
  const json = (what: unknown) =>
    JSON.stringify(what, (_, value) => (typeof value === 'bigint' ? String(value) : value));

  const passages: Passage[] = [];
  for (const [paymentId, happenings] of byPayment(history)) {
    const order = history.orders.get(paymentId);
    look(paymentId, payment, operationsOn(happenings, order), json);
    if (order !== undefined) passages.push(passageOf(order, happenings));
  }

  const lookAtBounds = (subject: string, account: Account, list: Operation<Movement>[]) => {
    objects++;
    operations += list.length;
    const beyond = findBeyond(account, list);
    if (beyond === undefined) return;
    const { what, calledAt, returnedAt } = beyond;
    anomalies.push({ subject, what: `cannot have had what ${json(what)} takes (${calledAt} to ${returnedAt})` });
  };

  const lackIsExact = options.lackIsExact ?? false;
  for (const [participant, account] of options.accounts ?? []) {
    const list = movementsOn(participant, passages, history, lackIsExact);
    const subject = `account of ${participant}`;
    if (list.length <= mostSearched) look(subject, accountModel(account), list, json);
    else lookAtBounds(subject, account, list);
  }

  // What may still be given back of a payment is an account too: nothing is ever added to it.
  for (const [original, refunds] of refundsByOriginal(passages)) {
    const funds = history.orders.get(original)?.amount ?? 0n;
    const list = refunds.flatMap((refund) => takingsOf(refund, 'refundAboveOriginal', true));
    look(`refunds of ${original}`, accountModel({ funds }), list, json);
  }

  const cells = new Map<string, Passage[]>();
  for (const passage of passages) keepUnder(cells, passage.order.paymentId.slice(-routingDigits), passage);
  for (const [cell, inCell] of cells) {
    objects++;
    const found = findCycleBack(inCell, history.settlements);
    if (found !== undefined) anomalies.push({ subject: found.paymentId, what: `${found.what} (cell ${cell})` });
  }
  return { anomalies, objects, operations, undecided };
}

function byPayment(history: History): Map<string, Happening[]> {
  const found = new Map<string, Happening[]>();
  for (const happening of history.happenings) keepUnder(found, happening.paymentId, happening);
  return found;
}

function keepUnder<T>(lists: Map<string, T[]>, key: string, one: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [one]);
  else list.push(one);
}

function passageOf(order: Order, happenings: readonly Happening[]): Passage {
  let takenAfter = never;
  let takenBefore = never;
  let refusal = '';
  let refusedBefore = never;
  let end: Passage['end'];
  let cycle = 0;
  let endedBefore = never;
  for (const { act, calledAt, returnedAt } of happenings) {
    if (act.does === 'submit') takenAfter = Math.min(takenAfter, calledAt);
    if (act.does === 'asked') takenBefore = Math.min(takenBefore, returnedAt);
    const told = 'told' in act ? act.told : undefined;
    if (told === undefined) continue;
    if ('refused' in told) {
      if (act.does !== 'submit' || !remembered.has(told.refused)) continue;
      refusal = told.refused;
      refusedBefore = Math.min(refusedBefore, returnedAt);
    } else if (told.state === 'succeeded' || told.state === 'failed') {
      takenBefore = Math.min(takenBefore, returnedAt);
      endedBefore = Math.min(endedBefore, returnedAt);
      end = told.state;
      cycle = told.cycle;
    }
  }
  // The end cannot be before the bank has said what ends it.
  const said = happenings.filter(
    ({ act }) =>
      act.does === 'says' && act.answer !== 'notKnownYet' && (act.answer === 'succeeded') === (end === 'succeeded'),
  );
  const endedAfter = Math.min(never, ...said.map(({ calledAt }) => calledAt));
  return { order, takenAfter, takenBefore, end, cycle, endedAfter, endedBefore, refusal, refusedBefore };
}

/** What a payment takes from what it is held against, and gives back when it fails. */
function takingsOf(passage: Passage, lack: string, lackIsExact: boolean): Operation<Movement>[] {
  const { order, takenAfter, takenBefore, end, endedAfter, endedBefore, refusal, refusedBefore } = passage;
  const { amount } = order;
  const list: Operation<Movement>[] = [];
  const add = (calledAt: number, returnedAt: number, is: 'lack' | 'reserve' | 'release') =>
    list.push({ calledAt, returnedAt, what: { is, amount } });
  if (lackIsExact && refusal === lack) add(takenAfter, refusedBefore, 'lack');
  if (takenBefore === never) return list;
  add(takenAfter, takenBefore, 'reserve');
  if (end === 'failed') add(endedAfter, endedBefore, 'release');
  return list;
}

function movementsOn(
  participant: string,
  passages: readonly Passage[],
  history: History,
  lackIsExact: boolean,
): Operation<Movement>[] {
  const list: Operation<Movement>[] = [];
  for (const passage of passages) {
    const { order, end, cycle, endedAfter, endedBefore } = passage;
    const { kind, institution, bank, amount } = order;
    const isPull = kind === 'agreementPayment';
    const [debtor, creditor] = isPull ? [bank, institution] : [institution, bank];
    const lack = isPull ? 'netDebitCapExceeded' : 'floatInsufficient';
    const post = (is: 'credit' | 'debit') =>
      list.push({ calledAt: endedAfter, returnedAt: endedBefore, what: { is, amount, cycle } });
    if (debtor === participant) list.push(...takingsOf(passage, lack, lackIsExact));
    if (end === 'succeeded' && debtor === participant) post('debit');
    if (end === 'succeeded' && creditor === participant) post('credit');
  }
  for (const { cap, calledAt, returnedAt, ...of } of history.capChanges)
    if (of.participant === participant) list.push({ calledAt, returnedAt, what: { is: 'cap', cap } });
  for (const [cycle, bookedAt] of history.settlements)
    list.push({ calledAt: bookedAt, returnedAt: never, what: { is: 'settle', cycle } });
  return list;
}

function refundsByOriginal(passages: readonly Passage[]): Map<string, Passage[]> {
  const found = new Map<string, Passage[]>();
  for (const passage of passages) {
    const { original } = passage.order;
    if (original !== undefined) keepUnder(found, original, passage);
  }
  return found;
}

/**
 * Cycles of one cell only go forward: a success whose bank spoke after another success of a later cycle was told, or
 * after its own cycle was settled, cannot be in the earlier one.
 */
function findCycleBack(
  passages: readonly Passage[],
  settlements: ReadonlyMap<number, number>,
): { readonly paymentId: string; readonly what: string } | undefined {
  const successes = passages.filter(({ end }) => end === 'succeeded').sort((one, other) => other.cycle - one.cycle);
  // From the last cycle to the first: the earliest moment at which a later one is known to have begun.
  let laterBegan = never;
  let pending = never;
  for (const [index, { cycle, endedAfter, endedBefore, order }] of successes.entries()) {
    if (index > 0 && successes[index - 1].cycle > cycle) laterBegan = Math.min(laterBegan, pending);
    pending = Math.min(pending, endedBefore);
    const { paymentId } = order;
    if (endedAfter > laterBegan) return { paymentId, what: `succeeded in cycle ${cycle} after a later one had begun` };
    if (endedAfter > (settlements.get(cycle) ?? never))
      return { paymentId, what: `succeeded in cycle ${cycle} after it was settled` };
  }
  return undefined;
}
