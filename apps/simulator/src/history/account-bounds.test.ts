import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Account, Movement } from './account.ts';
import { findBeyond } from './account-bounds.ts';
import type { Operation } from './linearizable.ts';

const at = (calledAt: number, returnedAt: number, what: Movement): Operation<Movement> => ({
  calledAt,
  returnedAt,
  what,
});
const never = Number.POSITIVE_INFINITY;
const reserve = (amount: bigint) => ({ is: 'reserve', amount }) as const;
const debit = (amount: bigint, cycle = 1) => ({ is: 'debit', amount, cycle }) as const;
const credit = (amount: bigint, cycle = 1) => ({ is: 'credit', amount, cycle }) as const;

const cases: readonly (readonly [string, Account, readonly Operation<Movement>[], boolean])[] = [
  ['money that is there may be taken', { funds: 10n }, [at(1, 2, reserve(10n))], false],
  ['money that is not there may not', { funds: 10n }, [at(1, 2, reserve(10n)), at(3, 4, reserve(1n))], true],
  [
    'what a failure gives back may be taken again',
    { funds: 10n },
    [at(1, 2, reserve(10n)), at(3, 9, { is: 'release', amount: 10n }), at(4, 5, reserve(10n))],
    false,
  ],
  [
    'not before it is given back',
    { funds: 10n },
    [at(1, 2, reserve(10n)), at(3, 4, reserve(10n)), at(5, 6, { is: 'release', amount: 10n })],
    true,
  ],
  ['an institution spends what it got', { funds: 0n }, [at(1, 9, credit(5n)), at(2, 3, reserve(5n))], false],
  ['a bank does not', { cap: 0n }, [at(1, 9, credit(5n, 1)), at(2, 3, reserve(5n))], true],
  [
    'but what it owes of one cycle is less by what it got in it',
    { cap: 5n },
    [at(1, 2, reserve(5n)), at(3, 4, debit(5n, 1)), at(5, 6, credit(5n, 1)), at(7, 8, reserve(5n))],
    false,
  ],
  [
    'what a bank owes in one cycle counts until that is settled',
    { cap: 5n },
    [at(1, 2, reserve(5n)), at(3, 9, debit(5n, 1)), at(4, 5, reserve(5n))],
    true,
  ],
  [
    'and then no more, whenever the debit was told',
    { cap: 5n },
    [at(1, 2, reserve(5n)), at(3, 9, debit(5n, 1)), at(4, never, { is: 'settle', cycle: 1 }), at(5, 6, reserve(5n))],
    false,
  ],
];

for (const [name, account, operations, isBeyond] of cases)
  test(name, () => {
    assert.equal(findBeyond(account, operations) !== undefined, isBeyond);
  });
