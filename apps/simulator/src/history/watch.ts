/** Writes down what passes through an institution's SDK and handlers, and changes nothing of it. */
import type { PaymentStatus } from '@clearway/contract';
import { type Handlers, type Institution, type PaymentQuestion, Refused, Unanswered } from '@clearway/sdk';
import type { Oracle } from '../oracle.ts';
import type { Recorder, Told } from './history.ts';

const toldBy = ({ state, cycle }: PaymentStatus): Told => ({ state, cycle: cycle ?? 0 });

const ends = new Set(['succeeded', 'failed', 'refused']);

/** How the SDK says that an end was told which it does not believe. */
const disbelief = /^payment \d+ is told as /;

/** `isOnStream`: what it submits again is answered by its own SDK with what was told last, as long as that is no end. */
export function watchInstitution(sdk: Institution, code: string, recorder: Recorder, isOnStream = false): Institution {
  const signatures = new Map<string, string>();

  /**
   * Nothing is told by an error, unless it is a definite refusal; nor by `unknown` to an order that is repeated: so
   * answers a gateway whose cell cannot be asked in time.
   */
  async function tell(
    paymentId: string,
    answer: Promise<PaymentStatus>,
    end: (told: Told) => void,
    isRepeated = false,
  ): Promise<PaymentStatus> {
    try {
      const status = await answer;
      const isOld = status.state === 'unknown' || (isOnStream && !ends.has(status.state));
      if (!isRepeated || !isOld) end(toldBy(status));
      return status;
    } catch (error) {
      if (error instanceof Refused) end({ refused: error.problem.reason, status: error.problem.status });
      if (error instanceof Unanswered && disbelief.test(error.message))
        recorder.happens(paymentId, code, { does: 'unproved', what: error.message });
      throw error;
    }
  }

  return {
    ...sdk,
    submitPayment(message, options) {
      const { paymentId } = message;
      const signature = JSON.stringify(message.signature);
      const first = signatures.get(paymentId) ?? signature;
      signatures.set(paymentId, first);
      // Other content under a taken identifier is no operation on this payment.
      const end =
        signature === first ? recorder.begins(paymentId, code, { does: 'submit', told: undefined }) : () => {};
      return tell(paymentId, sdk.submitPayment(message, options), end, options?.again);
    },
    enquire: (paymentId) =>
      tell(paymentId, sdk.enquire(paymentId), recorder.begins(paymentId, code, { does: 'enquire', told: undefined })),
    answerLater(question, decision) {
      const { payment, paymentHash: hash } = question;
      const says = { does: 'says', answer: decision.answer, hash, told: undefined } as const;
      const { paymentId } = payment;
      return tell(paymentId, sdk.answerLater(question, decision), recorder.begins(paymentId, code, says));
    },
  };
}

type Asked = 'offer' | 'enquiry' | 'reversal';

export function watchHandlers(handlers: Handlers, code: string, recorder: Recorder): Handlers {
  const watched = (question: Asked) => {
    const handle = handlers[question] as Handlers['enquiry'];
    if (handle === undefined) return {};
    return {
      [question]: async (asked: PaymentQuestion) => {
        const { payment, paymentHash: hash } = asked;
        recorder.happens(payment.paymentId, code, { does: 'asked', question, hash });
        const decision = await handle(asked);
        if (decision !== 'later')
          recorder.happens(payment.paymentId, code, { does: 'says', answer: decision.answer, hash, told: undefined });
        return decision;
      },
    };
  };
  return {
    ...handlers,
    ...watched('offer'),
    ...watched('enquiry'),
    ...watched('reversal'),
    notice(notice) {
      const { payment } = notice;
      if (payment !== undefined) recorder.happens(payment.paymentId, code, { does: 'notice', told: toldBy(payment) });
      return handlers.notice(notice);
    },
  };
}

/** What the judge hears of orders, ledgers and settlements is written down too. */
export function recordFrom(oracle: Oracle, recorder: Recorder): Oracle {
  const heard: Pick<Oracle, 'ordered' | 'booked' | 'undone' | 'settled'> = {
    ordered(order) {
      recorder.ordered(order);
      oracle.ordered(order);
    },
    booked(bank, paymentId) {
      recorder.happens(paymentId, bank, { does: 'book' });
      oracle.booked(bank, paymentId);
    },
    undone(bank, paymentId) {
      recorder.happens(paymentId, bank, { does: 'undo' });
      oracle.undone(bank, paymentId);
    },
    settled(cycle, positions) {
      recorder.settled(cycle);
      oracle.settled(cycle, positions);
    },
  };
  // Its counters are read through: what is copied of them would stand still.
  return Object.assign(Object.create(oracle) as Oracle, heard);
}
