import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createState, encodeNetCycle, type State } from '@clearway/core';
import { netCycle } from '../dist/clearing/clear.js';
import { type Cycle, moveCycle, openCycle, positionFields } from '../dist/clearing/cycle.js';
import { largestPosition } from '../dist/configuration.js';
import { Effects } from '../dist/effects.js';
import { post, release, reserve } from '../dist/journal/post.js';
import { accountFields } from '../dist/state.js';

const [debtor, creditor] = [0, 1];
const reserved = 100;
/** Place of the currency of both accounts. */
const currency = 3;

/** An open cycle, and two accounts of which the first has something reserved for the second. */
function world(): { readonly state: State; readonly cycle: Cycle } {
  const state = createState(1, 1);
  const cycle = openCycle(1, 20261122, 0);
  state.cycles.splice(0, state.cycles.length, cycle);
  for (const account of [debtor, creditor]) {
    state.accounts.add();
    state.accounts.setU8(account, accountFields.currency, currency);
  }
  reserve(state, debtor, creditor, reserved);
  return { state, cycle };
}

function positions({ cycle }: { readonly cycle: Cycle }, credits: number, debits: number): void {
  for (const account of [debtor, creditor]) if (cycle.positions.count <= account) cycle.positions.add();
  cycle.positions.setI64(creditor, positionFields.credits, credits);
  cycle.positions.setI64(debtor, positionFields.debits, debits);
}

function net({ state, cycle }: ReturnType<typeof world>): string {
  const command = encodeNetCycle(cycle.number);
  return netCycle(state, new DataView(command.buffer, command.byteOffset), 0, 0, new Effects());
}

// What cannot happen unless we are wrong ends the cell, before anything is written.
for (const [mistake, make, words] of [
  ['nothing is reserved', ({ state }) => reserve(state, debtor, creditor, 0), /moves something/],
  ['less than nothing is reserved', ({ state }) => reserve(state, debtor, creditor, -1), /moves something/],
  ['an account pays itself', ({ state }) => reserve(state, debtor, debtor, 1), /moves something/],
  ['more is released than was reserved', ({ state }) => release(state, debtor, creditor, reserved + 1), /was reserved/],
  [
    'more is released than was announced',
    ({ state }) => {
      reserve(state, debtor, state.accounts.add(), 1);
      release(state, debtor, creditor, reserved + 1);
    },
    /was announced/,
  ],
  [
    'a position passes 2^52',
    ({ state }) => reserve(state, debtor, creditor, largestPosition - reserved + 1),
    /stays within/,
  ],
  [
    'a cycle that is cut takes a posting',
    ({ state, cycle }) => {
      moveCycle(cycle, 'cut', 1);
      post(state, cycle, debtor, creditor, reserved);
    },
    /open cycle/,
  ],
  ['a cycle is settled that was not netted', ({ cycle }) => moveCycle(cycle, 'settled', 1), /from open to settled/],
  [
    'positions that do not sum to zero are netted',
    (given) => {
      positions(given, reserved, reserved - 1);
      moveCycle(given.cycle, 'cut', 1);
      net(given);
    },
    /sum to zero/,
  ],
] as [string, (given: ReturnType<typeof world>) => void, RegExp][]) {
  test(`it is our mistake, and stops the cell, when ${mistake}`, () => {
    assert.throws(() => make(world()), words);
  });
}

test('what is at its bound is no mistake', () => {
  const given = world();
  const { state, cycle } = given;
  release(state, debtor, creditor, reserved);
  reserve(state, debtor, creditor, largestPosition);
  post(state, cycle, debtor, creditor, largestPosition);
  moveCycle(cycle, 'cut', 1);
  assert.equal(net(given), 'none');
  assert.equal(cycle.state, 'netted');
});

test('positions of different currencies do not make up for each other', () => {
  const given = world();
  positions(given, reserved, reserved);
  given.state.accounts.setU8(creditor, accountFields.currency, currency + 1);
  moveCycle(given.cycle, 'cut', 1);
  assert.throws(() => net(given), /sum to zero/);
});
