/**
 * Shares of caps and float over three cells, under messages that are lost, repeated and late: however they move, all
 * cells together never let a participant owe or spend more than it may.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createState,
  currencySlots,
  describeAccount,
  findBreaches,
  headroom,
  positionsOf,
  sharesIn,
  shareWith,
} from '@clearway/core';
import fc from 'fast-check';
import { Cell, pagesOf, replay, restored } from './cell.ts';
import { law } from './law.ts';
import type { Told as ToldAlone, ToldOfOthers } from './told.ts';

type Told = ToldAlone | ToldOfOthers;

const begins = Date.UTC(2026, 10, 22, 8);
const currency = 156;
const home = 10_001;
const numbers = [10_001, 10_002, 10_003];
const bank = 201;
const institution = 101;
const cap = 1000;
const float = 700;

const scheme = {
  currencies: [currency],
  maximumAmount: 1_000_000,
  offerTimeoutMs: 5000,
  longestExpiryMs: 60_000,
  enquiryBackoffMs: 1000,
  enquiryBackoffLargestMs: 8000,
  reversalAfterMs: 20_000,
  workItemAfterMs: 60_000,
  signingTimeoutMs: 120_000,
};

const participants = (netDebitCap: number, version: number): Told => ({
  type: 'adoptConfiguration',
  kind: 'participants',
  version,
  content: {
    home,
    participants: [
      { code: bank, role: 'bank', status: 'active', netDebitCaps: [{ currency, amount: netDebitCap }] },
      { code: 202, role: 'bank', status: 'active', netDebitCaps: [] },
      { code: institution, role: 'paymentInstitution', status: 'active', netDebitCaps: [] },
    ],
  },
});

/** A cell that is about to take payments: agreement 1 of cell 1 is known everywhere. */
function opened(number: number): Cell {
  const cell = new Cell(createState(1, number - 10_000));
  cell.tell(begins, { type: 'adoptConfiguration', kind: 'scheme', version: 1, content: scheme }, participants(cap, 1), {
    type: 'advanceBusinessDay',
    date: 20261122,
  });
  if (number !== home) cell.tell(begins, known('active', 1));
  else {
    cell.tell(begins, {
      type: 'recordFunds',
      participant: institution,
      currency,
      entry: 1,
      credit: true,
      amount: float,
    });
    sign(cell);
  }
  return cell;
}

const agreement = { date: 20261122, version: 1, participant: institution, sequence: 1, centre: 1, cell: 1 };

function known(state: 'active' | 'rescinded', sequence: number): Told {
  const terms = { bank, currency, paymentLimit: 100_000, expiresOn: 20271122, changedAt: begins };
  return { type: 'knowAgreement', id: agreement, state, sequence, ...terms };
}

function sign(cell: Cell): void {
  const expiresAt = begins + 5000;
  const answered = { type: 'recordSigningAnswer', id: agreement, reason: 'none', bank } as const;
  const terms = { bank, paymentLimit: 100_000, currency, expiresOn: 20271122, expiresAt };
  cell.tell(
    begins,
    { type: 'requestAgreement', id: agreement, ...terms, content: 1 },
    { ...answered, answer: 'codeSent', content: 1 },
    { type: 'confirmAgreement', id: agreement, expiresAt, content: 2 },
    { ...answered, answer: 'active', content: 2 },
  );
}

const accountsOf = (cell: Cell) => {
  const place = (code: number) => cell.state.participants.findIndex((one) => one.code === code) * currencySlots;
  return { bank: place(bank), institution: place(institution) };
};

type Move =
  | { readonly verb: 'give'; readonly from: number; readonly to: number; readonly who: number; readonly amount: number }
  | { readonly verb: 'deliver'; readonly which: number; readonly keep: boolean }
  | { readonly verb: 'lose'; readonly which: number }
  | { readonly verb: 'pull' | 'payout'; readonly cell: number; readonly amount: number; readonly ends: boolean }
  | { readonly verb: 'cut'; readonly cell: number; readonly settles: boolean }
  | { readonly verb: 'restart'; readonly cell: number };

const cell = fc.nat(2);
const amount = fc.integer({ min: 1, max: 400 });
const moves = fc.array(
  fc.oneof(
    fc.record({
      verb: fc.constant('give' as const),
      from: cell,
      to: cell,
      who: fc.constantFrom(bank, institution),
      amount,
    }),
    fc.record({ verb: fc.constant('deliver' as const), which: fc.nat(), keep: fc.boolean() }),
    fc.record({ verb: fc.constant('lose' as const), which: fc.nat() }),
    fc.record({ verb: fc.constantFrom('pull' as const, 'payout' as const), cell, amount, ends: fc.boolean() }),
    fc.record({ verb: fc.constant('cut' as const), cell, settles: fc.boolean() }),
    fc.record({ verb: fc.constant('restart' as const), cell }),
  ),
  { minLength: 20, maxLength: 120 },
);

