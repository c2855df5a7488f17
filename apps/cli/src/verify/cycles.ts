/**
 * Follows the cycles by the facts alone and adds up every position anew from the payments, in bigint, beside the core:
 * two ways to the same figures. Compares them with the core's when a cycle changes, and with the records at the end.
 */
import { type Cycle, findCycle, positionsOf, type State } from '@clearway/core';
import type { CycleRecord, PaymentRecord, PositionRecord, Records } from '@clearway/store';
import { codeText, type Fact } from '../journal/fact.ts';
import type { Findings } from './report.ts';

type Writable<T> = { -readonly [Field in keyof T]: T[Field] };

export interface FollowedCycle {
  readonly record: Writable<CycleRecord>;
  /** By participant and currency. */
  readonly positions: Map<string, Writable<PositionRecord>>;
  /** Batch of its last change, and of its cut-off. */
  sequence: number;
  cutSequence: number;
  /** Codes of all participants when it was netted: each gets a file. */
  participants: readonly string[];
}

export interface CyclesCheck {
  /** An accepted fact of a batch, in order. */
  follow(fact: Fact, state: State, sequence: number, at: number): void;
  succeeded(payment: PaymentRecord): void;
  /** After each batch: compares the cycles that changed in it with the core's. @returns whether any did */
  compareWithCore(state: State, sequence: number): boolean;
  /** Compares with the records; the journal was replayed up to `last`. */
  end(records: Records, last: number): Promise<void>;
  /** Oldest first. */
  readonly all: readonly FollowedCycle[];
}

export function createCyclesCheck(findings: Findings): CyclesCheck {
  const cycles = new Map<number, FollowedCycle>();
  const changed = new Set<number>();
  let businessDate = 0;
  let first = 1;

  const open = (cycle: number, at: number, sequence: number) => {
    cycles.set(cycle, {
      record: {
        cycle,
        businessDate,
        state: 'open',
        openedAt: at,
        cutOffAt: 0,
        nettedAt: 0,
        settledAt: 0,
        payments: 0,
        turnover: 0n,
      },
      positions: new Map(),
      sequence,
      cutSequence: 0,
      participants: [],
    });
    changed.add(cycle);
  };

  const known = (cycle: number): FollowedCycle => {
    const followed = cycles.get(cycle);
    if (followed === undefined) throw new Error(`cycle ${cycle} was never opened`);
    return followed;
  };

  const change = (cycle: number, sequence: number, fields: Partial<CycleRecord>) => {
    const followed = known(cycle);
    Object.assign(followed.record, fields);
    followed.sequence = sequence;
    changed.add(cycle);
    return followed;
  };

  const post = (payment: PaymentRecord, participant: string, side: 'credit' | 'debit') => {
    const { positions } = known(payment.cycle);
    const key = `${participant}/${payment.currency}`;
    let position = positions.get(key);
    if (position === undefined) {
      const { cycle, currency } = payment;
      position = { cycle, participant, currency, credits: 0n, debits: 0n, creditCount: 0, debitCount: 0 };
      positions.set(key, position);
    }
    position[`${side}s`] += payment.amount;
    position[`${side}Count`] += 1;
  };

  return {
    follow(fact, state, sequence, at) {
      switch (fact.type) {
        case 'advanceBusinessDay':
          businessDate = fact.date;
          if (cycles.size === 0) open(first, at, sequence);
          break;
        case 'joinClearing':
          first = fact.cycle;
          break;
        case 'cutOffCycle':
          change(fact.cycle, sequence, { state: 'cut', cutOffAt: at }).cutSequence = sequence;
          open(fact.cycle + 1, at, sequence);
          break;
        case 'netCycle':
          change(fact.cycle, sequence, { state: 'netted', nettedAt: at }).participants = state.participants.map(
            ({ code }) => codeText(code),
          );
          break;
        case 'recordSettlement':
          change(fact.cycle, sequence, { state: fact.state, settledAt: fact.settledAt });
          break;
      }
    },

    succeeded(payment) {
      const isPull = payment.kind === 'agreementPayment';
      post(payment, payment.instructedAgent, isPull ? 'debit' : 'credit');
      post(payment, payment.instructingAgent, isPull ? 'credit' : 'debit');
      const { record } = known(payment.cycle);
      record.payments++;
      record.turnover += payment.amount;
    },

    compareWithCore(state, sequence) {
      if (changed.size === 0) return false;
      for (const cycle of changed) {
        const core = findCycle(state, cycle);
        const followed = known(cycle);
        // The core lets a settled cycle go at the next cut-off, which may stand in the same batch.
        if (core !== undefined) compareCore(core, state, followed, sequence, findings);
        reportSums(followed, sequence, findings);
      }
      changed.clear();
      return true;
    },

    async end(records, last) {
      for (const followed of cycles.values()) await compareWithRecords(records, followed, last, findings);
    },

    get all() {
      return [...cycles.values()];
    },
  };
}

