/**
 * Whether a history can be that of a platform that does one thing after the other: each payment by itself, each
 * account by itself, and the cycles of each cell in their order. Linearizability is local: what holds for each object
 * holds for all together.
 */
import { type Account, accountModel, type Movement } from './account.ts';
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
  /** When it was refused for lack of money, if it was. */
  readonly lackedBefore: number;
}

const never = Number.POSITIVE_INFINITY;
const lacks = new Set(['floatInsufficient', 'netDebitCapExceeded']);
const routingDigits = 6;

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
    const list = operationsOn(happenings);
    look(paymentId, payment, list, json);
    const order = history.orders.get(paymentId);
    if (order !== undefined) passages.push(passageOf(order, happenings));
  }

  for (const [participant, account] of options.accounts ?? []) {
    const list = movementsOn(participant, passages, history, options.lackIsExact ?? false);
    look(`account of ${participant}`, accountModel(account), list, json);
  }

  const cells = new Map<string, Passage[]>();
  for (const passage of passages) {
    const cell = passage.order.paymentId.slice(-routingDigits);
    cells.set(cell, [...(cells.get(cell) ?? []), passage]);
  }
  for (const [cell, inCell] of cells) {
    objects++;
    const found = findCycleBack(inCell, history.settlements);
    if (found !== undefined) anomalies.push({ subject: found.paymentId, what: `${found.what} (cell ${cell})` });
  }
  return { anomalies, objects, operations, undecided };
}

function byPayment(history: History): Map<string, Happening[]> {
  const found = new Map<string, Happening[]>();
  for (const happening of history.happenings) {
    const list = found.get(happening.paymentId);
    if (list === undefined) found.set(happening.paymentId, [happening]);
    else list.push(happening);
  }
  return found;
}

function passageOf(order: Order, happenings: readonly Happening[]): Passage {
  let takenAfter = never;
  let takenBefore = never;
  let lackedBefore = never;
  let end: Passage['end'];
  let cycle = 0;
  let endedBefore = never;
  for (const { act, calledAt, returnedAt } of happenings) {
    if (act.does === 'submit') takenAfter = Math.min(takenAfter, calledAt);
    if (act.does === 'asked') takenBefore = Math.min(takenBefore, returnedAt);
    const told = 'told' in act ? act.told : undefined;
    if (told === undefined) continue;
    if ('refused' in told) {
      if (act.does === 'submit' && lacks.has(told.refused)) lackedBefore = Math.min(lackedBefore, returnedAt);
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
  return { order, takenAfter, takenBefore, end, cycle, endedAfter, endedBefore, lackedBefore };
}

function movementsOn(
  participant: string,
  passages: readonly Passage[],
  history: History,
  lackIsExact: boolean,
): Operation<Movement>[] {
  const list: Operation<Movement>[] = [];
  const add = (calledAt: number, returnedAt: number, what: Movement) => list.push({ calledAt, returnedAt, what });
  for (const passage of passages) {
    const { order, takenAfter, takenBefore, end, cycle, endedAfter, endedBefore, lackedBefore } = passage;
    const { kind, institution, bank, amount } = order;
    const [debtor, creditor] = kind === 'agreementPayment' ? [bank, institution] : [institution, bank];
    if (creditor === participant && end === 'succeeded') add(endedAfter, endedBefore, { is: 'credit', amount, cycle });
    if (debtor !== participant) continue;
    if (lackIsExact && lackedBefore < never) add(takenAfter, lackedBefore, { is: 'lack', amount });
    if (takenBefore === never) continue;
    add(takenAfter, takenBefore, { is: 'reserve', amount });
    if (end === 'succeeded') add(endedAfter, endedBefore, { is: 'debit', amount, cycle });
    if (end === 'failed') add(endedAfter, endedBefore, { is: 'release', amount });
  }
  for (const [cycle, bookedAt] of history.settlements) add(bookedAt, never, { is: 'settle', cycle });
  return list;
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
