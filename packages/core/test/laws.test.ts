/** Random lives of a cell, held against the oracle, against replay, and against snapshots taken in slices. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  agreementAt,
  agreementRow,
  beginSnapshot,
  currencySlots,
  describeAccount,
  findBreaches,
  headroom,
  identifierToBytes,
  keyOf,
  paymentAt,
  paymentHandle,
  positionsOf,
  restoreSnapshot,
  type SnapshotCopy,
  type State,
} from '@clearway/core';
import fc from 'fast-check';
import { refundFields } from '../dist/state.js';
import { type Applied, Cell, type Effect, pagesOf, replay, withoutOutcomes } from './cell.ts';
import { law } from './law.ts';
import { Oracle, text } from './oracle/oracle.ts';
import { live, type Move, moves } from './oracle/workload.ts';
import type { Told } from './told.ts';

test('outcomes, effects, states, positions and headroom are what the oracle says, and no sum ever breaks', () => {
  law(
    fc.property(moves, (all) => {
      const oracle = new Oracle();
      const core = new Cell();
      live(oracle, all, (at, told) => {
        const excused = mayBeOverdrawn(oracle, told);
        const before = headrooms(oracle);
        const expected = oracle.apply(at, told);
        const { verdicts, effects } = core.tell(at, ...told);
        const results = verdicts.map(({ outcome, reason }) => (outcome === 'refused' ? reason : outcome));
        assert.deepEqual(results, expected.results);
        assert.deepEqual(
          effects.map((effect) => describe(core.state, effect)),
          expected.effects,
        );
        assert.deepEqual(viewOf(core.state, oracle), expectedView(oracle));
        assert.deepEqual(findBreaches(core.state), []);
        for (const [account, now] of headrooms(oracle)) {
          const was = before.get(account) ?? 0n;
          assert.ok(now >= 0n || now >= was || excused.has(account), `headroom of ${account} fell to ${now}`);
        }
        const refunds = oracle.refunds();
        for (const { told: pull, amount } of oracle.ledger) {
          const id = text(pull.id);
          assert.ok((refunds.get(id) ?? 0n) <= amount, `refunds of ${id} are above it`);
        }
      });
    }),
    { numRuns: 200 },
  );
});

test('the same facts give the same state, byte for byte, the same outcomes and the same effects', () => {
  law(
    fc.property(moves, (all) => {
      const { core, applied } = lived(all);
      const again = replay(core.journal);
      assert.deepEqual(again.applied, applied);
      assert.deepEqual(again.cell.journal, core.journal);
      assert.deepEqual(pagesOf(again.cell.state), pagesOf(core.state));
    }),
    { numRuns: 60 },
  );
});

test('a snapshot taken in slices is the state at its beginning; restored, with the tail, it is the state at the end', () => {
  law(
    fc.property(moves, fc.nat(), (all, begin) => {
      const oracle = new Oracle();
      const core = new Cell();
      const from = 1 + (begin % 40);
      let copy: SnapshotCopy | undefined;
      let atOnce: Uint8Array[] = [];
      const slices: Uint8Array[] = [];
      const tail: Applied[] = [];
      live(oracle, all, (at, told) => {
        oracle.apply(at, told);
        const applied = core.tell(at, ...told);
        if (copy !== undefined) {
          tail.push(applied);
          takeOne(copy, slices);
        }
        if (core.journal.length === from) {
          atOnce = pagesOf(core.state);
          copy = beginSnapshot(core.state);
          takeOne(copy, slices);
        }
      });
      if (copy === undefined) return;
      while (takeOne(copy, slices));
      copy.end();
      assert.equal(slices.length, copy.pages);
      assert.deepEqual(slices, atOnce);

      const restarted = new Cell(restoreSnapshot(slices));
      assert.deepEqual(pagesOf(restarted.state), atOnce);
      core.journal.slice(from).forEach(({ at, facts }, i) => {
        assert.deepEqual(restarted.apply(at, withoutOutcomes(facts)), tail[i]);
        assert.deepEqual(findBreaches(restarted.state), []);
      });
      assert.deepEqual(restarted.journal, core.journal.slice(from));
      assert.deepEqual(pagesOf(restarted.state), pagesOf(core.state));
    }),
    { numRuns: 60 },
  );
});

function lived(all: readonly Move[]): { core: Cell; applied: Applied[] } {
  const oracle = new Oracle();
  const core = new Cell();
  const applied: Applied[] = [];
  live(oracle, all, (at, told) => {
    oracle.apply(at, told);
    applied.push(core.tell(at, ...told));
  });
  return { core, applied };
}

/** False when there was none left. */
function takeOne(copy: SnapshotCopy, pages: Uint8Array[]): boolean {
  const page = copy.next();
  if (page !== undefined) pages.push(page.bytes!);
  return page !== undefined;
}

