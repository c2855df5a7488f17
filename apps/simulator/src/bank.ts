/**
 * A bank with a ledger of its own: what it has decided on a payment it keeps for good. How it behaves towards the
 * platform is another matter.
 */

import type { HttpHandler } from '@clearway/ports';
import {
  createInstitution,
  createReceiver,
  type FinalNotice,
  type InstitutionOptions,
  type OfferQuestion,
  type PaymentDecision,
  type PaymentQuestion,
} from '@clearway/sdk';
import type { Draw } from './chance.ts';
import type { Faults } from './faults.ts';
import { type Recorder, watchHandlers, watchInstitution } from './history/index.ts';
import type { Oracle } from './oracle.ts';
import type { Time } from './time.ts';

interface Entry {
  readonly question: PaymentQuestion;
  readonly hash: string;
  isBooked: boolean;
  decision: PaymentDecision;
}

export interface BankOptions {
  readonly institution: InstitutionOptions;
  readonly time: Time;
  readonly faults: Faults;
  readonly oracle: Oracle;
  readonly recorder: Recorder;
  readonly draw: Draw;
  /** Takes a second copy of an offer for the first. A bank that does not books again. */
  readonly isIdempotent: boolean;
}

const never = () => new Promise<never>(() => {});

export function createBank(options: BankOptions): HttpHandler {
  const { institution, time, faults, oracle, recorder, draw, isIdempotent } = options;
  const { code } = institution;
  const { clock } = institution.ports;
  const ledger = new Map<string, Entry>();
  const sdk = watchInstitution(createInstitution(institution), code, recorder);
  const decided = (answer: PaymentDecision['answer'], reason?: PaymentDecision['reason']): PaymentDecision => ({
    answer,
    answeredAt: clock.now(),
    ...(reason !== undefined && { reason }),
  });

  const keep = (question: PaymentQuestion, decision: PaymentDecision): Entry => {
    const entry = { question, hash: question.paymentHash, isBooked: decision.answer === 'succeeded', decision };
    ledger.set(question.payment.paymentId, entry);
    return entry;
  };

  const entryOf = (question: PaymentQuestion): Entry | undefined => {
    const entry = ledger.get(question.payment.paymentId);
    if (entry !== undefined)
      oracle.check(entry.hash === question.paymentHash, question.payment.paymentId, () => {
        return `bank ${code} is asked about it with two contents`;
      });
    return entry;
  };

  const book = (question: PaymentQuestion): Entry => {
    oracle.booked(code, question.payment.paymentId);
    return keep(question, decided('succeeded'));
  };

  /** What the ledger says of an offer; a new one is decided. */
  const decideOffer = (question: OfferQuestion): Entry => {
    const entry = entryOf(question);
    if (entry !== undefined) {
      if (!isIdempotent && entry.isBooked) oracle.booked(code, question.payment.paymentId);
      return entry;
    }
    if (clock.now() >= question.expiresAt) return keep(question, decided('neverProcessed'));
    if (draw.happens(0.1)) return keep(question, decided('failed', 'bankInsufficientFunds'));
    return book(question);
  };

  /** Tells unasked; what comes back is what the platform holds. */
  const tell = async (question: Pick<PaymentQuestion, 'payment' | 'paymentHash'>, decision: PaymentDecision) => {
    const askedAt = oracle.heard;
    try {
      const { paymentId, state, cycle } = await sdk.answerLater(question, decision);
      oracle.told({ paymentId, state, cycle, to: code, via: 'answer', askedAt });
    } catch (error) {
      // Refused or unanswered: the platform enquires, and tells by notice what it holds.
      if (!['Refused', 'Unanswered'].includes((error as Error).name)) throw error;
    }
  };

  const later = (delayMs: number, run: () => Promise<void>) => {
    time.after(delayMs, () => {
      run().catch((error: Error) => oracle.breach(code, `the bank's program failed: ${error.stack}`));
    });
  };

  async function offer(question: OfferQuestion): Promise<PaymentDecision | 'later'> {
    await time.rest(draw.between(2, 80));
    if (faults.strikes('bankSilentUnbooked')) return never();
    if (faults.strikes('bankSlow')) await time.rest(draw.between(500, 20_000));
    const entry = decideOffer(question);
    const ofNow = () => tell(question, entry.decision);
    if (faults.strikes('bankAnswersTwice')) later(draw.between(0, 8000), ofNow);
    if (faults.strikes('bankUnasked')) later(draw.between(0, 5000), () => tellUnasked(question));
    if (faults.strikes('bankSilentBooked')) return never();
    if (faults.strikes('bankLate')) {
      later(draw.between(100, 40_000), ofNow);
      return 'later';
    }
    await time.rest(draw.between(2, 80));
    return entry.decision;
  }

  /** About a payment that does not exist, or with a hash that is not its own. */
  function tellUnasked({ payment, paymentHash }: PaymentQuestion): Promise<void> {
    const sequence = String(draw.below(1e9)).padStart(11, '9');
    const invented = `${payment.paymentId.slice(0, 14)}${sequence}${payment.paymentId.slice(-6)}`;
    return draw.happens(0.5)
      ? tell({ payment: { ...payment, paymentId: invented }, paymentHash }, decided('succeeded'))
      : tell({ payment, paymentHash: 'f'.repeat(64) }, decided('succeeded'));
  }

  async function enquiry(question: PaymentQuestion): Promise<PaymentDecision> {
    await time.rest(draw.between(1, 40));
    if (faults.strikes('bankSlow')) await time.rest(draw.between(500, 20_000));
    const entry = entryOf(question);
    if (entry !== undefined) return entry.decision;
    if (clock.now() < question.expiresAt) return decided('notKnownYet');
    return keep(question, decided('neverProcessed')).decision;
  }

  async function reversal(question: PaymentQuestion): Promise<PaymentDecision> {
    await time.rest(draw.between(1, 40));
    const entry = entryOf(question) ?? keep(question, decided('blocked'));
    if (entry.isBooked) {
      oracle.undone(code, question.payment.paymentId);
      entry.isBooked = false;
      entry.decision = decided('reversed');
    }
    if (faults.strikes('bankSilentBooked')) return never();
    return entry.decision;
  }

  async function notice({ payment, cycle }: FinalNotice): Promise<void> {
    if (faults.strikes('noticeRejected')) throw new Error('the bank cannot take it now');
    if (cycle !== undefined) return;
    if (payment === undefined) return;
    const { paymentId, state } = payment;
    oracle.told({ paymentId, state, cycle: payment.cycle, to: code, via: 'notice', askedAt: oracle.heard });
    const entry = ledger.get(paymentId);
    if (entry !== undefined && faults.strikes('bankContradicts')) {
      const denied = entry.isBooked ? decided('failed', 'bankDeclined') : decided('succeeded');
      later(draw.between(10, 5000), () => tell(entry.question, denied));
    }
  }

  return createReceiver({
    ...institution,
    handlers: watchHandlers(
      {
        offer,
        enquiry,
        reversal,
        notice,
        signing: async () => ({ answer: 'codeSent', answeredAt: clock.now() }),
        confirmation: async () => ({ answer: 'active', answeredAt: clock.now() }),
      },
      code,
      recorder,
    ),
  });
}
