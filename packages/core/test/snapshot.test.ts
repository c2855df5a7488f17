/** A state of several pages a table, copied while it goes on changing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  beginSnapshot,
  createState,
  findBreaches,
  identifierToBytes,
  paymentAt,
  paymentHandle,
  readsSnapshot,
  restoreSnapshot,
} from '@clearway/core';
import { answers, begins, identifier, opening, payout, payouts } from './busy-cell.ts';
import { Cell, pagesOf, withoutOutcomes } from './cell.ts';

test('a snapshot of many pages is the state at its beginning, though payments, answers and ticks go on', () => {
  const core = new Cell();
  core.tell(begins, ...opening);
  const count = 40_000;
  for (let from = 0; from < count; from += 1000) core.apply(begins + from / 1000, payouts(from, 1000));
  for (let from = 0; from < count / 2; from += 500) core.apply(begins + 100, answers(from, 500));
  core.tell(begins + 200, { type: 'cutOffCycle', cycle: 1 });
  assert.deepEqual(findBreaches(core.state), []);

  const atOnce = pagesOf(core.state);
  assert.ok(atOnce.length > 7, `${atOnce.length} pages`);
  const from = core.journal.length;
  const copy = beginSnapshot(core.state);
  assert.throws(() => beginSnapshot(core.state), { name: 'AssertionError' });
  const slices: Uint8Array[] = [];
  let step = 0;
  for (let page = copy.next(); page !== undefined; page = copy.next()) {
    slices.push(page.bytes!);
    const at = begins + 300 + 1000 * step;
    core.apply(at, payouts(count + 1000 * step, 1000));
    core.apply(at, answers(count / 2 + 1000 * step, 700));
    core.tell(at, { type: 'tick', due: 3000 });
    if (step === 2) core.tell(at, { type: 'cutOffCycle', cycle: 2 });
    step++;
  }
  copy.end();
  assert.equal(slices.length, copy.pages);
  assert.deepEqual(slices, atOnce);

  const restarted = new Cell(restoreSnapshot(slices));
  for (const { at, facts } of core.journal.slice(from)) restarted.apply(at, withoutOutcomes(facts));
  assert.deepEqual(restarted.journal, core.journal.slice(from));
  assert.deepEqual(pagesOf(restarted.state), pagesOf(core.state));
  assert.deepEqual(findBreaches(restarted.state), []);
});

test('a snapshot given up lets another begin, of the state as it is then', () => {
  const core = new Cell();
  core.tell(begins, ...opening);
  const copy = beginSnapshot(core.state);
  copy.next();
  core.tell(begins, payout(1));
  copy.end();
  copy.end();
  assert.throws(() => copy.next(), { name: 'AssertionError' });
  const handle = paymentHandle(restoreSnapshot(pagesOf(core.state)), identifierToBytes(identifier(1)));
  assert.equal(paymentAt(core.state, handle).state, 'offered');
});

test('a cell that has just been made is restored as such', () => {
  const state = createState(7, 4321);
  const again = restoreSnapshot(pagesOf(state));
  assert.deepEqual([again.centre, again.cell, again.sequence], [7, 4321, 0]);
  assert.deepEqual(pagesOf(again), pagesOf(state));
});

test('a snapshot that lacks a page or has a format of another day is refused', () => {
  const core = new Cell();
  core.tell(begins, ...opening);
  const pages = pagesOf(core.state);
  assert.throws(() => restoreSnapshot(pages.slice(0, -1)), /all the pages that its first one names/);
  const meta = new TextDecoder().decode(pages[0]).replace('"format":3', '"format":1');
  assert.throws(() => restoreSnapshot([new TextEncoder().encode(meta), ...pages.slice(1)]), /snapshot format 1/);
  assert.deepEqual([readsSnapshot(pages[0]), readsSnapshot(new TextEncoder().encode(meta))], [true, false]);
});
