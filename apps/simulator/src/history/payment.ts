/**
 * A payment as decision 10 has it, one operation at a time:
 *
 *   none ─▶ refused
 *     ╰──▶ offered ─▶ succeeded | failed | reversing ─▶ failed
 *
 * `unknown` is what anybody says who cannot know; it stands for every state without an end. Only what a bank has said
 * ends a payment, and what stands in its ledger agrees with the end whenever that is told: once or not at all.
 */
import type { Happening, Order, Told } from './history.ts';
import type { Model, Operation } from './linearizable.ts';

type Phase = 'none' | 'refused' | 'offered' | 'reversing' | 'succeeded' | 'failed';

export interface PaymentState {
  readonly phase: Phase;
  /** 0 until it is told. */
  readonly cycle: number;
  /** Times it stands in the bank's ledger. */
  readonly booked: number;
}

export type Step =
  | { readonly is: 'accepted' | 'wasAsked' | 'wasReversing' | 'book' | 'undo' }
  | { readonly is: 'said'; readonly answer: string }
  | { readonly is: 'told'; readonly told: Told }
  | { readonly is: 'forbidden'; readonly what: string };

/** Answers of a bank that end a payment as failed. */
const denials = new Set(['failed', 'neverProcessed', 'reversed', 'blocked']);
/** Status of a refusal that is told of the payment itself, and not of an attempt, a clash or another who asks. */
const unprocessable = 422;

const enter = ({ cycle, booked }: PaymentState, phase: Phase): PaymentState => ({ phase, cycle, booked });

export const payment: Model<PaymentState, Step> = {
  initial: { phase: 'none', cycle: 0, booked: 0 },
  key: ({ phase, cycle, booked }) => `${phase} ${cycle} ${booked}`,
  step(state, what) {
    const { phase, cycle, booked } = state;
    const isOpen = phase === 'offered' || phase === 'reversing';
    switch (what.is) {
      case 'accepted':
        return phase === 'none' ? enter(state, 'offered') : undefined;
      case 'wasAsked':
        return phase === 'none' || phase === 'refused' ? undefined : state;
      case 'wasReversing':
        if (phase === 'reversing') return state;
        return phase === 'offered' ? enter(state, 'reversing') : undefined;
      case 'book':
        return booked === 0 && (isOpen || phase === 'succeeded') ? { phase, cycle, booked: 1 } : undefined;
      case 'undo':
        return booked === 1 && phase !== 'succeeded' ? { phase, cycle, booked: 0 } : undefined;
      case 'said':
        if (what.answer === 'succeeded') return phase === 'offered' ? enter(state, 'succeeded') : undefined;
        return isOpen && denials.has(what.answer) ? enter(state, 'failed') : undefined;
      case 'told':
        return tell(state, what.told);
      case 'forbidden':
        return undefined;
    }
  },
};

function tell(state: PaymentState, told: Told): PaymentState | undefined {
  const { phase, cycle, booked } = state;
  const holds = (condition: boolean) => (condition ? state : undefined);
  if ('refused' in told) {
    if (told.refused === 'notFound') return holds(phase === 'none');
    return phase === 'none' || phase === 'refused' ? enter(state, 'refused') : undefined;
  }
  switch (told.state) {
    case 'succeeded':
      if (phase !== 'succeeded' || booked !== 1 || (cycle !== 0 && cycle !== told.cycle)) return undefined;
      return { phase, cycle: told.cycle, booked };
    case 'failed':
      return holds(phase === 'failed' && booked === 0);
    case 'refused':
      return phase === 'none' || phase === 'refused' ? enter(state, 'refused') : undefined;
    case 'reversing':
      return phase === 'offered' || phase === 'reversing' ? enter(state, 'reversing') : undefined;
    case 'offered':
      return holds(phase === 'offered');
    default:
      return holds(phase !== 'succeeded' && phase !== 'failed');
  }
}

const never = Number.POSITIVE_INFINITY;

/** All that happened around one payment, as operations on it. */
export function operationsOn(happenings: readonly Happening[], order: Order | undefined): Operation<Step>[] {
  const operations: Operation<Step>[] = [];
  const add = (calledAt: number, returnedAt: number, what: Step) => operations.push({ calledAt, returnedAt, what });
  const hashes = new Set(happenings.flatMap(({ act }) => (act.does === 'asked' ? [act.hash] : [])));
  const submits = happenings.filter(({ act }) => act.does === 'submit');
  // Whichever copy was taken, it was not before the first was sent.
  if (submits.length > 0) add(Math.min(...submits.map(({ calledAt }) => calledAt)), never, { is: 'accepted' });
  for (const { act, calledAt, returnedAt } of happenings) {
    switch (act.does) {
      case 'book':
      case 'undo':
        add(calledAt, returnedAt, { is: act.does });
        break;
      case 'asked':
        // It was on its way for nobody knows how long.
        add(0, returnedAt, { is: act.question === 'reversal' ? 'wasReversing' : 'wasAsked' });
        if (act.question === 'reversal' && order !== undefined && order.kind !== 'agreementPayment')
          add(calledAt, returnedAt, { is: 'forbidden', what: `the reversal of a ${order.kind}` });
        break;
      case 'says':
        // About other content it says nothing of this payment.
        if (hashes.has(act.hash)) add(calledAt, never, { is: 'said', answer: act.answer });
        if (hashes.has(act.hash) && act.told !== undefined && !('refused' in act.told))
          add(calledAt, returnedAt, { is: 'told', told: act.told });
        break;
      case 'unproved':
        add(calledAt, returnedAt, { is: 'forbidden', what: act.what });
        break;
      case 'notice':
        add(0, returnedAt, { is: 'told', told: act.told });
        break;
      default:
        if (isOfThePayment(act.told)) add(calledAt, returnedAt, { is: 'told', told: act.told });
    }
  }
  return operations;
}

function isOfThePayment(told: Told | undefined): told is Told {
  if (told === undefined) return false;
  if (!('refused' in told)) return true;
  // A suspended institution is refused before anything is remembered, with the same words as for a suspended bank.
  if (told.refused === 'participantSuspended') return false;
  return told.status === unprocessable || told.refused === 'notFound';
}