/** Three cells and the messages between them. */
class World {
  readonly cells = numbers.map(opened);
  readonly messages: { readonly to: number; readonly told: Told }[] = [];
  private sequence = 0;

  make(move: Move): void {
    switch (move.verb) {
      case 'give': {
        const { from, to, who, amount } = move;
        const giver = this.cells[from];
        const number = (shareWith(giver.state, numbers[to], who, currency)?.givenNumber ?? 0) + 1;
        giver.tell(begins, { type: 'giveShare', participant: who, currency, number, to: numbers[to], amount });
        this.tellShares(from);
        return;
      }
      case 'deliver':
        this.deliver(move.which, move.keep);
        return;
      case 'lose':
        if (this.messages.length > 0) this.messages.splice(move.which % this.messages.length, 1);
        return;
      case 'pull':
      case 'payout':
        this.pay(move);
        return;
      case 'cut': {
        const one = this.cells[move.cell];
        const { number } = one.state.cycles[one.state.cycles.length - 1];
        one.tell(begins, { type: 'cutOffCycle', cycle: number });
        if (!move.settles) return;
        one.tell(
          begins,
          { type: 'netCycle', cycle: number },
          { type: 'recordSettlement', cycle: number, state: 'settled', settledAt: begins },
        );
        return;
      }
      case 'restart':
        this.cells[move.cell] = new Cell(restored(this.cells[move.cell].state));
    }
  }

  /** What one cell has given, told (again) to those it was given to. */
  tellShares(from: number): void {
    for (const { participant, peer, given, givenNumber } of sharesIn(this.cells[from].state)) {
      if (givenNumber === 0) continue;
      const told: Told = {
        type: 'takeShare',
        ...{ participant, currency, number: givenNumber, from: numbers[from], total: given },
      };
      this.messages.push({ to: numbers.indexOf(peer), told });
    }
  }

  deliver(which: number, keep: boolean): void {
    if (this.messages.length === 0) return;
    const at = which % this.messages.length;
    const { to, told } = this.messages[at];
    if (!keep) this.messages.splice(at, 1);
    this.cells[to].tell(begins, told);
  }

  pay({ verb, cell, amount, ends }: Extract<Move, { verb: 'pull' | 'payout' }>): void {
    const one = this.cells[cell];
    const id = { ...agreement, sequence: 100 + ++this.sequence, cell: cell + 1 };
    const kind = verb === 'pull' ? ('agreementPayment' as const) : ('payout' as const);
    const terms = { currency, instructed: bank, amount, expiresAt: begins + 5000, content: 1 };
    one.tell(begins, { type: 'submitPayment', id, kind, ...terms, reference: verb === 'pull' ? agreement : undefined });
    if (!ends) return;
    one.tell(begins, { type: 'recordAnswer', id, answer: 'succeeded', reason: 'none', bank, content: 1 });
  }

  /** On the way: given and not taken. */
  onTheWay(who: number): number {
    let sum = 0;
    for (const [from, { state }] of this.cells.entries()) {
      for (const { peer, participant, given } of sharesIn(state)) {
        if (participant !== who) continue;
        const taken = shareWith(this.cells[numbers.indexOf(peer)].state, numbers[from], who, currency)?.taken ?? 0;
        assert.ok(taken <= given, 'nothing is taken that was not given');
        sum += given - taken;
      }
    }
    return sum;
  }

  check(): void {
    let shares = 0;
    let owed = 0;
    let free = 0;
    let outstanding = 0;
    let reserved = 0;
    let funds = 0;
    for (const one of this.cells) {
      const rows = accountsOf(one);
      assert.deepEqual(findBreaches(one.state), []);
      assert.ok(headroom(one.state, rows.bank) >= 0, 'a bank stays within its share');
      assert.ok(headroom(one.state, rows.institution) >= 0, 'an institution stays within its share');
      shares += headroom(one.state, rows.bank) + owedIn(one) + describeAccount(one.state, rows.bank).reserved;
      owed += owedIn(one) + describeAccount(one.state, rows.bank).reserved;
      const account = describeAccount(one.state, rows.institution);
      free += headroom(one.state, rows.institution);
      outstanding += account.outstanding;
      reserved += account.reserved;
      funds += account.funds;
    }
    assert.equal(shares + this.onTheWay(bank), cap, 'shares and what is on the way are the cap');
    assert.ok(owed <= cap, `the bank owes ${owed} of at most ${cap}`);
    assert.equal(free + this.onTheWay(institution), funds + outstanding - reserved + this.onTheWay(institution));
    const settled = this.settledNet;
    assert.equal(funds + this.onTheWay(institution), float + settled, 'float is what the settlement agent holds');
    assert.ok(float + settled + outstanding - reserved >= 0, 'money of customers is never lent');
  }

