/**
 * The wallet: sends payments, hears answers and notices, and sees to it that every payment ends in a definite outcome.
 *
 * Each payment is written down before it is sent, and each answer before it is believed. What was left unanswered,
 * here or in an earlier run, is sent again as it was, under the same identifier; what was told as unknown is enquired
 * about, less and less often, until a notice or an answer ends it.
 */
import type { PaymentRequest, PaymentStatus } from '@clearway/contract';
import type { Ports } from '@clearway/ports';
import { type FinalNotice, type Handlers, type Institution, Refused, Unanswered } from '@clearway/sdk';
import type { JournalFile } from '@clearway/sdk/node';
import type { Next } from './order.ts';
import type { Tally } from './tally.ts';
import type { Source, WalletBook, WalletRecord } from './wallet-book.ts';

export interface WalletParts {
  readonly clock: Ports['clock'];
  readonly institution: Pick<Institution, 'preparePayment' | 'submitPayment' | 'enquire'>;
  readonly book: WalletBook;
  readonly journal: JournalFile<WalletRecord>;
  readonly tally: Tally;
  /** Something that a person should look at. */
  problem(message: string): void;
  /** A cycle was told as settled. */
  cycleSettled(): void;
}

export interface Wallet {
  /** Resolves when the payment or enquiry has its answer, or all attempts are used up; false if it was never sent. */
  send(next: Next): Promise<boolean>;
  /** Takes up the open payments that nobody is waiting for. Call it about once a second. */
  resolve(): void;
  /** Submitted payments that wait for their answer. */
  inFlight(): number;
  readonly handlers: Handlers;
  write(record: WalletRecord): Promise<void>;
}

const firstRetryMs = 2_000;
const longestRetryMs = 30_000;
/** Most open payments taken up at a time. */
const mostResolving = 20;

/** The bank or the platform knows no such agreement any more: the customer has to sign anew. */
const agreementGone: readonly string[] = [
  'agreementUnknown',
  'agreementNotActive',
  'agreementRescinded',
  'agreementExpired',
  'bankAgreementUnknown',
];

/** An enquiry that was refused with these says nothing of its payment. */
const ofEnquiry: readonly number[] = [401, 403, 429, 500, 503];

