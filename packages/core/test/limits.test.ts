/** What no table is long enough for: the edges of numbers, batches and memory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  agreementAt,
  agreementRow,
  applyBatch,
  createState,
  Effects,
  findBreaches,
  identifierToBytes,
  paymentAt,
  paymentHandle,
  restoreSnapshot,
} from '@clearway/core';
import { answers, begins, identifier, opening, payout, payouts } from './busy-cell.ts';
import { Cell, cell, centre, pagesOf } from './cell.ts';
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

/** A cell where 101, 102 and 201 pass the largest amount to each other, so that positions stay near zero. */
function passAround() {
  const core = new Cell();
  const largest = 10 ** 13;
  core.tell(begins, ...opening);
  const second = { code: 102, role: 'paymentInstitution', status: 'active', netDebitCaps: [] };
  core.tell(begins, {
    type: 'adoptConfiguration',
    kind: 'participants',
    version: 2,
    content: { participants: [second] },
  });
  const agreements = [101, 102].map((participant) => {
    const id = { ...identifier(1_000_000), participant };
    const signed = { type: 'recordSigningAnswer', id, reason: 'none', bank: 201 } as const;
    core.tell(
      begins,
      { type: 'recordFunds', participant, currency: 156, entry: 2, credit: true, amount: largest },
      {
        type: 'requestAgreement',
        id,
        bank: 201,
        paymentLimit: largest,
        currency: 156,
        expiresOn: 20271122,
        expiresAt: begins + 1,
        content: 1,
      },
      { ...signed, answer: 'codeSent', content: 1 },
      { type: 'confirmAgreement', id, expiresAt: begins + 1, content: 2 },
      { ...signed, answer: 'active', content: 2 },
    );
    return id;
  });
  let sequence = 0;
  /** The reason of a refusal, or none. */
  const pass = (kind: 'payout' | 'agreementPayment', institution: 0 | 1, amount = largest): string => {
    const reference = agreements[institution];
    const plain = payout(++sequence, amount);
    const id = { ...plain.id, participant: reference.participant };
    const payment: ToldPayment = { ...plain, id, kind, reference: kind === 'payout' ? undefined : reference };
    const [{ outcome, reason }] = core.tell(begins, payment).verdicts;
    if (outcome === 'refused') return reason;
    const answered = { answer: 'succeeded', reason: 'none', bank: 201 } as const;
    core.tell(begins, { type: 'recordAnswer', id, ...answered, content: payment.content });
    return 'none';
  };
  return { core, pass, most: Math.floor(2 ** 52 / largest), rest: 2 ** 52 % largest };
}

test('gross credits of a cycle never pass 2^52: what would is refused until the next cut-off', () => {
  const { core, pass, most, rest } = passAround();
  for (let i = 0; i < most; i++) {
    const institution = i % 2 === 0 ? 0 : 1;
    assert.equal(pass('payout', institution), 'none', `payout ${i + 1}`);
    assert.equal(pass('agreementPayment', institution), 'none', `pull ${i + 1}`);
  }
  assert.equal(pass('payout', 0), 'positionOutOfRange');
  assert.equal(pass('payout', 0, rest), 'none');
  assert.equal(pass('payout', 0, 1), 'positionOutOfRange');
  core.tell(begins, { type: 'cutOffCycle', cycle: 1 });
  assert.equal(pass('payout', 1), 'none');
  core.tell(begins, { type: 'netCycle', cycle: 1 });
  assert.deepEqual(findBreaches(core.state), []);
});

test('gross debits of a cycle never pass 2^52: what would is refused until the next cut-off', () => {
  const { core, pass, most, rest } = passAround();
  for (let i = 0; i < most; i++) {
    const institution = i % 2 === 0 ? 0 : 1;
    assert.equal(pass('agreementPayment', institution), 'none', `pull ${i + 1}`);
    assert.equal(pass('payout', institution), 'none', `payout ${i + 1}`);
  }
  assert.equal(pass('agreementPayment', 0), 'positionOutOfRange');
  assert.equal(pass('agreementPayment', 0, rest), 'none');
  assert.equal(pass('agreementPayment', 0, 1), 'positionOutOfRange');
  core.tell(begins, { type: 'cutOffCycle', cycle: 1 });
  assert.equal(pass('agreementPayment', 0), 'none');
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

test('records name batches of 48 bits, and the last of them', () => {
  const core = new Cell();
  core.tell(begins, ...opening);
  const agreement = identifier(1_000_000);
  core.state.sequence = 2 ** 32 + 6;
  core.tell(begins, payout(1), payout(2), {
    type: 'requestAgreement',
    id: agreement,
    bank: 201,
    paymentLimit: 5,
    currency: 156,
    expiresOn: 20271122,
    expiresAt: begins + 1,
    content: 1,
  });
  const read = () => {
    const { sequence, answer, flight } = paymentAt(
      core.state,
      paymentHandle(core.state, identifierToBytes(payout(2).id)),
    );
    const request = flight && { sequence: flight.requestSequence, index: flight.requestIndex };
    const row = agreementRow(core.state, identifierToBytes(agreement));
    return { sequence, answer, request, agreement: agreementAt(core.state, row) };
  };
  const first = 2 ** 32 + 7;
  assert.deepEqual(
    [read().sequence, read().request, read().agreement.sequence, read().agreement.request],
    [first, { sequence: first, index: 1 }, first, { sequence: first, index: 2 }],
  );
  core.state.sequence = 2 ** 48 - 2;
  const last = 2 ** 48 - 1;
  const signed = { type: 'recordSigningAnswer', id: agreement, reason: 'none', bank: 201 } as const;
  core.tell(
    begins,
    { ...signed, type: 'recordAnswer', id: identifier(2), answer: 'succeeded', content: 2 },
    { ...signed, answer: 'codeSent', content: 1 },
  );
  assert.deepEqual([read().sequence, read().answer], [last, 0]);
  assert.deepEqual(
    [read().agreement.sequence, read().agreement.request, read().agreement.answer],
    [last, { sequence: first, index: 2 }, { sequence: last, index: 1 }],
  );
  const restored = paymentAt(
    restoreSnapshot(pagesOf(core.state)),
    paymentHandle(core.state, identifierToBytes(payout(2).id)),
  );
  assert.equal(restored.sequence, last);
  assert.throws(() => core.tell(begins, { type: 'tick', due: 1 }), /48 bits/);
});

test('a batch holds 65536 commands and no more', () => {
  const core = new Cell();
  core.tell(begins, ...opening);
  assert.equal(core.apply(begins, payouts(0, 65_536)).verdicts.length, 65_536);
  assert.throws(() => core.apply(begins, payouts(100_000, 65_537)), /at most 65536 commands/);
});
