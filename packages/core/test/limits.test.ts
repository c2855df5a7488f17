/** What no table is long enough for: the edges of numbers, batches and memory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyBatch, createState, Effects, findBreaches, identifierToBytes, paymentHandle } from '@clearway/core';
import { answers, begins, identifier, opening, payout, payouts } from './busy-cell.ts';
import { Cell, cell, centre } from './cell.ts';
import { encode, type ToldPayment } from './told.ts';

test('batches that come out of order, from the past, or not whole are our own mistake and stop the cell', () => {
  const core = new Cell();
  core.tell(begins, ...opening);
  const tick = encode({ type: 'tick', due: 1 });
  assert.throws(() => core.apply(begins - 1, tick), /time never runs back/);
  assert.throws(() => core.apply(begins, tick.subarray(0, 8)), /lies whole in its batch/);
  const state = createState(centre, cell);
  for (const sequence of [0, 2]) {
    assert.throws(() => applyBatch(state, sequence, begins, tick.slice(), new Effects()), /batches come in order/);
  }
  const huge = tick.slice();
  new DataView(huge.buffer).setUint32(4, 24);
  assert.throws(() => new Cell().apply(begins, huge), /lies whole in its batch/);
  const unknown = tick.slice();
  unknown[0] = 99;
  assert.throws(() => new Cell().apply(begins, unknown), /type 99/);
  assert.throws(() => new Cell().apply(Number.NaN, tick), /time never runs back/);
});

test('gross debits and credits of a cycle never pass 2^52: what would is refused until the next cut-off', () => {
  const core = new Cell();
  const amount = 10 ** 13;
  core.tell(begins, ...opening);
  core.tell(begins, {
    type: 'recordFunds',
    participant: 101,
    currency: 156,
    entry: 2,
    credit: true,
    amount,
  });
  const request = {
    type: 'requestAgreement',
    id: identifier(1_000_000),
    bank: 201,
    paymentLimit: amount,
    currency: 156,
    expiresOn: 20271122,
    expiresAt: begins + 1,
    content: 1,
  } as const;
  const signed = { type: 'recordSigningAnswer', id: request.id, reason: 'none', bank: 201 } as const;
  core.tell(
    begins,
    request,
    { ...signed, answer: 'codeSent', content: 1 },
    { type: 'confirmAgreement', id: request.id, expiresAt: begins + 1, content: 2 },
    { ...signed, answer: 'active', content: 2 },
  );
  let sequence = 0;
  /** The largest amount out and back again, so that positions stay near zero; the reason of a refusal, if there is one. */
  const thereAndBack = (): string => {
    const out = payout(++sequence, amount);
    const back: ToldPayment = { ...payout(++sequence, amount), kind: 'agreementPayment', reference: request.id };
    for (const payment of [out, back]) {
      const [verdict] = core.tell(begins, payment).verdicts;
      if (verdict.outcome === 'refused') return verdict.reason;
      core.tell(begins, {
        type: 'recordAnswer',
        id: payment.id,
        answer: 'succeeded',
        reason: 'none',
        bank: 201,
        content: payment.content,
      });
    }
    return 'none';
  };
  const rounds = Math.floor(2 ** 52 / amount);
  for (let round = 0; round < rounds; round++) assert.equal(thereAndBack(), 'none', `round ${round}`);
  assert.equal(thereAndBack(), 'positionOutOfRange');
  core.tell(begins, { type: 'cutOffCycle', cycle: 1 });
  assert.equal(thereAndBack(), 'none');
  core.tell(begins, { type: 'netCycle', cycle: 1 });
  assert.deepEqual(findBreaches(core.state), []);
});

test('a million in flight is the most; the next is turned away until one has ended', { timeout: 120_000 }, () => {
  const core = new Cell();
  core.tell(begins, ...opening);
  const most = 1_000_000;
  for (let from = 0; from < most; from += 50_000) core.apply(begins, payouts(from, 50_000));
  assert.equal(core.state.inFlight, most);
  const next = payout(most);
  assert.deepEqual(core.tell(begins, next).verdicts, [{ outcome: 'refused', reason: 'tooManyInFlight' }]);
  assert.equal(paymentHandle(core.state, identifierToBytes(next.id)), -1);
  core.apply(begins, answers(0, 1));
  assert.deepEqual(core.tell(begins, next).verdicts, [{ outcome: 'accepted', reason: 'none' }]);
});

test('a batch holds 65536 commands and no more', () => {
  const core = new Cell();
  core.tell(begins, ...opening);
  assert.equal(core.apply(begins, payouts(0, 65_536)).verdicts.length, 65_536);
  assert.throws(() => core.apply(begins, payouts(100_000, 65_537)), /at most 65536 commands/);
});
