/** The bank: what it answers when it is asked. Every decision is in the journal before it is told. */

import type { Ports } from '@clearway/ports';
import {
  type FinalNotice,
  type Handlers,
  type Institution,
  type OfferQuestion,
  type PaymentDecision,
  type PaymentQuestion,
  Refusal,
  Refused,
  Unanswered,
} from '@clearway/sdk';
import { chooseConduct } from './behaviour.ts';
import type { Counters } from './counters.ts';
import type { Write } from './durable-ledger.ts';
import { ContradictionError, type Decided, type Ledger } from './ledger.ts';
import type { PhoneNetwork } from './phone-network.ts';
import type { BankBehaviour } from './settings.ts';

export interface BankParts {
  readonly ports: Pick<Ports, 'clock' | 'chance'>;
  readonly ledger: Ledger;
  readonly write: Write;
  readonly institution: Pick<Institution, 'answerLater'>;
  readonly phones: PhoneNetwork;
  readonly counters: Counters;
  readonly behaviour: BankBehaviour;
  readonly seed: number;
  /** Something that a person should look at. */
  problem(message: string): void;
  /** A cycle was told as settled. */
  cycleSettled(): void;
}

export function createBank(parts: BankParts): Handlers {
  const { ports, ledger, write, institution, phones, counters, behaviour, seed, problem, cycleSettled } = parts;
  const { clock, chance } = ports;

  const pause = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve));

  async function commit<D>(decide: () => Decided<D>): Promise<D> {
    const { decision, records } = asRefusal(decide);
    await write(records);
    return decision;
  }

  async function offer(question: OfferQuestion): Promise<PaymentDecision | 'later'> {
    const { paymentId } = question.payment;
    counters.offers += 1;
    const conduct = chooseConduct(behaviour, seed, paymentId);
    const repeated = ledger.payment(paymentId) !== undefined;
    if (repeated) counters.repeatedOffers += 1;
    if (conduct.fate === 'lost' && !repeated) {
      counters.lost += 1;
      await pause(question.deadline - clock.now() + 1);
      return 'later';
    }
    const decision = await commit(() => ledger.decideOffer(question, clock.now(), conduct.declined));
    if (!repeated && decision.answer === 'succeeded') counters.succeeded += 1;
    if (!repeated && decision.answer === 'failed') counters.failed += 1;
    if (conduct.fate === 'late' && !repeated) {
      counters.late += 1;
      clock.after(behaviour.lateByMs, () => tellLater(question));
      return 'later';
    }
    await pause(conduct.latencyMs);
    if (conduct.duplicate) clock.after(conduct.latencyMs, () => tellLater(question));
    return decision;
  }

  /** What is in the books by then: a reversal may have come between. */
  function tellLater(question: PaymentQuestion): void {
    const { decision } = ledger.payment(question.payment.paymentId)!;
    institution.answerLater(question, decision).catch((error) => {
      // The platform will enquire; what it refuses, it has decided otherwise and tells by notice.
      if (!(error instanceof Refused || error instanceof Unanswered)) throw error;
    });
  }

  async function notice({ payment, agreement, cycle }: FinalNotice): Promise<void> {
    if (payment?.state === 'succeeded' && payment.cycle !== undefined) {
      const { paymentId, cycle: cleared } = payment;
      await write(asRefusal(() => ledger.decideFinal(paymentId, cleared)));
    }
    if (agreement?.state === 'rescinded') await write(ledger.decideRescission(agreement.agreementId));
    if (cycle?.state === 'settled') cycleSettled();
  }

  /** The asker contradicts what is known: refuse, and tell a person. */
  function asRefusal<T>(decide: () => T): T {
    try {
      return decide();
    } catch (error) {
      if (!(error instanceof ContradictionError)) throw error;
      problem(error.message);
      throw new Refusal('identifierReused', error.message);
    }
  }

  return {
    offer,
    enquiry(question) {
      counters.enquiries += 1;
      return commit(() => ledger.decideEnquiry(question, clock.now()));
    },
    reversal(question) {
      counters.reversals += 1;
      return commit(() => ledger.decideReversal(question, clock.now()));
    },
    async signing(question) {
      const { agreementId } = question.agreement;
      const drawn = new DataView(chance.bytes(4).buffer).getUint32(0) % 1_000_000;
      const decision = await commit(() => ledger.decideSigning(question, clock.now(), String(drawn).padStart(6, '0')));
      sendCode(ledger, phones, agreementId);
      return decision;
    },
    confirmation: (question) => commit(() => ledger.decideConfirmation(question, clock.now())),
    notice,
  };
}

/** To the phone of the account's holder, if the bank made a code for this agreement. */
export function sendCode(ledger: Ledger, phones: PhoneNetwork, agreementId: string): void {
  const { code, account } = ledger.agreement(agreementId)!;
  if (code && account) phones.send(ledger.account(account)!.holder.phone, { agreementId, code });
}