/** Accounts whose headroom may fall below zero by this batch, and why. */
function mayBeOverdrawn(oracle: Oracle, told: readonly Told[]): Set<string> {
  const accounts = new Set<string>();
  for (const one of told) {
    // Money is withdrawn at the settlement agent.
    if (one.type === 'recordFunds' && !one.credit) accounts.add(`${one.participant}/${one.currency}`);
    for (const { code, role } of oracle.participants.values()) {
      if (role !== 'bank') continue;
      for (const currency of oracle.scheme!.currencies) {
        // A cap is lowered.
        const isLowered = one.type === 'adoptConfiguration' && one.kind === 'participants';
        if (isLowered) accounts.add(`${code}/${currency}`);
      }
    }
  }
  return accounts;
}

function accountsOf(oracle: Oracle): [code: number, currency: number][] {
  const currencies = oracle.scheme?.currencies ?? [];
  return [...oracle.participants.keys()].flatMap((code) => currencies.map((one): [number, number] => [code, one]));
}

function headrooms(oracle: Oracle): Map<string, bigint> {
  return new Map(
    accountsOf(oracle).map(([code, currency]) => [`${code}/${currency}`, oracle.headroom(code, currency)]),
  );
}

function describe(state: State, { kind, subject, command }: Effect): string {
  switch (kind) {
    case 'agreementChanged':
    case 'requestSigning':
    case 'confirmSigning':
      return `${command} ${kind} ${text(agreementAt(state, subject).id)}`;
    case 'fundsChanged': {
      const { participant, currency } = describeAccount(state, subject);
      return `${command} ${kind} ${participant}/${currency}`;
    }
    case 'cycleChanged':
    case 'businessDayAdvanced':
      return `${command} ${kind} ${subject}`;
    case 'configurationAdopted':
      return `${command} ${kind} ${subject === 1 ? 'scheme' : 'participants'}`;
    default:
      return `${command} ${kind} ${text(paymentAt(state, subject).id)}`;
  }
}

/** All that can be seen of the core, as plain values. */
function viewOf(state: State, oracle: Oracle) {
  const payments = oracle.ledger.map(({ told }) => {
    const handle = paymentHandle(state, identifierToBytes(told.id));
    if (handle < 0) return [text(told.id), undefined];
    const { id, kind = 'unsupported', amount, ...rest } = paymentAt(state, handle);
    return [text(id), { kind, amount: BigInt(amount), ...rest }];
  });
  const agreements = [...oracle.agreements.values()].map(({ told }) => {
    const { id, ...rest } = agreementAt(state, agreementRow(state, identifierToBytes(told.id)));
    return [text(id), rest];
  });
  const refunds = oracle.ledger.map(({ told }) => {
    const row = state.refundIndex.find(keyOf(identifierToBytes(told.id)));
    return row < 0 ? 0n : BigInt(state.refunds.u64(row, refundFields.refunded));
  });
  const accounts = accountsOf(oracle).map(([code, currency]) => {
    const place = state.participants.findIndex((one) => one.code === code);
    const row = place * currencySlots + state.scheme!.currencies.indexOf(currency);
    const { participant, outstanding, reserved, incoming, netDebitCap, funds } = describeAccount(state, row);
    const sums = [outstanding, reserved, incoming, netDebitCap, funds, headroom(state, row)];
    return [`${participant}/${currency}`, ...sums.map(BigInt)];
  });
  const cycles = state.cycles.map((cycle) => ({
    number: cycle.number,
    businessDate: cycle.businessDate,
    state: cycle.state,
    payments: cycle.payments,
    times: {
      openedAt: cycle.openedAt,
      cutOffAt: cycle.cutOffAt,
      nettedAt: cycle.nettedAt,
      settledAt: cycle.settledAt,
    },
    positions: positionsOf(state, cycle).map(({ participant, currency, credits, debits }) => [
      `${participant}/${currency}`,
      BigInt(credits),
      BigInt(debits),
    ]),
  }));
  const { businessDate, inFlight, remembered, schemeVersion, participantsVersion } = state;
  return {
    payments,
    agreements,
    refunds,
    accounts,
    cycles,
    counts: { businessDate, inFlight, remembered, schemeVersion, participantsVersion },
  };
}

