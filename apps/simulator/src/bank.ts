/**
 * A bank with a ledger of its own: what it has decided on a payment it keeps for good. How it behaves towards the
 * platform is another matter.
 */

import type { PaymentStatus } from '@clearway/contract';
import {
  type AgreementDecision,
  type ConfirmationQuestion,
  createReceiver,
  type FinalNotice,
  type Handlers,
  type OfferQuestion,
  type PaymentDecision,
  type PaymentQuestion,
} from '@clearway/sdk';
import type { Draw } from './chance.ts';
import { watchHandlers } from './history/index.ts';
import {
  createParticipant,
  isUnsettled,
  type Life,
  NotNow,
  type Participant,
  type ParticipantParts,
} from './participant.ts';

export interface SimulatedBank extends Participant {
  /** Of a bank on the stream: entries of its ledger whose end it has not been told. */
  readonly untold: number;
}

interface Entry {
  readonly question: PaymentQuestion;
  readonly hash: string;
  isBooked: boolean;
  decision: PaymentDecision;
}

export interface BankParts extends ParticipantParts {
  readonly draw: Draw;
  /** Takes a second copy of an offer for the first. A bank that does not books again. */
  readonly isIdempotent: boolean;
}

/** How often a bank on the stream asks what became of its older entries, ms: of what it answered before its program died nobody tells it. */
const reconcileEveryMs = 20_000;
const never = () => new Promise<never>(() => {});

