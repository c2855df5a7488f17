/** Plays every cell of tables/answers.matrix, for each kind of payment that can come into the state. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  bankAnswers,
  isFinal,
  type PaymentKind,
  type PaymentState,
  paymentStates,
  paymentTransitions,
} from '@clearway/core';
import { play } from './table/play.ts';
import { readTable } from './table/story.ts';

const folder = new URL('../test/tables/', import.meta.url);
const textOf = (name: string) => readFileSync(new URL(name, folder), 'utf8');

const kinds: Record<PaymentKind, readonly string[]> = {
  agreementPayment: ['pull p1 10.00 from B1 to W1 under a1'],
  payout: ['payout p1 10.00 from W1 to B1'],
  refund: ['pull p2 10.00 from B1 to W1 under a1', 'answer p2 succeeded', 'refund p1 10.00 from W1 to B1 of p2'],
};

/** How a payment comes into a state. */
const ways: Record<PaymentState, readonly string[]> = {
  refused: [],
  offered: [],
  unknown: ['5s tick'],
  reversing: ['5s tick', '20s tick'],
  succeeded: ['answer p1 succeeded'],
  failed: ['answer p1 failed bankAccountClosed'],
};

interface Entry {
  readonly state: PaymentState;
  readonly answer: string;
  readonly does: string;
}

function readMatrix(): Entry[] {
  const lines = textOf('answers.matrix')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const [answers, ...rows] = lines.map((line) => line.trim().split(/\s{2,}/));
  return rows.flatMap(([state, ...cells]) => {
    assert.equal(cells.length, answers.length, `the row ${state} has a cell for every answer`);
    return cells.map((does, column) => ({ state: state as PaymentState, answer: answers[column], does }));
  });
}

const matrix = readMatrix();

test('the matrix has every state and every answer once', () => {
  const states = Object.keys(paymentStates).filter((state) => state !== 'none');
  const expected = states.flatMap((state) => Object.keys(bankAnswers).map((answer) => `${state} ${answer}`));
  assert.deepEqual(matrix.map(({ state, answer }) => `${state} ${answer}`).sort(), expected.sort());
});

test('answers and time together make exactly the transitions of the lifecycle', () => {
  const byTime: Record<string, string[]> = { offered: ['unknown'], unknown: ['reversing'] };
  for (const [from, to] of Object.entries(paymentTransitions) as [PaymentState, readonly string[]][]) {
    const byAnswer = matrix
      .filter(({ state, does }) => state === from && /^(succeeded|failed)/.test(does))
      .map(({ does }) => does.split(' ')[0]);
    assert.deepEqual([...new Set([...byAnswer, ...(byTime[from] ?? [])])].sort(), [...to].sort(), from);
    assert.equal(isFinal(from), to.length === 0);
  }
});

const outcomes: Record<string, string> = {
  stays: 'repeated',
  unasked: 'refused answerUnasked',
  contradicts: 'refused answerContradicts',
  'failed own': 'failed bankInsufficientFunds',
};

function storyOf(kind: PaymentKind, { state, answer, does }: Entry): string {
  const before = kinds[kind].slice(0, -1);
  const payment = kinds[kind].at(-1)!;
  const asked =
    state === 'refused'
      ? `${payment.replace('10.00', '60000.00')} -> refused amountAboveMaximum`
      : `${payment} -> offered`;
  const moved = /^(succeeded|failed)/.exec(does)?.[0] ?? state;
  const reason = answer === 'failed' ? ' bankInsufficientFunds' : '';
  const answered = `answer p1 ${answer}${reason} -> ${outcomes[does] ?? does} | ${moved}`;
  return ['include world.txt', '== story', '| p1', ...before, asked, ...ways[state], answered].join('\n');
}

for (const entry of matrix) {
  for (const kind of Object.keys(kinds) as PaymentKind[]) {
    // Only a pull is ever reversed.
    if (entry.state === 'reversing' && kind !== 'agreementPayment') continue;
    test(`${kind}, ${entry.state}: the bank says ${entry.answer}, ${entry.does}`, () => {
      const { world, stories } = readTable('answers.matrix', storyOf(kind, entry), textOf);
      play(world, stories[0]);
    });
  }
}