/** The same of the oracle. */
function expectedView(oracle: Oracle): ReturnType<typeof viewOf> {
  const waiting = new Map(oracle.waiting.map((one) => [one.payment, one]));
  const payments = oracle.ledger.map((payment) => {
    const { told, bank, currency, amount, state, reason, cycle, changedAt, sequence, answer } = payment;
    if (oracle.payments.get(text(told.id)) !== payment) return [text(told.id), undefined];
    const flight = waiting.get(payment);
    const kept = amount > 2n ** 48n - 1n ? 2n ** 48n - 1n : amount;
    const seen = { kind: told.kind, amount: kept, state, reason, bank, currency, cycle, changedAt, sequence, answer };
    if (flight === undefined) return [text(told.id), seen];
    const inFlight = {
      requestSequence: flight.sequence,
      requestIndex: flight.index,
      offeredAt: flight.offeredAt,
      expiresAt: told.expiresAt,
      dueAt: flight.dueAt,
      attempts: flight.steps,
    };
    return [text(told.id), { ...seen, flight: inFlight }];
  });
  const agreements = [...oracle.agreements.values()].map((agreement) => {
    const { told, state, reason, changedAt, sequence, request, confirmedAt, answeredAt } = agreement;
    const { bank, paymentLimit, currency, expiresOn } = told;
    const asked = { bank, paymentLimit, currency, expiresOn };
    const places = { request, confirmation: confirmedAt, answer: answeredAt };
    return [text(told.id), { ...asked, state, reason, changedAt, sequence, ...places }];
  });
  const refunded = oracle.refunds();
  const refunds = oracle.ledger.map(({ told }) => refunded.get(text(told.id)) ?? 0n);
  const accounts = accountsOf(oracle).map(([code, currency]) => [
    `${code}/${currency}`,
    oracle.position(code, currency),
    oracle.reserved(code, currency),
    oracle.incoming(code, currency),
    oracle.capOf(code, currency),
    oracle.fundsOf(code, currency),
    oracle.headroom(code, currency),
  ]);
  const cycles = oracle.cycles.map(({ number, businessDate, state, times }) => ({
    number,
    businessDate,
    state,
    payments: oracle.ledger.filter(({ cycle }) => cycle === number).length,
    times: { ...times },
    positions: accountsOf(oracle)
      .map(([code, currency]) => [
        `${code}/${currency}`,
        oracle.credits(number, code, currency),
        oracle.debits(number, code, currency),
      ])
      .filter(([, credits, debits]) => credits !== 0n || debits !== 0n),
  }));
  const { businessDate, schemeVersion, participantsVersion } = oracle;
  return {
    payments,
    agreements,
    refunds,
    accounts,
    cycles,
    counts: {
      businessDate,
      inFlight: oracle.waiting.length,
      remembered: oracle.payments.size,
      schemeVersion,
      participantsVersion,
    },
  } as ReturnType<typeof viewOf>;
}