function compareCore(
  core: Cycle,
  state: State,
  { record, positions }: FollowedCycle,
  sequence: number,
  findings: Findings,
) {
  const about = { sequence, subject: `cycle ${record.cycle}` };
  for (const field of ['businessDate', 'state', 'openedAt', 'cutOffAt', 'nettedAt', 'settledAt', 'payments'] as const) {
    if (core[field] === record[field]) continue;
    findings.breach('replay', `its ${field} is ${core[field]} in the core, by its facts ${record[field]}`, about);
  }
  const left = new Map(positions);
  for (const { participant, ...position } of positionsOf(state, core)) {
    const key = `${codeText(participant)}/${position.currency}`;
    const added = left.get(key);
    left.delete(key);
    const isSame =
      added !== undefined &&
      added.credits === BigInt(position.credits) &&
      added.debits === BigInt(position.debits) &&
      added.creditCount === position.creditCount &&
      added.debitCount === position.debitCount;
    if (!isSame) findings.breach('replay', `the position of ${key} is not the sum of its payments`, about);
  }
  for (const key of left.keys())
    findings.breach('replay', `the core has no position of ${key}, its payments do`, about);
}

/** Credits and debits of a cycle are equal in each currency: what one owes another is owed. */
function reportSums({ record, positions }: FollowedCycle, sequence: number, findings: Findings): void {
  const sums = new Map<number, bigint>();
  for (const { currency, credits, debits } of positions.values()) {
    sums.set(currency, (sums.get(currency) ?? 0n) + credits - debits);
  }
  for (const [currency, sum] of sums) {
    if (sum === 0n) continue;
    const about = { sequence, subject: `cycle ${record.cycle}` };
    findings.breach('invariant', `its positions in currency ${currency} sum to ${sum}, not zero`, about);
  }
}

async function compareWithRecords(
  records: Records,
  { record: expected, positions, sequence, cutSequence }: FollowedCycle,
  last: number,
  findings: Findings,
): Promise<void> {
  const cursor = await records.cursor();
  const about = { subject: `cycle ${expected.cycle}`, sequence };
  const record = await records.cycle(expected.cycle);
  if (record === undefined) {
    if (sequence <= cursor) findings.breach('records', 'is missing from the records', about);
    return;
  }
  // A running cell may have brought cycle and records further than the journal was when reading began.
  const mayHaveMoved = (await records.cursor()) > last && expected.state !== 'settled';
  if (sequence <= cursor && !mayHaveMoved) {
    for (const field of Object.keys(expected) as (keyof CycleRecord)[]) {
      // Counts of an open cycle are written when it is cut.
      if (expected.state === 'open' && (field === 'payments' || field === 'turnover')) continue;
      if (record[field] === expected[field]) continue;
      const values = `the records say ${record[field]}, the journal ${expected[field]}`;
      findings.breach('records', `its ${field} differs: ${values}`, about);
    }
  }
  if (cutSequence > 0 && cutSequence <= cursor) await comparePositions(records, expected, positions, findings);
}

async function comparePositions(
  records: Records,
  { cycle }: CycleRecord,
  positions: FollowedCycle['positions'],
  findings: Findings,
): Promise<void> {
  const left = new Map(positions);
  const about = { subject: `cycle ${cycle}` };
  for (const position of await records.positions(cycle)) {
    const key = `${position.participant}/${position.currency}`;
    const expected = left.get(key);
    left.delete(key);
    if (expected === undefined) {
      findings.breach('records', `the records have a position of ${key} that no payment made`, about);
      continue;
    }
    for (const field of ['credits', 'debits', 'creditCount', 'debitCount'] as const) {
      if (position[field] === expected[field]) continue;
      const values = `the records say ${position[field]}, the journal ${expected[field]}`;
      findings.breach('records', `the ${field} of ${key} differ: ${values}`, about);
    }
  }
  for (const key of left.keys())
    findings.breach('records', `the position of ${key} is missing from the records`, about);
}
