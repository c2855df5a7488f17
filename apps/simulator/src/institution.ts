/** A payment institution: it orders payments through the real SDK, and reports everything that it is told. */
import type { PaymentRequest, PaymentStatus } from '@clearway/contract';
import type { HttpHandler } from '@clearway/ports';
import {
  createInstitution,
  createReceiver,
  type FinalNotice,
  type Institution,
  type InstitutionOptions,
  type PaymentOrder,
  Refused,
} from '@clearway/sdk';
import type { Draw } from './chance.ts';
import type { Faults } from './faults.ts';
import { type Recorder, watchHandlers, watchInstitution } from './history/index.ts';
import type { Kind, Oracle } from './oracle.ts';
import type { Time } from './time.ts';

export interface SimulatedInstitution {
  readonly code: string;
  readonly sdk: Institution;
  readonly handler: HttpHandler;
  /** Signs an agreement with each bank. */
  sign(banks: readonly string[]): Promise<void>;
  /** Orders one payment and pursues it to its end. */
  order(): void;
  /** Orders whose end is not known yet. */
  readonly open: number;
}

export interface InstitutionParts {
  readonly institution: InstitutionOptions;
  readonly time: Time;
  readonly faults: Faults;
  readonly oracle: Oracle;
  readonly recorder: Recorder;
  readonly draw: Draw;
  /** A known bad way: what is not answered is ordered again under a new identifier. */
  readonly isHasty: boolean;
}

interface Pursuit {
  readonly message: PaymentRequest;
  isEnded: boolean;
  refusal: string;
}

const isFinal = (state: string) => state === 'succeeded' || state === 'failed';

