import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Book, type BookRecord, createBook, type Decision, type Instruction } from './book.ts';

const currency = 'CNY';

function bookWith(balances: Readonly<Record<string, bigint>>): Book {
  const book = createBook();
  for (const [participant, amount] of Object.entries(balances)) {
    book.open(participant, currency);
    if (amount > 0n) commit(book, book.decideDeposit({ participant, currency, reference: 'opening', amount }, 1));
  }
  return book;
}

function commit(book: Book, decision: Decision): void {
  assert.equal(decision.outcome, 'booked');
  if (decision.outcome === 'booked') for (const record of decision.records) book.apply(record);
  for (;;) {
    const records = book.decideQueue(2);
    if (records.length === 0) return;
    for (const record of records) book.apply(record);
  }
}

function instruct(instructionId: string, nets: Readonly<Record<string, bigint>>): Instruction {
  const positions = Object.entries(nets).map(([participant, net]) => ({ participant, net }));
  return { instructionId, currency, positions, fingerprint: JSON.stringify([instructionId, positions], digits) };
}

const digits = (_key: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);

const balances = (book: Book) =>
  Object.fromEntries(book.accounts().map(({ participant, balance }) => [participant, balance]));

test('a covered instruction moves all positions at once and numbers the entries of each account', () => {
  const book = bookWith({ A: 100n, B: 0n, C: 5n });
  commit(book, book.decideInstruction(instruct('I1', { A: -70n, B: 60n, C: 10n }), 2));
  assert.deepEqual(balances(book), { A: 30n, B: 60n, C: 15n });
  assert.deepEqual(book.status('I1'), { state: 'settled', settledAt: 2 });
  assert.deepEqual(book.account('A', currency)?.entries, [
    { entry: 1, kind: 'deposit', amount: 100n, bookedAt: 1, reference: 'opening' },
    { entry: 2, kind: 'settlement', amount: -70n, bookedAt: 2, reference: 'I1' },
  ]);
});

test('one shortfall queues the whole instruction, and a deposit settles it', () => {
  const book = bookWith({ A: 50n, B: 100n, C: 0n });
  commit(book, book.decideInstruction(instruct('I1', { A: -70n, B: -10n, C: 80n }), 2));
  assert.deepEqual(book.status('I1'), { state: 'queued', currency, shortfalls: [{ participant: 'A', missing: 20n }] });
  assert.deepEqual(balances(book), { A: 50n, B: 100n, C: 0n });
  commit(book, book.decideDeposit({ participant: 'A', currency, reference: 'cash', amount: 20n }, 3));
  assert.deepEqual(book.status('I1'), { state: 'settled', settledAt: 2 });
  assert.deepEqual(balances(book), { A: 0n, B: 90n, C: 80n });
});

test('a later instruction does not take what an earlier one waits for, but passes when it touches other accounts', () => {
  const book = bookWith({ A: 50n, B: 0n, C: 9n });
  commit(book, book.decideInstruction(instruct('first', { A: -70n, B: 70n }), 2));
  commit(book, book.decideInstruction(instruct('second', { A: -50n, B: 50n }), 2));
  commit(book, book.decideInstruction(instruct('third', { C: -9n, B: 9n }), 2));
  assert.deepEqual(book.status('second'), {
    state: 'queued',
    currency,
    shortfalls: [{ participant: 'A', missing: 50n }],
  });
  assert.equal(book.status('third')?.state, 'settled');
  commit(book, book.decideDeposit({ participant: 'A', currency, reference: 'cash', amount: 20n }, 3));
  assert.equal(book.status('first')?.state, 'settled');
  assert.deepEqual(book.status('second'), {
    state: 'queued',
    currency,
    shortfalls: [{ participant: 'A', missing: 50n }],
  });
});

