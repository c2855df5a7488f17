/**
 * The life of a payment.
 *
 * ```
 *   refused                                        before the point of no return: nothing was reserved, nobody asked
 *   offered ──bank says yes──▶ succeeded           the bank was asked; caps or float are reserved
 *      │  ╲────bank says no──▶ failed
 *      ▼ deadline
 *   unknown ──late answer, enquiry, notice──▶ succeeded | failed
 *      │ agreement payments only, after reversalAfterMs
 *      ▼
 *   reversing ──bank: reversed, blocked, never processed, failed──▶ failed
 * ```
 * Time moves a payment to `unknown` and to `reversing`, never to an end: only what the bank signed ends it. Once
 * reversal is decided a later approval changes nothing. A payout or refund is never reversed, only enquired.
 */
import { assert } from '../assert.ts';
import { type BankAnswer, bankAnswers } from '../command.ts';
import type { Reason } from '../reject.ts';
import { type PaymentState, paymentStates } from '../states.ts';

export const paymentTransitions: Record<PaymentState, readonly PaymentState[]> = {
  refused: [],
  offered: ['succeeded', 'failed', 'unknown'],
  unknown: ['succeeded', 'failed', 'reversing'],
  reversing: ['failed'],
  succeeded: [],
  failed: [],
};

/** What an answer does to a payment in a state: the state it moves to, or why nothing moves. */
export type AnswerRule =
  | { readonly to: 'succeeded' }
  | { readonly to: 'failed'; readonly reason: Reason | 'answer' }
  /** Known or without meaning now; nothing changes and nothing is wrong. */
  | 'stays'
  /** The bank says what it was never asked. */
  | 'unasked'
  /** The bank denies what is final. */
  | 'contradicts';

const succeed: AnswerRule = { to: 'succeeded' };
const fail = (reason: Reason | 'answer'): AnswerRule => ({ to: 'failed', reason });

export const answerRules: Record<PaymentState, Record<BankAnswer, AnswerRule>> = {
  refused: {
    succeeded: 'unasked',
    failed: 'unasked',
    notKnownYet: 'unasked',
    neverProcessed: 'unasked',
    reversed: 'unasked',
    blocked: 'unasked',
  },
  offered: {
    succeeded: succeed,
    failed: fail('answer'),
    notKnownYet: 'stays',
    neverProcessed: fail('bankNeverProcessed'),
    reversed: 'unasked',
    blocked: 'unasked',
  },
  unknown: {
    succeeded: succeed,
    failed: fail('answer'),
    notKnownYet: 'stays',
    neverProcessed: fail('bankNeverProcessed'),
    reversed: 'unasked',
    blocked: 'unasked',
  },
  reversing: {
    succeeded: 'stays',
    failed: fail('answer'),
    notKnownYet: 'stays',
    neverProcessed: fail('bankNeverProcessed'),
    reversed: fail('bankReversed'),
    blocked: fail('bankBlocked'),
  },
  succeeded: {
    succeeded: 'stays',
    failed: 'contradicts',
    notKnownYet: 'contradicts',
    neverProcessed: 'contradicts',
    reversed: 'contradicts',
    blocked: 'contradicts',
  },
  failed: {
    succeeded: 'contradicts',
    failed: 'stays',
    notKnownYet: 'stays',
    neverProcessed: 'stays',
    reversed: 'stays',
    blocked: 'stays',
  },
};

const stateNames: PaymentState[] = [];
for (const [name, number] of Object.entries(paymentStates)) stateNames[number] = name as PaymentState;
const answerNames: BankAnswer[] = [];
for (const [name, number] of Object.entries(bankAnswers)) answerNames[number] = name as BankAnswer;

export function paymentStateName(number: number): PaymentState {
  const name = stateNames[number];
  assert(name !== undefined && number !== 0, 'a payment record holds a state');
  return name;
}

/** The answer with this number, or undefined if there is none. */
export function bankAnswerName(number: number): BankAnswer | undefined {
  return answerNames[number];
}

export function isFinal(state: PaymentState): boolean {
  return paymentTransitions[state].length === 0;
}
