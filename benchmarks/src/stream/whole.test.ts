import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Statistics } from '@clearway/server';
import type { BankReport, LoadReport, Position } from './orders.ts';
import { faultsOf } from './whole.ts';

const credit: Position = { participant: '10001', cycle: 1, credits: 500, debits: 0, creditCount: 1, debitCount: 0 };
const debit: Position = { participant: '20001', cycle: 1, credits: 0, debits: 500, creditCount: 0, debitCount: 1 };

const load: LoadReport = {
  sent: 1,
  succeeded: 1,
  failed: 0,
  refused: 0,
  notProcessed: 0,
  undone: 0,
  open: 0,
  wrong: [],
  positions: [credit],
  checkpoints: 1,
};
const banks: BankReport = {
  offers: 1,
  duplicates: 0,
  enquiries: 0,
  reversals: 0,
  approved: 1,
  declined: 0,
  silent: 0,
  positions: [debit],
  checkpoints: 1,
};
const platform = (...positions: Position[]) => ({ cycles: [{ cycle: 1, positions }] }) as unknown as Statistics;

test('a run in which all count the same has no faults', () => {
  assert.deepEqual(faultsOf(load, banks, platform(credit, debit)), []);
});

const cases: { readonly what: string; readonly faults: string[]; readonly told: RegExp }[] = [
  {
    what: 'a payment that never ended',
    faults: faultsOf({ ...load, open: 1 }, banks, platform(credit, debit)),
    told: /1 payments have no definite outcome/,
  },
  {
    what: 'a cycle that does not sum to zero',
    faults: faultsOf(
      load,
      { ...banks, positions: [{ ...debit, debits: 400 }] },
      platform(credit, { ...debit, debits: 400 }),
    ),
    told: /positions of cycle 1 sum to 100/,
  },
  {
    what: 'a bank that counts one more than the platform',
    faults: faultsOf(load, { ...banks, positions: [{ ...debit, debitCount: 2 }] }, platform(credit, debit)),
    told: /20001 in cycle 1: the platform says/,
  },
  {
    what: 'an institution that the platform has forgotten',
    faults: faultsOf(load, banks, platform(debit)),
    told: /10001 in cycle 1: the platform knows nothing of it/,
  },
  {
    what: 'a participant that has heard of nothing',
    faults: faultsOf({ ...load, positions: [] }, banks, platform(credit, debit)),
    told: /10001 in cycle 1: the platform says .* it says undefined/,
  },
];

for (const { what, faults, told } of cases) {
  test(`${what} is a fault`, () =>
    assert.ok(
      faults.some((fault) => told.test(fault)),
      faults.join('; '),
    ));
}
