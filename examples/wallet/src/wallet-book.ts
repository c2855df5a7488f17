/**
 * The wallet's own record: what it meant to pay, before it sent it, and every answer that it ever received.
 *
 * The book is a pure function of its records. Final is final: what succeeded or failed stays so, and a word to the
 * contrary is a contradiction for a person to look at. Payments are forgotten some cycles after they have ended; the
 * journal file keeps them.
 */
import { type PaymentRequest, type PaymentStatus, parseAmount } from '@clearway/contract';
import type { OwnPayment } from '@clearway/sdk';
import { type Customer, customerKey, readCustomerKey } from './customer.ts';
import type { Recorded } from './report.ts';

/** Where an answer came from. */
export type Source = 'submit' | 'enquiry' | 'notice' | 'file';

/** Times in ms since 1970. */
export type WalletRecord =
  /** `agreementId` absent: the agreement is no more, the customer has to sign anew. */
  | {
      readonly type: 'agreement';
      readonly at: number;
      readonly bank: string;
      readonly number: number;
      readonly agreementId?: string;
    }
  /** Written before the message is sent. */
  | { readonly type: 'intent'; readonly at: number; readonly message: PaymentRequest }
  | {
      readonly type: 'answer';
      readonly at: number;
      readonly source: Source;
      readonly paymentId: string;
      readonly state: PaymentStatus['state'];
      readonly reason?: string;
      readonly cycle?: number;
    }
  /** A definite refusal: nothing was done. */
  | { readonly type: 'refusal'; readonly at: number; readonly paymentId: string; readonly reason: string }
  /** No answer after all attempts: it may have been done. */
  | { readonly type: 'unanswered'; readonly at: number; readonly paymentId: string; readonly why: string }
  | { readonly type: 'reconciled'; readonly at: number; readonly cycle: number; readonly differences: number };

export interface WalletPayment {
  readonly message: PaymentRequest;
  /** Minor units. */
  readonly amount: number;
  /** `open`: no definite outcome yet. */
  readonly state: 'open' | 'succeeded' | 'failed' | 'refused';
  /** Of what failed or was refused. */
  readonly reason: string | undefined;
  /** Whether the platform has ever told a state of it. */
  readonly told: boolean;
  readonly cycle: number | undefined;
}

export interface Refundable {
  readonly paymentId: string;
  readonly bank: string;
  /** Minor units that may still be refunded. */
  readonly left: number;
}

export type WalletBook = ReturnType<typeof createWalletBook>;

/** Refunds are asked for the latest successes only. */
const mostRefundable = 5_000;
const mostRecent = 200;
/** Ended payments are remembered for so many reconciled cycles more. */
const cyclesRemembered = 3;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

