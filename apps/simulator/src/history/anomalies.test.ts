/**
 * Histories that a right platform can leave behind, and ones that it cannot: the checker has to tell them apart.
 *
 * A line is a place or two (when it was called, when it returned; `-` alone: never), who, and what. Payments are
 * P1, P2 (pulls of 60 from the bank), O1, O2 (payouts of 60), R1, R2 (refunds of 40 of P1); cap and money are 100.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkHistory } from './check.ts';
import type { Act, CapChange, Happening, History, Order, Told } from './history.ts';

const kinds = { P: 'agreementPayment', O: 'payout', R: 'refund' } as const;
const orders = new Map<string, Order>();
for (const name of ['P1', 'P2', 'O1', 'O2', 'R1', 'R2']) {
  const kind = kinds[name[0] as keyof typeof kinds];
  const paymentId = `${name}-010001`;
  const refund = kind === 'refund' ? { amount: 40n, original: 'P1-010001' } : { amount: 60n };
  orders.set(paymentId, { paymentId, kind, institution: 'institution', bank: 'bank', ...refund });
}
const accounts = new Map([
  ['bank', { cap: 100n }],
  ['institution', { funds: 100n }],
]);

function readTold([state, cycle]: readonly string[]): Told | undefined {
  if (state === undefined) return undefined;
  if (['floatInsufficient', 'netDebitCapExceeded', 'refundAboveOriginal', 'requestExpired'].includes(state))
    return { refused: state, status: 422 };
  if (state === 'overloaded') return { refused: state, status: 503 };
  return state === 'notFound' ? { refused: state, status: 404 } : { state, cycle: Number(cycle ?? 0) };
}

function readAct(verb: string, rest: readonly string[]): Act {
  switch (verb) {
    case 'submits':
      return { does: 'submit', told: readTold(rest) };
    case 'enquires':
      return { does: 'enquire', told: readTold(rest) };
    case 'noticed':
      return { does: 'notice', told: readTold(rest)! };
    case 'asked':
      return { does: 'asked', question: (rest[0] ?? 'offer') as 'offer', hash: 'right' };
    case 'says':
      return { does: 'says', answer: rest[0], hash: rest[1] ?? 'right', told: undefined };
    case 'disbelieves':
      return { does: 'unproved', what: rest.join(' ') };
    case 'books':
      return { does: 'book' };
    case 'undoes':
      return { does: 'undo' };
    default:
      throw new Error(`no such verb: ${verb}`);
  }
}

function read(text: string): History {
  const happenings: Happening[] = [];
  const settlements = new Map<number, number>();
  const capChanges: CapChange[] = [];
  for (const line of text.split('\n').filter((one) => one.trim() !== '')) {
    const [, from, dash, to, who, verb, payment, rest] = /^\s*(\d+)(-?)(\d*) (\w+) (\w+) (\w+)\s*(.*)$/.exec(line)!;
    const calledAt = Number(from);
    if (verb === 'settles') {
      settlements.set(Number(payment), calledAt);
      continue;
    }
    const returnedAt = dash === '' ? calledAt : to === '' ? Number.POSITIVE_INFINITY : Number(to);
    if (verb === 'caps') {
      capChanges.push({ participant: payment, cap: BigInt(rest), calledAt, returnedAt });
      continue;
    }
    const act = readAct(verb, rest === '' ? [] : rest.split(' '));
    happenings.push({ paymentId: `${payment}-010001`, by: who, calledAt, returnedAt, act });
  }
  return { orders, happenings, settlements, capChanges };
}

const paid = (payment: string, from: number, cycle: number) => `
  ${from}-${from + 5} institution submits ${payment} succeeded ${cycle}
  ${from + 1} bank asked ${payment}
  ${from + 2} bank books ${payment}
  ${from + 3} bank says ${payment} succeeded`;

const right: Readonly<Record<string, string>> = {
  'a payment is paid, and everybody is told': `${paid('P1', 1, 1)}
    7-8 institution enquires P1 succeeded 1
    9 bank noticed P1 succeeded 1`,
  'an answer is lost, and the same message is sent again': `
    1- institution submits P1
    2 bank asked P1
    3 bank books P1
    4 bank says P1 succeeded
    5-6 institution submits P1 succeeded 1`,
  'the platform does not know yet, and does later': `
    1-4 institution submits P1 unknown
    2 bank asked P1
    5-6 institution enquires P1 unknown
    7 bank books P1
    8 bank says P1 succeeded
    9-10 institution enquires P1 succeeded 1`,
  'two enquiries overlap, and the one called last is answered from before': `
    1-3 institution submits P1 unknown
    2 bank asked P1
    4 bank books P1
    5 bank says P1 succeeded
    6-9 institution enquires P1 unknown
    7-8 institution enquires P1 succeeded 1`,
  'an approval comes after the reversal was decided, and the bank takes it back': `
    1-3 institution submits P1 reversing
    2 bank asked P1
    4 bank books P1
    5 bank says P1 succeeded
    6 bank asked P1 reversal
    7 bank undoes P1
    8 bank says P1 reversed
    9-10 institution enquires P1 failed`,
  'nothing came of a submission that was never answered': `
    1- institution submits P1
    2-3 institution enquires P1 notFound`,
  'one attempt is turned away, another is taken': `
    1-2 institution submits P1 overloaded${paid('P1', 3, 1)}`,
  'a bank says yes about other content, which changes nothing': `
    1-3 institution submits P1 unknown
    2 bank asked P1
    4 bank says P1 succeeded wrong
    5-6 institution enquires P1 unknown`,
  'a second payment waits until the first has given back its reservation': `
    1-6 institution submits P1 failed
    2 bank asked P1
    3 bank says P1 failed
    4-8 institution submits P2 succeeded 1
    5 bank asked P2
    6 bank books P2
    7 bank says P2 succeeded`,
  'what was reserved is lacked by another': `
    1-9 institution submits P1 unknown
    2 bank asked P1
    3-4 institution submits P2 netDebitCapExceeded`,
  'a cap that is raised makes room': `${paid('P1', 1, 1)}
    7-8 operator caps bank 120 ${paid('P2', 9, 1)}`,
  'a cap may have been raised of which nobody was told so': `${paid('P1', 1, 1)}
    7- operator caps bank 120 ${paid('P2', 9, 1)}`,
  'a cap is lowered below what is owed, and what is owed stays': `${paid('P1', 1, 1)}
    7-8 operator caps bank 10
    9-10 institution enquires P1 succeeded 1`,
  'of two changes the later one counts': `
    1-2 operator caps bank 10
    3-4 operator caps bank 100 ${paid('P1', 5, 1)}`,
  'a settled cycle makes room under the cap': `${paid('P1', 1, 1)}
    7 agent settles 1
    ${paid('P2', 8, 2)}`,
  'an institution spends what it was paid': `${paid('P1', 1, 1)}${paid('O1', 8, 1)}${paid('O2', 15, 1)}`,
  'a refund fits once, and again after the first has failed': `${paid('P1', 1, 1)}
    7-10 institution submits R1 failed
    8 bank asked R1
    9 bank says R1 failed${paid('R2', 11, 1)}`,
  'a refund is too much while another is open': `${paid('P1', 1, 1)}
    7-20 institution submits R1 unknown
    8 bank asked R1
    9-10 institution submits R2 refundAboveOriginal`,
  'two successes around a cut-off, answered the other way round': `
    1-9 institution submits P1 succeeded 1
    2 bank asked P1
    3 bank books P1
    4 bank says P1 succeeded
    5-8 institution submits O1 succeeded 2
    6 bank asked O1
    6 bank books O1
    7 bank says O1 succeeded`,
};

const wrong: Readonly<Record<string, string>> = {
  'a success is told before the bank has said yes': `
    1-4 institution submits P1 succeeded 1
    2 bank asked P1
    5 bank books P1
    6 bank says P1 succeeded`,
  'a success is told that nobody has booked': `
    1-4 institution submits P1 succeeded 1
    2 bank asked P1
    3 bank says P1 succeeded`,
  'an earlier state is told after a later one (a stale read)': `${paid('P1', 1, 1)}
    7-8 bank enquires P1 unknown`,
  'one is told of success, another of failure': `${paid('P1', 1, 1)}
    7 bank noticed P1 failed`,
  'a failure is told that only time has made': `
    1-3 institution submits P1 unknown
    2 bank asked P1
    60-61 institution enquires P1 failed`,
  'the bank books twice': `${paid('P1', 1, 1)}
    8 bank asked P1
    9 bank books P1`,
  'a payment is forgotten after its success': `${paid('P1', 1, 1)}
    7-8 institution enquires P1 notFound`,
  'a payment is forgotten after it was offered': `
    1-3 institution submits P1 offered
    4-5 institution enquires P1 notFound`,
  'the bank is asked about what was refused': `
    1-2 institution submits P1 requestExpired
    3 bank asked P1`,
  'the bank is asked before anybody has ordered': `
    1 bank asked P1
    2-5 institution submits P1 unknown`,
  'a refused payment succeeds': `
    1-2 institution submits P1 netDebitCapExceeded${paid('P1', 3, 1)}`,
  'a success is refused when it is sent again': `${paid('P1', 1, 1)}
    8-9 institution submits P1 requestExpired`,
  'a success told is reversed': `${paid('P1', 1, 1)}
    8 bank asked P1 reversal
    9 bank undoes P1
    10 bank says P1 reversed`,
  'a success after the reversal was decided': `
    1-2 institution submits P1 reversing
    3 bank asked P1
    4 bank books P1
    5 bank says P1 succeeded
    6-7 institution enquires P1 succeeded 1`,
  'from reversing back to offered': `
    1-2 institution submits P1 reversing
    3-4 institution enquires P1 offered`,
  'a failure is told while it still stands in the ledger': `
    1-6 institution submits P1 failed
    2 bank asked P1
    3 bank books P1
    4 bank says P1 reversed`,
  'a word about other content ends a payment': `
    1-6 institution submits P1 succeeded 1
    2 bank asked P1
    3 bank books P1
    4 bank says P1 succeeded wrong`,
  'two cycles are told': `${paid('P1', 1, 1)}
    7 bank noticed P1 succeeded 2`,
  'a cycle after a later one had begun': `${paid('P1', 1, 2)}${paid('O1', 7, 1)}`,
  'a cycle that was settled already': `${paid('P1', 1, 1)}
    7 agent settles 1${paid('O1', 8, 1)}`,
  'a payment above a cap that was lowered before': `
    1-2 operator caps bank 50 ${paid('P1', 3, 1)}`,
  'a second payment before the cap was raised for it': `${paid('P1', 1, 1)} ${paid('P2', 7, 1)}
    13-14 operator caps bank 120`,
  'two payments that do not fit the cap together': `
    1-9 institution submits P1 unknown
    2 bank asked P1
    3-8 institution submits P2 unknown
    4 bank asked P2`,
  'two payouts that the money does not cover': `${paid('O1', 1, 1)}${paid('O2', 8, 1)}`,
  'a reservation is let go while its payment is open': `
    1-2 institution submits P1 unknown
    3 bank asked P1
    4-5 institution submits P2 unknown
    6 bank asked P2
    7-8 institution enquires P1 unknown`,
  'refunds of more than was paid': `${paid('P1', 1, 1)}${paid('R1', 7, 1)}${paid('R2', 14, 1)}`,
  'a refund is too much though an earlier one has failed': `${paid('P1', 1, 1)}
    7-10 institution submits R1 failed
    8 bank asked R1
    9 bank says R1 failed
    11-12 institution submits R2 refundAboveOriginal`,
  'an end that the bank has not signed': `
    1-5 institution submits P1 unknown
    6 institution disbelieves P1 failed`,
  'a payout is reversed': `
    1-3 institution submits O1 unknown
    2 bank asked O1
    4 bank asked O1 reversal`,
  'a lack with all of it free': `
    1-2 institution submits P1 netDebitCapExceeded`,
  'a reservation that is not given back after a failure': `
    1-4 institution submits P1 failed
    2 bank asked P1
    3 bank says P1 failed
    5-6 institution submits P2 netDebitCapExceeded`,
};

describe('the history checker', () => {
  for (const [name, text] of Object.entries(right))
    test(`holds: ${name}`, () => {
      assert.deepEqual(checkHistory(read(text), { accounts, lackIsExact: true }).anomalies, []);
    });
  for (const [name, text] of Object.entries(wrong)) {
    test(`finds it out: ${name}`, () => {
      const { anomalies, undecided } = checkHistory(read(text), { accounts, lackIsExact: true });
      assert.equal(undecided, 0);
      assert.ok(anomalies.length > 0, 'nothing was found');
    });
  }
  test('a lack tells nothing where each cell has only its share', () => {
    const { anomalies } = checkHistory(read(wrong['a lack with all of it free']), { accounts });
    assert.deepEqual(anomalies, []);
  });
});
