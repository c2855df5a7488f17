/** A payment institution: it orders payments through the real SDK, and reports everything that it is told. */
import type { AgreementRequest, AgreementStatus, PaymentRequest, PaymentStatus } from '@clearway/contract';
import { createReceiver, type FinalNotice, type PaymentOrder, Refused } from '@clearway/sdk';
import type { Draw } from './chance.ts';
import { watchHandlers } from './history/index.ts';
import type { Kind } from './oracle.ts';
import {
  createParticipant,
  isUnsettled,
  type Life,
  NotNow,
  type Participant,
  type ParticipantParts,
} from './participant.ts';

export interface SimulatedInstitution extends Participant {
  /** Signs an agreement with the bank; resolves when it is active. */
  sign(bank: string): Promise<string>;
  /** Ends an agreement; resolves when that is told. */
  rescind(agreementId: string): Promise<void>;
  /** Ends some agreement, if there are others. */
  rescindOne(): void;
  /** Asks about everything that it has ordered lately, for some seconds, whatever it is answered. */
  floodEnquiries(): void;
  readonly isOnStream: boolean;
  /** Orders some payment. */
  order(): void;
  /** Orders this payment; resolves when its end is known. */
  pay(chosen: PaymentOrder): Promise<void>;
  /** Sends an order once more, as it was, if its key is still in use, and asks after it: the states that it is told. */
  repeat(paymentId: string): Promise<readonly string[]>;
  /** Orders, signings and rescissions whose end is not known yet. */
  readonly open: number;
  /** What these are. */
  describeOpen(): string[];
}

export interface InstitutionParts extends ParticipantParts {
  readonly draw: Draw;
  /** A known bad way: what is not answered is ordered again under a new identifier. */
  readonly isHasty: boolean;
  /** Banks that are chosen one time in fifty, while there are others. */
  readonly seldom: ReadonlySet<string>;
}

/** What a customer wants, and what has been made of it: all of this is written down. */
interface Wish {
  readonly chosen: PaymentOrder;
  message?: PaymentRequest;
  /** The program that runs has heard of its end; one that dies at once forgets it again. */
  isTold: boolean;
  isEnded: boolean;
  refusal: string;
  readonly ended: () => void;
}

interface Signing {
  readonly bank: string;
  message?: AgreementRequest;
  readonly active: (agreementId: string) => void;
}

interface Rescission {
  readonly agreementId: string;
  readonly bank: string;
  readonly ended: () => void;
}

const isFinal = (state: string) => state === 'succeeded' || state === 'failed';

export const yuan = (minor: number) => ({
  amount: `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}`,
  currency: 'CNY',
});