test('money that one settlement brings in lets the next in the queue settle', () => {
  const book = bookWith({ A: 0n, B: 0n, C: 0n });
  commit(book, book.decideInstruction(instruct('first', { A: -10n, B: 10n }), 2));
  commit(book, book.decideInstruction(instruct('second', { B: -10n, C: 10n }), 2));
  commit(book, book.decideDeposit({ participant: 'A', currency, reference: 'cash', amount: 10n }, 3));
  assert.deepEqual(balances(book), { A: 0n, B: 0n, C: 10n });
});

test('instructions and deposits are idempotent, and an id with other content is refused', () => {
  const book = bookWith({ A: 10n, B: 0n });
  const instruction = instruct('I1', { A: -10n, B: 10n });
  commit(book, book.decideInstruction(instruction, 2));
  assert.equal(book.decideInstruction(instruction, 3).outcome, 'repeated');
  const cases: Decision[] = [
    book.decideInstruction(instruct('I1', { A: -9n, B: 9n }), 3),
    book.decideDeposit({ participant: 'A', currency, reference: 'opening', amount: 11n }, 3),
  ];
  for (const decision of cases) assert.equal(decision.outcome === 'refused' && decision.refusal, 'idTaken');
  assert.equal(
    book.decideDeposit({ participant: 'A', currency, reference: 'opening', amount: 10n }, 3).outcome,
    'repeated',
  );
});

test('what does not balance, names an account twice or names none is refused', () => {
  const book = bookWith({ A: 10n, B: 10n });
  const twice = instruct('I1', { A: -1n, B: 1n });
  const cases: [Decision, string][] = [
    [book.decideInstruction(instruct('I1', { A: -10n, B: 9n }), 2), 'notBalanced'],
    [book.decideInstruction(instruct('I1', { A: -10n, X: 10n }), 2), 'accountMissing'],
    [book.decideInstruction({ ...twice, positions: [...twice.positions, ...twice.positions] }, 2), 'positionRepeated'],
    [book.decideDeposit({ participant: 'X', currency, reference: 'r', amount: 1n }, 2), 'accountMissing'],
    [book.decideDeposit({ participant: 'A', currency, reference: 'r', amount: 0n }, 2), 'amountNotPositive'],
  ];
  for (const [decision, refusal] of cases)
    assert.equal(decision.outcome === 'refused' && decision.refusal, refusal, JSON.stringify(decision));
});

test('whatever is asked, money is neither made nor lost, no account is overdrawn, and replay gives the same book', () => {
  const participants = ['A', 'B', 'C', 'D'];
  const deposit = fc.record({ to: fc.constantFrom(...participants), amount: fc.bigInt(1n, 100n) });
  const moves = fc.array(fc.bigInt(-100n, 100n), { minLength: 3, maxLength: 3 });
  const step = fc.oneof(deposit, moves);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const records: BookRecord[] = [];
      const book = bookWith({ A: 0n, B: 0n, C: 0n, D: 0n });
      const recorded: Book = {
        ...book,
        apply(record) {
          records.push(record);
          book.apply(record);
        },
      };
      let paidIn = 0n;
      steps.forEach((asked, index) => {
        if (Array.isArray(asked)) {
          const [A, B, C] = asked;
          commit(recorded, book.decideInstruction(instruct(`I${index}`, { A, B, C, D: -(A + B + C) }), index));
        } else {
          paidIn += asked.amount;
          const { to: participant, amount } = asked;
          commit(recorded, book.decideDeposit({ participant, currency, reference: `D${index}`, amount }, index));
        }
        const held = Object.values(balances(book));
        assert.ok(held.every((balance) => balance >= 0n));
        assert.equal(
          held.reduce((sum, balance) => sum + balance, 0n),
          paidIn,
        );
      });
      const replayed = bookWith({ A: 0n, B: 0n, C: 0n, D: 0n });
      for (const record of records) replayed.apply(record);
      assert.deepEqual(replayed.accounts(), book.accounts());
      assert.deepEqual(replayed.counts(), book.counts());
    }),
  );
});