export function createWalletBook() {
  const agreements = new Map<string, string>();
  const payments = new Map<string, Writable<WalletPayment>>();
  const open = new Map<string, WalletPayment>();
  /** By cycle; under 0 those whose cycle is not told yet. */
  const successes = new Map<number, Set<string>>([[0, new Set()]]);
  const refundable = new Map<string, Writable<Refundable>>();
  const recent: string[] = [];
  const reconciled = new Set<number>();
  const recorded = { sent: 0, succeeded: 0, failed: 0, refused: 0 };
  /** Payments that ended since the last reconciliation, and those that ended before each earlier one. */
  let ended: string[] = [];
  const endedBefore: string[][] = [];

  function end(payment: Writable<WalletPayment>, state: 'succeeded' | 'failed' | 'refused', reason?: string): void {
    payment.state = state;
    payment.reason = reason;
    recorded[state] += 1;
    open.delete(payment.message.paymentId);
    ended.push(payment.message.paymentId);
    if (payment.message.kind !== 'refund') return;
    // What was set aside of the original is free again.
    const original = refundable.get(payment.message.originalPaymentId!);
    if (original && state !== 'succeeded') original.left += payment.amount;
  }

  function succeed(payment: Writable<WalletPayment>): void {
    const { paymentId, kind, instructedAgent: bank } = payment.message;
    end(payment, 'succeeded');
    successes.get(0)!.add(paymentId);
    if (kind !== 'agreementPayment') return;
    refundable.set(paymentId, { paymentId, bank, left: payment.amount });
    if (refundable.size > mostRefundable) refundable.delete(refundable.keys().next().value!);
  }

  function place(paymentId: string, cycle: number): void {
    successes.get(0)!.delete(paymentId);
    successes.set(cycle, (successes.get(cycle) ?? new Set()).add(paymentId));
  }

  function takeAnswer({ paymentId, state, reason, cycle }: Extract<WalletRecord, { type: 'answer' }>): void {
    const payment = payments.get(paymentId);
    if (!payment) return;
    payment.told = true;
    if (payment.state === 'open' && state === 'succeeded') succeed(payment);
    if (payment.state === 'open' && state === 'failed') end(payment, 'failed', reason);
    if (payment.state === 'succeeded' && payment.cycle === undefined && cycle !== undefined) {
      payment.cycle = cycle;
      place(paymentId, cycle);
    }
  }

  function forget(): void {
    endedBefore.push(ended);
    ended = [];
    if (endedBefore.length <= cyclesRemembered) return;
    for (const paymentId of endedBefore.shift()!) {
      const payment = payments.get(paymentId);
      // A success that no file has shown is not forgotten.
      if (payment?.state === 'succeeded' && !reconciled.has(payment.cycle ?? 0)) ended.push(paymentId);
      else payments.delete(paymentId);
    }
    for (const cycle of successes.keys()) if (reconciled.has(cycle)) successes.delete(cycle);
  }

  return {
    agreementOf: (customer: Pick<Customer, 'bank' | 'number'>): string | undefined =>
      agreements.get(customerKey(customer)),
    agreements: (): number => agreements.size,
    customerOf(agreementId: string): Pick<Customer, 'bank' | 'number'> | undefined {
      for (const [key, agreement] of agreements) if (agreement === agreementId) return readCustomerKey(key);
      return undefined;
    },
    payment: (paymentId: string): WalletPayment | undefined => payments.get(paymentId),
    /** Counts of all time. */
    recorded: (): Recorded => ({ ...recorded }),
    /** Those without a definite outcome, oldest first. */
    open: (): ReadonlyMap<string, WalletPayment> => open,
    /** The latest payments, whatever became of them. */
    recent: (): readonly string[] => recent,
    refundable: (): ReadonlyMap<string, Refundable> => refundable,
    isReconciled: (cycle: number): boolean => reconciled.has(cycle),
    /** Under 0: successes whose cycle is not told yet. */
    successesOf: (cycle: number): ReadonlySet<string> => successes.get(cycle) ?? new Set(),

    /** What is told contradicts what was told before; in words, or undefined. */
    findContradiction({
      paymentId,
      state,
      cycle,
    }: Pick<PaymentStatus, 'paymentId' | 'state' | 'cycle'>): string | undefined {
      const known = payments.get(paymentId);
      if (!known || known.state === 'open') return undefined;
      // Told before the end and heard after it: late, not wrong.
      if (state !== 'succeeded' && state !== 'failed' && state !== 'refused') return undefined;
      if (known.state !== state) return `payment ${paymentId} was told as ${known.state}, and now as ${state}`;
      const moved = known.cycle !== undefined && cycle !== undefined && known.cycle !== cycle;
      return moved ? `payment ${paymentId} was told in cycle ${known.cycle}, and now in ${cycle}` : undefined;
    },

    apply(record: WalletRecord): void {
      switch (record.type) {
        case 'agreement':
          if (record.agreementId) agreements.set(customerKey(record), record.agreementId);
          else agreements.delete(customerKey(record));
          break;
        case 'intent': {
          const { message } = record;
          const payment: WalletPayment = {
            message,
            amount: minorOf(message),
            state: 'open',
            reason: undefined,
            told: false,
            cycle: undefined,
          };
          recorded.sent += 1;
          recent.push(message.paymentId);
          if (recent.length > mostRecent) recent.shift();
          payments.set(message.paymentId, payment);
          open.set(message.paymentId, payment);
          const original = message.kind === 'refund' ? refundable.get(message.originalPaymentId!) : undefined;
          if (original) original.left -= payment.amount;
          break;
        }
        case 'answer':
          takeAnswer(record);
          break;
        case 'refusal': {
          const payment = payments.get(record.paymentId);
          if (payment?.state === 'open') end(payment, 'refused', record.reason);
          break;
        }
        case 'unanswered':
          break;
        case 'reconciled':
          reconciled.add(record.cycle);
          forget();
          break;
      }
    },

    /** As the SDK compares it with the platform's file. */
    ownPayment(paymentId: string): OwnPayment | undefined {
      const payment = payments.get(paymentId);
      if (!payment) return undefined;
      const {
        kind,
        instructedAgent: counterparty,
        interbankSettlementAmount,
        endToEndId,
        originalPaymentId,
      } = payment.message;
      return {
        paymentId,
        kind,
        side: kind === 'agreementPayment' ? 'credit' : 'debit',
        counterparty,
        amount: payment.amount,
        currency: interbankSettlementAmount.currency,
        endToEndId,
        originalPaymentId,
        state: payment.state === 'refused' ? 'failed' : payment.state,
        cycle: payment.cycle,
      };
    },
  };
}

/** Of a message that this wallet made. */
function minorOf({ paymentId, interbankSettlementAmount }: PaymentRequest): number {
  const parsed = parseAmount(interbankSettlementAmount);
  if ('reason' in parsed) throw new Error(`payment ${paymentId} was made with an amount that is none`);
  return parsed.minor;
}