export function createWallet(parts: WalletParts): Wallet {
  const { clock, institution, book, journal, tally, problem, cycleSettled } = parts;
  /** Being submitted or enquired about at this moment. */
  const busy = new Set<string>();
  const retries = new Map<string, { readonly dueAt: number; readonly afterMs: number }>();
  let inFlight = 0;

  async function write(record: WalletRecord): Promise<void> {
    book.apply(record);
    await journal.append(record);
  }

  async function heard(source: Source, status: PaymentStatus): Promise<void> {
    const { paymentId, state, reason, cycle } = status;
    const contradiction = book.findContradiction(status);
    if (contradiction) problem(contradiction);
    const { state: before, told } = book.payment(paymentId) ?? { state: undefined, told: true };
    const known = { ...(reason && { reason }), ...(cycle !== undefined && { cycle }) };
    await write({ type: 'answer', at: clock.now(), source, paymentId, state, ...known });
    if (before === 'open') count(status, told);
  }

  function count({ state, reason }: PaymentStatus, toldBefore: boolean): void {
    if (state === 'succeeded') tally.counts.succeeded += 1;
    else if (state === 'failed') tally.failed(reason ?? 'none');
    else if (!toldBefore) tally.counts.unknown += 1;
  }

  /** Asks for the payment; `message` is durable. `again`: it may have been sent before. */
  async function submit(message: PaymentRequest, again = false): Promise<void> {
    const { paymentId } = message;
    const startedAt = clock.elapsed();
    busy.add(paymentId);
    inFlight += 1;
    try {
      const status = await institution.submitPayment(message, { again });
      tally.took(clock.elapsed() - startedAt);
      await heard('submit', status);
      await renewAgreement(message, status.reason);
    } catch (error) {
      if (error instanceof Refused) await refused(message, error.problem.reason);
      else if (error instanceof Unanswered)
        await write({ type: 'unanswered', at: clock.now(), paymentId, why: error.message });
      else throw error;
    } finally {
      busy.delete(paymentId);
      inFlight -= 1;
    }
  }

  async function refused(message: PaymentRequest, reason: string): Promise<void> {
    const open = book.payment(message.paymentId)?.state === 'open';
    await write({ type: 'refusal', at: clock.now(), paymentId: message.paymentId, reason });
    if (open) tally.refused(reason);
    else problem(`payment ${message.paymentId} is refused (${reason}) after it had ended`);
    await renewAgreement(message, reason);
  }

  async function renewAgreement(message: PaymentRequest, reason: string | undefined): Promise<void> {
    if (message.agreementId === undefined || !agreementGone.includes(reason ?? '')) return;
    const customer = book.customerOf(message.agreementId);
    if (customer) await write({ type: 'agreement', at: clock.now(), ...customer });
  }

  async function enquire(paymentId: string): Promise<void> {
    busy.add(paymentId);
    tally.counts.enquiries += 1;
    try {
      await heard('enquiry', await institution.enquire(paymentId));
    } catch (error) {
      // The budget is spent, or no answer came: the next enquiry or a notice will tell.
      if (!(error instanceof Refused || error instanceof Unanswered)) throw error;
      if (error instanceof Refused && !ofEnquiry.includes(error.problem.status)) return await askAnew(paymentId);
    } finally {
      busy.delete(paymentId);
    }
  }

  /**
   * The payment was told as unknown, and the platform has not seen it or has refused it: the answer was lost on the way.
   * The same message settles that, since the platform knows its identifier or, after expiresAt, refuses it for good.
   */
  async function askAnew(paymentId: string): Promise<void> {
    const payment = book.payment(paymentId);
    if (payment?.state === 'open') await submit(payment.message, true);
    else if (payment?.state === 'succeeded' || payment?.state === 'failed')
      problem(`payment ${paymentId} was told as ${payment.state}, and now is not known`);
  }

  async function send(next: Next): Promise<boolean> {
    if (next.kind === 'enquiry') {
      // What is on its way tells by itself.
      if (!busy.has(next.paymentId)) await enquire(next.paymentId);
      return true;
    }
    let message: PaymentRequest;
    try {
      message = await institution.preparePayment(next);
    } catch (error) {
      if (error instanceof Refused || error instanceof Unanswered) return false;
      throw error;
    }
    // Before it is written down nobody else may send it, though the book has it already.
    busy.add(message.paymentId);
    await write({ type: 'intent', at: clock.now(), message });
    tally.counts.sent += 1;
    await submit(message);
    return true;
  }

  /** Whether it is time; the next time is then twice as far. What is open for the first time gets a little patience. */
  function isDue(paymentId: string): boolean {
    const now = clock.elapsed();
    const retry = retries.get(paymentId);
    if (retry && retry.dueAt > now) return false;
    const afterMs = retry ? Math.min(longestRetryMs, retry.afterMs * 2) : firstRetryMs;
    retries.set(paymentId, { dueAt: now + afterMs, afterMs });
    return retry !== undefined;
  }

  function resolve(): void {
    for (const paymentId of retries.keys()) if (!book.open().has(paymentId)) retries.delete(paymentId);
    let taken = 0;
    for (const [paymentId, { message, told }] of book.open()) {
      if (taken === mostResolving) return;
      if (busy.has(paymentId) || !isDue(paymentId)) continue;
      taken += 1;
      void (told ? enquire(paymentId) : submit(message, true));
    }
  }

  async function notice({ payment, agreement, cycle }: FinalNotice): Promise<void> {
    if (payment) await heard('notice', payment);
    if (agreement?.state === 'rescinded' || agreement?.state === 'failed') {
      const customer = book.customerOf(agreement.agreementId);
      if (customer) await write({ type: 'agreement', at: clock.now(), ...customer });
    }
    if (cycle?.state === 'settled') cycleSettled();
  }

  return { send, resolve, inFlight: () => inFlight, handlers: { notice }, write };
}