  /** Net of the institution in all cycles that were settled: what is outstanding no more. */
  get settledNet(): number {
    return this.cells.reduce((sum, one) => sum + settledOf(one), 0);
  }
}

/** Net debits of the bank by cycle, a credit of one not set off against a debit of another. */
function owedIn({ state }: Cell): number {
  return state.cycles
    .filter((cycle) => cycle.state !== 'settled')
    .flatMap((cycle) => positionsOf(state, cycle).filter(({ participant }) => participant === bank))
    .reduce((sum, { credits, debits }) => sum + Math.max(0, debits - credits), 0);
}

const settled = new WeakMap<Cell, number>();
const settledOf = (one: Cell) => settled.get(one) ?? 0;

test('whatever is lost, repeated or late, the cells together never let anybody owe or spend more than it may', () => {
  law(
    fc.property(moves, (all) => {
      const world = new World();
      world.check();
      for (const move of all) {
        const at = move.verb === 'cut' || move.verb === 'restart' ? move.cell : undefined;
        const before = at === undefined ? 0 : settledOf(world.cells[at]);
        const was = at === undefined ? 0 : outstandingOf(world.cells[at]);
        world.make(move);
        if (at !== undefined) settled.set(world.cells[at], before + was - outstandingOf(world.cells[at]));
        world.check();
      }
      // In the end everything is told again and arrives: nothing is on the way any more.
      world.messages.length = 0;
      for (const from of numbers.keys()) world.tellShares(from);
      while (world.messages.length > 0) world.deliver(0, false);
      world.check();
      assert.equal(world.onTheWay(bank) + world.onTheWay(institution), 0);
    }),
    { numRuns: 300 },
  );
});

const outstandingOf = (one: Cell) => describeAccount(one.state, accountsOf(one).institution).outstanding;

test('a share that was given counts nowhere until it is taken, and then once', () => {
  const [one, two] = [opened(10_001), opened(10_002)];
  const at = accountsOf(one).bank;
  assert.deepEqual([headroom(one.state, at), headroom(two.state, at)], [cap, 0]);
  const give: Told = { type: 'giveShare', participant: bank, currency, number: 1, to: 10_002, amount: 300 };
  assert.deepEqual(
    one.tell(begins, give).effects.map(({ kind }) => kind),
    ['shareMoved'],
  );
  assert.deepEqual(one.tell(begins, give).verdicts, [{ outcome: 'repeated', reason: 'none' }]);
  assert.deepEqual([headroom(one.state, at), headroom(two.state, at)], [700, 0]);
  one.tell(begins, { ...give, number: 2, amount: 50 });

  const take: Told = { type: 'takeShare', participant: bank, currency, number: 2, from: 10_001, total: 350 };
  two.tell(begins, take);
  const late = two.tell(begins, take, { ...take, number: 1, total: 300 });
  assert.deepEqual(
    late.verdicts.map(({ outcome }) => outcome),
    ['repeated', 'repeated'],
  );
  assert.deepEqual([headroom(one.state, at), headroom(two.state, at)], [650, 350]);
});

test('no more is given than there is room for, no number is left out, and nothing is given to oneself', () => {
  const one = opened(10_001);
  const give = { type: 'giveShare', participant: bank, currency, number: 1, to: 10_002, amount: 1 } as const;
  const reason = (told: Told) => one.tell(begins, told).verdicts[0].reason;
  assert.equal(reason({ ...give, amount: cap + 1 }), 'netDebitCapExceeded');
  assert.equal(reason({ ...give, participant: institution, amount: float + 1 }), 'floatInsufficient');
  assert.equal(reason({ ...give, number: 2 }), 'entryOutOfOrder');
  assert.equal(reason({ ...give, amount: 0 }), 'amountInvalid');
  assert.equal(reason({ ...give, to: 10_001 }), 'identifierForeignCell');
  assert.equal(reason({ ...give, participant: 999 }), 'accountMissing');
  const take = { type: 'takeShare', participant: bank, currency, number: 1, from: 10_002, total: 1 } as const;
  assert.equal(reason({ ...take, total: 0 }), 'entryOutOfOrder');
  assert.equal(reason({ ...take, from: 10_001 }), 'identifierForeignCell');
  assert.equal(reason({ ...take, total: 2 ** 52 + 1 }), 'positionOutOfRange');
  assert.deepEqual([...sharesIn(one.state)], []);
});

