/** What a cycle is opened with, what its cut-off tells, what a position counts, and what money an account may hold at most. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeAccount, findAccount, largestPosition, positionsOf } from '@clearway/core';
import { Cell } from './cell.ts';
import type { Told as ToldAlone, ToldOfOthers } from './told.ts';

type Told = ToldAlone | ToldOfOthers;

const begins = Date.UTC(2026, 10, 22, 8);
const [currency, other] = [156, 840];
const [institution, bank] = [101, 201];

const configured: Told[] = [
  {
    type: 'adoptConfiguration',
    kind: 'scheme',
    version: 1,
    content: {
      currencies: [currency, other],
      maximumAmount: 10_000_000_000_000,
      offerTimeoutMs: 5000,
      longestExpiryMs: 60_000,
      enquiryBackoffMs: 1000,
      enquiryBackoffLargestMs: 8000,
      reversalAfterMs: 20_000,
      workItemAfterMs: 60_000,
      signingTimeoutMs: 120_000,
    },
  },
  {
    type: 'adoptConfiguration',
    kind: 'participants',
    version: 1,
    content: {
      participants: [
        { code: institution, role: 'paymentInstitution', status: 'active', netDebitCaps: [] },
        { code: bank, role: 'bank', status: 'active', netDebitCaps: [{ currency, amount: 10_000_000 }] },
      ],
    },
  },
];

function opened(): Cell {
  const cell = new Cell();
  cell.tell(begins, ...configured, { type: 'advanceBusinessDay', date: 20261122 }, funds(1, 10_000));
  return cell;
}

function funds(entry: number, amount: number, credit = true, of = currency): Told {
  return { type: 'recordFunds', participant: institution, currency: of, entry, credit, amount };
}

const agreement = { date: 20261122, version: 1, participant: institution, sequence: 9, centre: 1, cell: 1 };

function sign(cell: Cell): void {
  const answered = { type: 'recordSigningAnswer', id: agreement, reason: 'none', bank } as const;
  const expiresAt = begins + 5000;
  const terms = { bank, paymentLimit: 100_000, currency, expiresOn: 20271122, expiresAt };
  cell.tell(
    begins,
    { type: 'requestAgreement', id: agreement, ...terms, content: 1 },
    { ...answered, answer: 'codeSent', content: 1 },
    { type: 'confirmAgreement', id: agreement, expiresAt, content: 2 },
    { ...answered, answer: 'active', content: 2 },
  );
}

interface Terms {
  readonly kind?: 'payout' | 'agreementPayment';
  readonly currency?: number;
  /** False: it stays offered. */
  readonly ends?: boolean;
}

function pay(
  cell: Cell,
  sequence: number,
  amount: number,
  { kind = 'payout', ends = true, ...more }: Terms = {},
): void {
  const id = { ...agreement, sequence };
  const reference = kind === 'payout' ? undefined : agreement;
  const terms = { currency, instructed: bank, amount, expiresAt: begins + 5000, content: 1, reference, ...more };
  const told: Told[] = [{ type: 'submitPayment', id, kind, ...terms }];
  if (ends) told.push({ type: 'recordAnswer', id, answer: 'succeeded', reason: 'none', bank, content: 1 });
  for (const { outcome } of cell.tell(begins, ...told).verdicts) assert.equal(outcome, 'accepted');
}

const cyclesOf = ({ state }: Cell) =>
  state.cycles.map(({ number, businessDate, state, openedAt, cutOffAt }) => ({
    ...{ number, businessDate, state, openedAt, cutOffAt },
  }));
const unopened = { state: 'open', cutOffAt: 0 };

test('a cut-off says of both cycles that they have changed, with the place of its command', () => {
  const cell = opened();
  const { effects } = cell.tell(begins + 7, funds(2, 5), { type: 'cutOffCycle', cycle: 1 });
  assert.deepEqual(
    effects.filter(({ kind }) => kind === 'cycleChanged'),
    [
      { kind: 'cycleChanged', subject: 1, command: 1 },
      { kind: 'cycleChanged', subject: 2, command: 1 },
    ],
  );
});

test('so do netting and settlement of theirs', () => {
  const cell = opened();
  cell.tell(begins, { type: 'cutOffCycle', cycle: 1 });
  const steps: Told[] = [
    { type: 'netCycle', cycle: 1 },
    { type: 'recordSettlement', cycle: 1, state: 'queued', settledAt: 0 },
    { type: 'recordSettlement', cycle: 1, state: 'settled', settledAt: begins },
  ];
  for (const [index, step] of steps.entries()) {
    const { effects } = cell.tell(begins, funds(index + 2, 5), step);
    assert.deepEqual(
      effects.filter(({ kind }) => kind === 'cycleChanged'),
      [{ kind: 'cycleChanged', subject: 1, command: 1 }],
    );
  }
});

