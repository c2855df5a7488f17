import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEnquiryBudgets } from './enquiry-budget.ts';

const budget = { perSecond: 10, burst: 3 };

function budgets() {
  let now = 0;
  return { ...createEnquiryBudgets(() => now), pass: (ms: number) => (now += ms) };
}

test('a burst goes through, then one enquiry for each token that has come', () => {
  const { spend, pass } = budgets();
  assert.deepEqual(
    [1, 2, 3].map(() => spend('00101', budget)),
    [0, 0, 0],
  );
  assert.equal(spend('00101', budget), 100);
  pass(99);
  assert.equal(spend('00101', budget), 1);
  pass(1);
  assert.equal(spend('00101', budget), 0);
  assert.equal(spend('00101', budget), 100);
});

test('what is saved up never passes the burst', () => {
  const { spend, pass } = budgets();
  pass(3_600_000);
  assert.deepEqual(
    [1, 2, 3, 4].map(() => spend('00101', budget)),
    [0, 0, 0, 100],
  );
});

test('one institution cannot spend the tokens of another', () => {
  const { spend } = budgets();
  for (let n = 0; n < 50; n++) spend('00101', budget);
  assert.equal(spend('00102', budget), 0);
});

test('a token that was given back can be spent again', () => {
  const { spend, giveBack } = budgets();
  for (let n = 0; n < 3; n++) spend('00101', budget);
  giveBack('00101', budget);
  assert.equal(spend('00101', budget), 0);
});

test('a changed budget holds from the next enquiry', () => {
  const { spend } = budgets();
  for (let n = 0; n < 3; n++) spend('00101', budget);
  assert.equal(spend('00101', { perSecond: 10, burst: 4 }), 0);
  assert.equal(spend('00101', { perSecond: 10, burst: 2 }), 300);
});