test('a cap is raised at home alone; lowered below what others have, it leaves the home cell nothing to give', () => {
  const [one, two] = [opened(10_001), opened(10_002)];
  const at = accountsOf(one).bank;
  one.tell(begins, { type: 'giveShare', participant: bank, currency, number: 1, to: 10_002, amount: 600 });
  two.tell(begins, { type: 'takeShare', participant: bank, currency, number: 1, from: 10_001, total: 600 });
  for (const cell of [one, two]) cell.tell(begins, participants(cap + 100, 2));
  assert.deepEqual([headroom(one.state, at), headroom(two.state, at)], [500, 600]);
  for (const cell of [one, two]) cell.tell(begins, participants(cap - 500, 3));
  assert.deepEqual([headroom(one.state, at), headroom(two.state, at)], [-100, 600]);
  const back: Told = { type: 'giveShare', participant: bank, currency, number: 1, to: 10_001, amount: 200 };
  two.tell(begins, back);
  one.tell(begins, { type: 'takeShare', participant: bank, currency, number: 1, from: 10_002, total: 200 });
  assert.deepEqual([headroom(one.state, at), headroom(two.state, at)], [100, 400]);
  for (const cell of [one, two]) assert.deepEqual(findBreaches(cell.state), []);
});

test('the home of caps never moves: a list that names another is refused', () => {
  const two = opened(10_002);
  const { content, ...command } = participants(cap, 2) as Extract<Told, { type: 'adoptConfiguration' }>;
  const { home: _, ...withoutHome } = content as { home: number };
  for (const moved of [withoutHome, { ...withoutHome, home: 10_003 }]) {
    const [verdict] = two.tell(begins, { ...command, content: moved }).verdicts;
    assert.deepEqual(verdict, { outcome: 'refused', reason: 'configurationInvalid' });
  }
});

test('an agreement of another cell is good until that cell tells of its end, in whatever order that comes', () => {
  const two = opened(10_002);
  two.tell(begins, { type: 'takeShare', participant: bank, currency, number: 1, from: 10_001, total: 100 });
  let sequence = 0;
  const pull = (reference: typeof agreement) => {
    const id = { ...agreement, sequence: 10 + ++sequence, cell: 2 };
    const terms = { currency, instructed: bank, amount: 1, expiresAt: begins + 5000, content: 1 };
    return two.tell(begins, { type: 'submitPayment', id, kind: 'agreementPayment', ...terms, reference }).verdicts[0];
  };
  assert.equal(pull(agreement).outcome, 'accepted');
  assert.equal(pull({ ...agreement, cell: 3 }).reason, 'agreementUnknown');
  two.tell(begins, known('rescinded', 5));
  assert.equal(pull(agreement).reason, 'agreementRescinded');
  assert.equal(two.tell(begins, known('active', 1)).verdicts[0].outcome, 'repeated');
  assert.equal(pull(agreement).reason, 'agreementRescinded');
  assert.equal(two.state.agreementsKnownTo.get(10_001), 5);
  assert.deepEqual(pagesOf(restored(two.state)), pagesOf(two.state));
});

test('a new cell begins with the cycle that is open in the others, and only before its first business day', () => {
  const late = new Cell(createState(1, 4));
  late.tell(begins, { type: 'joinClearing', cycle: 57 });
  late.tell(begins, { type: 'advanceBusinessDay', date: 20261122 });
  assert.deepEqual(
    late.state.cycles.map(({ number, state }) => [number, state]),
    [[57, 'open']],
  );
  const [{ reason }] = late.tell(begins, { type: 'joinClearing', cycle: 58 }).verdicts;
  assert.equal(reason, 'cycleStateInvalid');
});

test('a journal with shares is replayed to the same state', () => {
  const one = opened(10_001);
  one.tell(begins, { type: 'giveShare', participant: bank, currency, number: 1, to: 10_002, amount: 5 });
  const again = replay(one.journal);
  assert.deepEqual(pagesOf(again.cell.state), pagesOf(one.state));
});