test('a cycle is opened at the moment of the cut-off, on the business day of that moment', () => {
  const cell = opened();
  cell.tell(begins + 7, { type: 'cutOffCycle', cycle: 1 });
  const [first, second] = cyclesOf(cell);
  assert.deepEqual([first.state, first.cutOffAt], ['cut', begins + 7]);
  assert.deepEqual(second, { ...unopened, number: 2, businessDate: 20261122, openedAt: begins + 7 });
});

test('a cell that joins has the named cycle and nothing else, told with the place of its command', () => {
  const cell = new Cell();
  const { verdicts, effects } = cell.tell(begins, ...configured, { type: 'joinClearing', cycle: 57 });
  assert.equal(verdicts[2].outcome, 'accepted');
  assert.deepEqual(
    effects.filter(({ kind }) => kind === 'cycleChanged'),
    [{ kind: 'cycleChanged', subject: 57, command: 2 }],
  );
  assert.deepEqual(cyclesOf(cell), [{ ...unopened, number: 57, businessDate: 0, openedAt: 0 }]);
  assert.equal(cell.state.cycles[0].payments, 0);
});

const joinings: [name: string, before: readonly Told[], cycle: number, reason: string][] = [
  ['the first cycle of all is one to join', [], 1, 'none'],
  ['the same cycle may be joined again', [{ type: 'joinClearing', cycle: 57 }], 57, 'none'],
  ['an earlier one may not', [{ type: 'joinClearing', cycle: 57 }], 56, 'cycleStateInvalid'],
  ['nor any after the first business day', [{ type: 'advanceBusinessDay', date: 20261122 }], 57, 'cycleStateInvalid'],
];
for (const [name, before, cycle, reason] of joinings) {
  test(name, () => {
    const cell = new Cell();
    cell.tell(begins, ...configured, ...before);
    assert.equal(cell.tell(begins, { type: 'joinClearing', cycle }).verdicts[0].reason, reason);
  });
}

test('a position counts each side by itself, and no account’s figures touch another’s', () => {
  const cell = opened();
  sign(cell);
  cell.tell(begins, funds(1, 10_000, true, other));
  // Each figure is written after those beside it, and before them.
  for (const round of [10, 20]) {
    pay(cell, round, 255);
    pay(cell, round + 1, 77, { currency: other });
    pay(cell, round + 2, 510, { kind: 'agreementPayment' });
    pay(cell, round + 3, 256);
  }
  const paid = { credits: 1_020, debits: 1_022, creditCount: 2, debitCount: 4 };
  const received = { credits: 1_022, debits: 1_020, creditCount: 4, debitCount: 2 };
  assert.deepEqual(positionsOf(cell.state, cell.state.cycles[0]), [
    { participant: institution, currency, ...paid },
    { participant: institution, currency: other, credits: 0, debits: 154, creditCount: 0, debitCount: 2 },
    { participant: bank, currency, ...received },
    { participant: bank, currency: other, credits: 154, debits: 0, creditCount: 2, debitCount: 0 },
  ]);
});

const heldAlready: [name: string, prepare: (cell: Cell) => void, held: number][] = [
  ['money alone', () => {}, 10_000],
  ['what is outstanding counts with it', (cell) => pay(cell, 1, 3_000), 7_000],
  ['what it may still have to pay does not', (cell) => pay(cell, 1, 3_000, { ends: false }), 10_000],
];
for (const [name, prepare, held] of heldAlready) {
  test(`an account holds 2^52 at most, and not a cent more: ${name}`, () => {
    const cell = opened();
    prepare(cell);
    const room = largestPosition - held;
    const fundsNow = () => describeAccount(cell.state, findAccount(cell.state, institution, currency)).funds;
    // The money itself is held to the same bound, whatever is owed out of it.
    const most = Math.min(room, largestPosition - fundsNow());
    assert.equal(cell.tell(begins, funds(2, most + 1)).verdicts[0].reason, 'positionOutOfRange');
    assert.equal(fundsNow(), 10_000, 'what is refused leaves nothing');
    assert.equal(cell.tell(begins, funds(2, most)).verdicts[0].outcome, 'accepted');
    assert.equal(fundsNow(), 10_000 + most);
  });
}

test('what others are about to pay in counts too', () => {
  const cell = opened();
  sign(cell);
  pay(cell, 10, 600, { kind: 'agreementPayment', ends: false });
  const most = largestPosition - 10_000 - 600;
  assert.equal(cell.tell(begins, funds(2, most + 1)).verdicts[0].reason, 'positionOutOfRange');
  assert.equal(cell.tell(begins, funds(2, most)).verdicts[0].outcome, 'accepted');
});

test('an account falls to -2^52 at most', () => {
  const cell = opened();
  const most = largestPosition + 10_000;
  assert.equal(cell.tell(begins, funds(2, most + 1, false)).verdicts[0].reason, 'positionOutOfRange');
  assert.equal(cell.tell(begins, funds(2, most, false)).verdicts[0].outcome, 'accepted');
});