export function createSimulatedInstitution(parts: InstitutionParts): SimulatedInstitution {
  const { faults, story, oracle, recorder, draw, isHasty, seldom } = parts;
  const { code } = parts.membership;
  const wishes = new Set<Wish>();
  const signings = new Set<Signing>();
  const rescissions = new Set<Rescission>();
  const byPayment = new Map<string, Wish>();
  const agreements: { readonly agreementId: string; readonly bank: string }[] = [];
  /** Those whose end it was told. */
  const rescinded: { readonly agreementId: string; readonly bank: string }[] = [];
  /** Succeeded agreement payments, to give back from. */
  const refundable: { readonly paymentId: string; readonly bank: string; readonly minor: number }[] = [];
  let orders = 0;

  const told = ({ keep, go }: Life, status: PaymentStatus, via: 'answer' | 'enquiry' | 'notice', askedAt: number) => {
    const { paymentId, state, cycle } = status;
    if (state === 'refused') return;
    oracle.told({ paymentId, state, cycle, to: code, via, askedAt });
    const wish = byPayment.get(paymentId);
    if (wish === undefined || wish.isTold || !isFinal(state)) return;
    wish.isTold = true;
    go(() => keep('end of a payment', () => end(wish, state)));
  };

  function end(wish: Wish, state: string): void {
    if (wish.isEnded) return;
    wish.isEnded = true;
    wishes.delete(wish);
    wish.ended();
    const { paymentId, kind, instructedAgent, interbankSettlementAmount } = wish.message!;
    if (state !== 'succeeded' || kind !== 'agreementPayment') return;
    const minor = Math.round(Number(interbankSettlementAmount.amount) * 100);
    refundable.push({ paymentId, bank: instructedAgent, minor });
  }

  function usable() {
    const often = seldom.size === 0 ? agreements : agreements.filter(({ bank }) => !seldom.has(bank));
    const hasBoth = often.length > 0 && often.length < agreements.length;
    return often.length === 0 || (hasBoth && draw.happens(0.02)) ? agreements : often;
  }

  function chooseOrder(): PaymentOrder | undefined {
    const endToEndId = `order-${++orders}`;
    const minor = 1 + Math.floor(10 ** draw.between(1, 5));
    const kind = draw.fraction();
    if (kind < 0.25 && refundable.length > 0) {
      // A little more than what was paid, sometimes: three of these together are too much, and now and then it is a cent.
      const original = draw.pick(refundable);
      const part = draw.happens(0.1) ? original.minor + draw.below(2) : original.minor * draw.between(0.2, 1.05);
      const amount = yuan(Math.max(1, Math.floor(part)));
      return { kind: 'refund', bank: original.bank, amount, endToEndId, originalPaymentId: original.paymentId };
    }
    if (agreements.length === 0) return undefined;
    const isForgetful = rescinded.length > 0 && faults.strikes('institutionUsesRescinded');
    const { bank, agreementId } = draw.pick(isForgetful ? rescinded : usable());
    const amount = yuan(minor);
    if (kind < 0.65 || isForgetful) return { kind: 'agreementPayment', bank, amount, endToEndId, agreementId };
    return { kind: 'payout', bank, amount, endToEndId, creditor: { name: 'Creditor', account: `6200${orders}` } };
  }

  function pay(life: Life, chosen: PaymentOrder): Promise<void> {
    return new Promise((ended) => {
      const wish: Wish = { chosen, isTold: false, isEnded: false, refusal: '', ended };
      wishes.add(wish);
      life.go(() => attempt(life, wish));
    });
  }

  async function attempt(life: Life, wish: Wish): Promise<void> {
    const { sdk, keep, go, rest } = life;
    const { chosen } = wish;
    let message: PaymentRequest | undefined;
    while (message === undefined) {
      try {
        message = await sdk.preparePayment({ expiresInMs: draw.between(3000, 30_000), ...chosen });
      } catch (error) {
        // Without the platform's parameters nothing can be prepared, and nothing was.
        if (!isUnsettled(error)) throw error;
        await rest(2000);
      }
    }
    const { paymentId, kind, instructedAgent, originalPaymentId, agreementId } = message;
    await keep('order', () => {
      wish.message = message;
      byPayment.set(paymentId, wish);
      oracle.ordered({
        paymentId,
        kind: kind as Kind,
        institution: code,
        bank: instructedAgent,
        amount: BigInt(message.interbankSettlementAmount.amount.replace('.', '')),
        original: originalPaymentId,
        agreement: agreementId,
        order: `${code} ${chosen.endToEndId}`,
      });
    });
    if (faults.strikes('institutionFloodsEnquiries')) go(() => flood(life, paymentId));
    const copies = faults.strikes('institutionRepeats') ? 2 + draw.below(4) : 1;
    await pursueAll(life, wish, copies, false);
  }

  async function pursueAll(life: Life, wish: Wish, copies: number, again: boolean): Promise<void> {
    await Promise.all(Array.from({ length: copies }, () => pursue(life, wish, again)));
    // Refused for certain each time, and nobody has told of it otherwise.
    if (wish.isTold) return;
    await life.keep('refusal', () => {
      if (wish.isTold || wish.isEnded) return;
      wish.isEnded = true;
      wishes.delete(wish);
      wish.ended();
      oracle.refused(wish.message!.paymentId, wish.refusal);
    });
  }

  /** Until the end is told, or until a definite refusal; then it gives up. */
  async function pursue(life: Life, wish: Wish, sentBefore: boolean): Promise<void> {
    const { sdk, go, rest } = life;
    const message = wish.message!;
    let again = sentBefore;
    for (let pause = 500; !wish.isTold; pause = Math.min(pause * 2, 30_000)) {
      const askedAt = oracle.heard;
      try {
        const status = await sdk.submitPayment(message, { again });
        told(life, status, 'answer', askedAt);
        // Once it has ended the identifier is known to the platform, so that other content can never be the first.
        if (isFinal(status.state) && faults.strikes('institutionReusesIdentifier'))
          go(() => reuse(life, wish.chosen, message.paymentId));
      } catch (error) {
        if (error instanceof Refused) {
          wish.refusal = error.problem.reason;
          return;
        }
        if (!isUnsettled(error)) throw error;
        if (isHasty && !again) void pay(life, wish.chosen);
      }
      again = true;
      await rest(pause * draw.between(0.5, 1.5));
      if (wish.isTold || draw.happens(0.3)) continue;
      await enquire(life, message.paymentId);
    }
  }

  async function enquire(life: Life, paymentId: string): Promise<void> {
    const askedAt = oracle.heard;
    try {
      told(life, await life.sdk.enquire(paymentId), 'enquiry', askedAt);
    } catch (error) {
      if (!isUnsettled(error)) throw error;
    }
  }

  async function flood(life: Life, paymentId: string): Promise<void> {
    for (let i = 0; i < 10; i++) {
      life.go(() => enquire(life, paymentId));
      await life.rest(draw.between(1, 1000));
    }
  }

  async function floodAll(life: Life): Promise<void> {
    const lately = [...byPayment.keys()].slice(-20);
    for (let second = 0; second < 10; second++) {
      for (const paymentId of lately) life.go(() => enquire(life, paymentId));
      await life.rest(1000);
    }
  }

  /** Another payment under an identifier that is taken. */
  async function reuse({ sdk, rest }: Life, chosen: PaymentOrder, paymentId: string): Promise<void> {
    try {
      await rest(draw.between(0, 5000));
      const message = await sdk.preparePayment({ ...chosen, paymentId, endToEndId: `reused-${orders}` });
      const { state } = await sdk.submitPayment(message);
      // Unknown is what a gateway says that cannot reach the cell in time; anything else says that it was taken.
      oracle.check(state === 'unknown', paymentId, () => `other content under its identifier is answered as ${state}`);
    } catch (error) {
      if (!isUnsettled(error)) throw error;
    }
  }

  // ---- agreements ----

  const agreementTold = (status: AgreementStatus, via: 'answer' | 'enquiry' | 'notice', askedAt: number) => {
    const { agreementId, state } = status;
    oracle.agreementTold({ agreementId, state, to: code, via, askedAt });
    return state;
  };

  /** The state after a step, or as an enquiry tells it; undefined when nothing is known. */
  async function agreementAfter(
    { sdk }: Life,
    agreementId: string,
    step?: () => Promise<AgreementStatus>,
  ): Promise<string | undefined> {
    const askedAt = oracle.heard;
    try {
      if (step !== undefined) return agreementTold(await step(), 'answer', askedAt);
      return agreementTold(await sdk.agreement(agreementId), 'enquiry', askedAt);
    } catch (error) {
      if (!isUnsettled(error)) throw error;
      story.tell(agreementId, `${code} is told nothing of it: ${(error as Error).message}`);
      return undefined;
    }
  }

  async function pursueSigning(life: Life, signing: Signing): Promise<void> {
    const { sdk, keep, rest } = life;
    const { bank } = signing;
    for (;;) {
      const { message } = signing;
      if (message === undefined) {
        try {
          const made = await sdk.prepareAgreement({
            bank,
            paymentLimit: yuan(10_000_00),
            expiresOn: '2030-12-31',
            debtor: { name: 'Debtor', account: '6200', document: '1', phone: '1' },
          });
          await keep('request for an agreement', () => void Object.assign(signing, { message: made }));
        } catch (error) {
          if (!isUnsettled(error)) throw error;
          await rest(2000);
        }
        continue;
      }
      const { agreementId } = message;
      let state = await agreementAfter(life, agreementId, () => sdk.submitAgreement(message));
      state ??= await agreementAfter(life, agreementId);
      if (state === 'codeSent')
        state = await agreementAfter(life, agreementId, () =>
          sdk.confirmAgreement({ agreementId, bank, code: '123456' }),
        );
      if (state === 'active') {
        await keep('agreement', () => {
          if (!signings.delete(signing)) return;
          agreements.push({ agreementId, bank });
          signing.active(agreementId);
        });
        return;
      }
      // One that has failed, or that was never known and never will be, is asked for anew.
      const isOver = state === 'failed' || (state === undefined && life.process.clock.now() > expiryOf(message));
      if (isOver) await keep('end of a signing', () => void Object.assign(signing, { message: undefined }));
      await rest(1000 * draw.between(0.5, 1.5));
    }
  }

  async function pursueRescission(life: Life, rescission: Rescission): Promise<void> {
    const { agreementId } = rescission;
    for (;;) {
      if ((await agreementAfter(life, agreementId, () => life.sdk.rescindAgreement(agreementId))) === 'rescinded')
        break;
      await life.rest(2000);
    }
    await life.keep('rescission', () => {
      rescissions.delete(rescission);
      rescinded.push(rescission);
      rescission.ended();
    });
  }

  function rescind(life: Life, agreementId: string): Promise<void> {
    // From here on it is not used any more.
    const at = agreements.findIndex((one) => one.agreementId === agreementId);
    const [{ bank }] = agreements.splice(at, 1);
    return new Promise((ended) => {
      const rescission = { agreementId, bank, ended };
      rescissions.add(rescission);
      life.go(() => pursueRescission(life, rescission));
    });
  }

  function sign(life: Life, bank: string): Promise<string> {
    return new Promise((active) => {
      const signing: Signing = { bank, active };
      signings.add(signing);
      life.go(() => pursueSigning(life, signing));
    });
  }

  // ---- a life ----

  const participant = createParticipant(parts, (life) => {
    for (const wish of [...wishes]) {
      wish.isTold = false;
      life.go(() => (wish.message === undefined ? attempt(life, wish) : pursueAll(life, wish, 1, true)));
    }
    for (const signing of [...signings]) life.go(() => pursueSigning(life, signing));
    for (const rescission of [...rescissions]) life.go(() => pursueRescission(life, rescission));
    const notice = async ({ payment, agreement }: FinalNotice) => {
      if (faults.strikes('noticeRejected')) throw new NotNow();
      // Over the stream also what is not known yet is told unasked, and it may have been overtaken.
      if (payment !== undefined) told(life, payment, 'notice', isFinal(payment.state) ? oracle.heard : 0);
      if (agreement !== undefined) agreementTold(agreement, 'notice', oracle.heard);
    };
    return createReceiver({ ...life.options, handlers: watchHandlers({ notice }, code, recorder) });
  });

  return {
    code,
    get life() {
      return participant.life;
    },
    start: participant.start,
    rotateKey: participant.rotateKey,
    get isRotating() {
      return participant.isRotating;
    },
    isOnStream: parts.stream !== undefined,
    sign: (bank) => sign(participant.life, bank),
    rescind: (agreementId) => rescind(participant.life, agreementId),
    rescindOne() {
      if (agreements.length > 1) void rescind(participant.life, draw.pick(agreements).agreementId);
    },
    floodEnquiries: () => participant.life.go(() => floodAll(participant.life)),
    order() {
      const chosen = chooseOrder();
      if (chosen !== undefined) void pay(participant.life, chosen);
    },
    pay: (chosen) => pay(participant.life, chosen),
    async repeat(paymentId) {
      const { sdk, options } = participant.life;
      const message = byPayment.get(paymentId)!.message!;
      const enquired = await sdk.enquire(paymentId);
      if (message.signature.keyVersion !== options.signing.version) return [enquired.state];
      const submitted = await sdk.submitPayment(message, { again: true });
      return [submitted.state, enquired.state];
    },
    get open() {
      return wishes.size + signings.size + rescissions.size;
    },
    describeOpen: () => [
      ...[...wishes].map(
        ({ chosen, message }) => `${code} ${chosen.endToEndId} ${message?.paymentId ?? 'not prepared'}`,
      ),
      ...[...signings].map(
        ({ bank, message }) => `${code} signing at ${bank} ${message?.agreementId ?? 'not prepared'}`,
      ),
      ...[...rescissions].map(({ agreementId }) => `${code} rescission of ${agreementId}`),
    ],
  };
}

const expiryOf = (message: AgreementRequest) => Date.parse(message.expiresAt);