export function createBank(parts: BankParts): SimulatedBank {
  const { faults, oracle, recorder, draw, isIdempotent } = parts;
  const { code } = parts.membership;
  /** Written down; a decision is told only when it is. */
  const ledger = new Map<string, Entry>();
  /** When they were entered, virtual ms. */
  const untold = new Map<string, number>();
  const isOnStream = parts.stream !== undefined;
  const participant = createParticipant(parts, (life) => {
    const handlers = watchHandlers(createTeller(life), code, recorder);
    if (isOnStream) life.go(() => reconcile(life));
    return createReceiver({ ...life.options, handlers });
  });

  const told = ({ paymentId, state, cycle }: PaymentStatus, via: 'answer' | 'enquiry' | 'notice', askedAt: number) => {
    oracle.told({ paymentId, state, cycle, to: code, via, askedAt });
    if (state === 'succeeded' || state === 'failed') untold.delete(paymentId);
  };

  async function reconcile({ rest, sdk }: Life): Promise<void> {
    for (;;) {
      await rest(reconcileEveryMs);
      for (const [paymentId, enteredAt] of untold) {
        if (parts.time.elapsed - enteredAt < reconcileEveryMs) break;
        const askedAt = oracle.heard;
        try {
          told(await sdk.enquire(paymentId), 'enquiry', askedAt);
        } catch (error) {
          if (!isUnsettled(error)) throw error;
        }
      }
    }
  }

  /** What the bank does while its program runs; nothing here outlives it. */
  function createTeller({ process: { clock }, sdk, keep, rest, go }: Life): Handlers {
    /** Decisions that are being written down, by payment. */
    const deciding = new Map<string, Promise<Entry>>();

    const decided = (answer: PaymentDecision['answer'], reason?: PaymentDecision['reason']): PaymentDecision => ({
      answer,
      answeredAt: clock.now(),
      ...(reason !== undefined && { reason }),
    });

    /** The entry of the payment, made by `decide` if there is none. */
    async function entryOf(question: PaymentQuestion, decide: () => PaymentDecision): Promise<Entry> {
      const { paymentId } = question.payment;
      const known = ledger.get(paymentId);
      const entry = known ?? (await (deciding.get(paymentId) ?? enter(question, decide())));
      oracle.check(entry.hash === question.paymentHash, paymentId, () => {
        return `bank ${code} is asked about it with two contents`;
      });
      return entry;
    }

    function enter(question: PaymentQuestion, decision: PaymentDecision): Promise<Entry> {
      const { paymentId } = question.payment;
      const entry = { question, hash: question.paymentHash, isBooked: decision.answer === 'succeeded', decision };
      const entered = keep('ledger', () => {
        ledger.set(paymentId, entry);
        if (isOnStream) untold.set(paymentId, parts.time.elapsed);
        if (entry.isBooked) oracle.booked(code, paymentId);
        deciding.delete(paymentId);
        return entry;
      });
      deciding.set(paymentId, entered);
      return entered;
    }

    /** What the ledger says of an offer; a new one is decided. */
    async function decideOffer(question: OfferQuestion): Promise<Entry> {
      const { paymentId } = question.payment;
      const wasKnown = ledger.has(paymentId) || deciding.has(paymentId);
      const entry = await entryOf(question, () => {
        if (clock.now() >= question.expiresAt) return decided('neverProcessed');
        return draw.happens(0.1) ? decided('failed', 'bankInsufficientFunds') : decided('succeeded');
      });
      if (wasKnown && !isIdempotent && entry.isBooked)
        await keep('ledger, again', () => oracle.booked(code, paymentId));
      return entry;
    }

    /** Tells unasked; what comes back is what the platform holds. */
    const tell = async (question: Pick<PaymentQuestion, 'payment' | 'paymentHash'>, decision: PaymentDecision) => {
      const askedAt = oracle.heard;
      try {
        told(await sdk.answerLater(question, decision), 'answer', askedAt);
      } catch (error) {
        // Refused or unanswered: the platform enquires, and tells by notice what it holds.
        if (!isUnsettled(error)) throw error;
      }
    };

    const later = (delayMs: number, run: () => Promise<void>) => void clock.after(delayMs, () => go(run));

    async function offer(question: OfferQuestion): Promise<PaymentDecision | 'later'> {
      await rest(draw.between(2, 80));
      if (faults.strikes('bankSilentUnbooked')) return never();
      if (faults.strikes('bankSlow')) await rest(draw.between(500, 20_000));
      const entry = await decideOffer(question);
      const ofNow = () => tell(question, entry.decision);
      if (faults.strikes('bankAnswersTwice')) later(draw.between(0, 8000), ofNow);
      if (faults.strikes('bankUnasked')) later(draw.between(0, 5000), () => tellUnasked(question));
      if (faults.strikes('bankSilentBooked')) return never();
      if (faults.strikes('bankLate')) {
        later(draw.between(100, 40_000), ofNow);
        return 'later';
      }
      await rest(draw.between(2, 80));
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
      await rest(draw.between(1, 40));
      if (faults.strikes('bankSilentOnEnquiry')) return never();
      if (faults.strikes('bankSlow')) await rest(draw.between(500, 20_000));
      const { paymentId } = question.payment;
      const isKnown = ledger.has(paymentId) || deciding.has(paymentId);
      if (!isKnown && clock.now() < question.expiresAt) return decided('notKnownYet');
      return (await entryOf(question, () => decided('neverProcessed'))).decision;
    }

    async function reversal(question: PaymentQuestion): Promise<PaymentDecision> {
      await rest(draw.between(1, 40));
      const entry = await entryOf(question, () => decided('blocked'));
      if (entry.isBooked)
        await keep('ledger, reversed', () => {
          if (!entry.isBooked) return;
          oracle.undone(code, question.payment.paymentId);
          entry.isBooked = false;
          entry.decision = decided('reversed');
        });
      if (faults.strikes('bankSilentBooked')) return never();
      return entry.decision;
    }

    async function confirmation({ confirmation: { agreementId } }: ConfirmationQuestion): Promise<AgreementDecision> {
      await rest(draw.between(1, 40));
      await keep('agreement', () => oracle.agreed(code, agreementId));
      return { answer: 'active', answeredAt: clock.now() };
    }

    async function notice({ payment, agreement }: FinalNotice): Promise<void> {
      if (faults.strikes('noticeRejected')) throw new NotNow();
      const askedAt = oracle.heard;
      if (agreement !== undefined) {
        const { agreementId, state } = agreement;
        oracle.agreementTold({ agreementId, state, to: code, via: 'notice', askedAt });
      }
      if (payment === undefined) return;
      const { paymentId } = payment;
      told(payment, 'notice', askedAt);
      const entry = ledger.get(paymentId);
      if (entry !== undefined && faults.strikes('bankContradicts')) {
        const denied = entry.isBooked ? decided('failed', 'bankDeclined') : decided('succeeded');
        later(draw.between(10, 5000), () => tell(entry.question, denied));
      }
    }

    return {
      offer,
      enquiry,
      reversal,
      notice,
      signing: async () => ({ answer: 'codeSent', answeredAt: clock.now() }),
      confirmation,
    };
  }

  return {
    get code() {
      return code;
    },
    get life() {
      return participant.life;
    },
    start: participant.start,
    rotateKey: participant.rotateKey,
    get isRotating() {
      return participant.isRotating;
    },
    get untold() {
      return untold.size;
    },
  };
}