export function createSimulatedInstitution(parts: InstitutionParts): SimulatedInstitution {
  const { institution, time, faults, oracle, recorder, draw, isHasty } = parts;
  const { code } = institution;
  const sdk = watchInstitution(createInstitution(institution), code, recorder);
  const pursuits = new Map<string, Pursuit>();
  const agreements: { readonly agreementId: string; readonly bank: string }[] = [];
  /** Succeeded agreement payments, to give back from. */
  const refundable: { readonly paymentId: string; readonly bank: string; readonly minor: number }[] = [];
  let orders = 0;
  let open = 0;

  const money = (minor: number) => ({
    amount: `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}`,
    currency: 'CNY',
  });

  const told = (status: PaymentStatus, via: 'answer' | 'enquiry' | 'notice', askedAt: number) => {
    const { paymentId, state, cycle } = status;
    if (state === 'refused') return;
    oracle.told({ paymentId, state, cycle, to: code, via, askedAt });
    const pursuit = pursuits.get(paymentId);
    if (pursuit === undefined || pursuit.isEnded || !isFinal(state)) return;
    pursuit.isEnded = true;
    open--;
    const { kind, instructedAgent, interbankSettlementAmount } = pursuit.message;
    if (state === 'succeeded' && kind === 'agreementPayment')
      refundable.push({
        paymentId,
        bank: instructedAgent,
        minor: Math.round(Number(interbankSettlementAmount.amount) * 100),
      });
  };

  function chooseOrder(): PaymentOrder {
    const endToEndId = `order-${++orders}`;
    const minor = 1 + Math.floor(10 ** draw.between(1, 5));
    const kind = draw.fraction();
    if (kind < 0.25 && refundable.length > 0) {
      // A little more than what was paid, sometimes: three of these together are too much.
      const original = draw.pick(refundable);
      const amount = money(Math.max(1, Math.floor(original.minor * draw.between(0.2, 1.05))));
      return { kind: 'refund', bank: original.bank, amount, endToEndId, originalPaymentId: original.paymentId };
    }
    const { bank, agreementId } = draw.pick(agreements);
    const amount = money(minor);
    if (kind < 0.65) return { kind: 'agreementPayment', bank, amount, endToEndId, agreementId };
    return { kind: 'payout', bank, amount, endToEndId, creditor: { name: 'Creditor', account: `6200${orders}` } };
  }

  async function order(): Promise<void> {
    const chosen = chooseOrder();
    await attempt(chosen);
  }

  async function attempt(chosen: PaymentOrder): Promise<void> {
    let message: PaymentRequest;
    try {
      message = await sdk.preparePayment({ ...chosen, expiresInMs: draw.between(3000, 30_000) });
    } catch (error) {
      // Without the platform's parameters nothing can be prepared, and nothing was.
      if (['Refused', 'Unanswered'].includes((error as Error).name)) return;
      throw error;
    }
    const { paymentId, kind, instructedAgent, originalPaymentId } = message;
    oracle.ordered({
      paymentId,
      kind: kind as Kind,
      institution: code,
      bank: instructedAgent,
      amount: BigInt(message.interbankSettlementAmount.amount.replace('.', '')),
      original: originalPaymentId,
      order: `${code} ${chosen.endToEndId}`,
    });
    const pursuit: Pursuit = { message, isEnded: false, refusal: '' };
    pursuits.set(paymentId, pursuit);
    open++;
    if (faults.strikes('institutionFloodsEnquiries')) start(() => flood(paymentId));
    const copies = faults.strikes('institutionRepeats') ? 2 + draw.below(4) : 1;
    await Promise.all(Array.from({ length: copies }, () => pursue(pursuit, chosen)));
    // Refused for certain each time, and nobody has told of it otherwise.
    if (!pursuit.isEnded) {
      pursuit.isEnded = true;
      open--;
      oracle.refused(paymentId, pursuit.refusal);
    }
  }

  /** Until the end is told, or until a definite refusal; then it gives up. */
  async function pursue(pursuit: Pursuit, chosen: PaymentOrder): Promise<void> {
    const { message } = pursuit;
    let again = false;
    for (let pause = 500; !pursuit.isEnded; pause = Math.min(pause * 2, 30_000)) {
      const askedAt = oracle.heard;
      try {
        told(await sdk.submitPayment(message, { again }), 'answer', askedAt);
        // Once it has ended the identifier is known to the platform, so that other content can never be the first.
        if (pursuit.isEnded && faults.strikes('institutionReusesIdentifier'))
          start(() => reuse(chosen, message.paymentId));
      } catch (error) {
        const { name } = error as Error;
        if (error instanceof Refused) {
          pursuit.refusal = error.problem.reason;
          return;
        }
        if (name !== 'Unanswered') throw error;
        if (isHasty && !again) start(() => attempt(chosen));
      }
      again = true;
      if (pursuit.isEnded) return;
      await time.rest(pause * draw.between(0.5, 1.5));
      if (pursuit.isEnded || draw.happens(0.3)) continue;
      await enquire(message.paymentId);
    }
  }

  async function enquire(paymentId: string): Promise<void> {
    const askedAt = oracle.heard;
    try {
      told(await sdk.enquire(paymentId), 'enquiry', askedAt);
    } catch (error) {
      if (!['Refused', 'Unanswered'].includes((error as Error).name)) throw error;
    }
  }

  async function flood(paymentId: string): Promise<void> {
    for (let i = 0; i < 10; i++) {
      start(() => enquire(paymentId));
      await time.rest(draw.between(1, 1000));
    }
  }

  /** Another payment under an identifier that is taken. */
  async function reuse(chosen: PaymentOrder, paymentId: string): Promise<void> {
    try {
      await time.rest(draw.between(0, 5000));
      const message = await sdk.preparePayment({ ...chosen, paymentId, endToEndId: `reused-${orders}` });
      const { state } = await sdk.submitPayment(message);
      // Unknown is what a gateway says that cannot reach the cell in time; anything else says that it was taken.
      oracle.check(state === 'unknown', paymentId, () => `other content under its identifier is answered as ${state}`);
    } catch (error) {
      if (!['Refused', 'Unanswered'].includes((error as Error).name)) throw error;
    }
  }

  async function notice({ payment }: FinalNotice): Promise<void> {
    if (faults.strikes('noticeRejected')) throw new Error('the institution cannot take it now');
    if (payment !== undefined) told(payment, 'notice', oracle.heard);
  }

  const start = (run: () => Promise<void>) => {
    run().catch((error: Error) => oracle.breach(code, `the institution's program failed: ${error.stack}`));
  };

  return {
    code,
    sdk,
    handler: createReceiver({ ...institution, handlers: watchHandlers({ notice }, code, recorder) }),
    async sign(banks) {
      for (const bank of banks) {
        const { agreementId } = await sdk.requestAgreement({
          bank,
          paymentLimit: money(10_000_00),
          expiresOn: '2030-12-31',
          debtor: { name: 'Debtor', account: '6200', document: '1', phone: '1' },
        });
        await sdk.confirmAgreement({ agreementId, bank, code: '123456' });
        agreements.push({ agreementId, bank });
      }
    },
    order: () => start(order),
    get open() {
      return open;
    },
  };
}
