/** Comparing the reconciliation file of a cycle with one's own records. Where they differ, the platform's record decides. */
import type { PaymentRequest, ReconciliationFile, ReconciliationLine } from '@clearway/contract';

/** A payment as the institution's own books have it. */
export interface OwnPayment {
  readonly paymentId: string;
  readonly kind: PaymentRequest['kind'];
  /** What it does to one's own position. */
  readonly side: 'credit' | 'debit';
  /** Code of the participant on the other side. */
  readonly counterparty: string;
  /** Minor units. */
  readonly amount: number;
  /** ISO 4217 alphabetic code. */
  readonly currency: string;
  readonly endToEndId: string;
  readonly originalPaymentId?: string | undefined;
  /** What one's own books say; `open` where the outcome is not known yet. */
  readonly state: 'succeeded' | 'failed' | 'open';
  /** Cycle of the success, where the platform has told it. */
  readonly cycle?: number | undefined;
}

export interface OwnRecords {
  /** Any payment ever recorded, whatever its state. */
  payment(paymentId: string): OwnPayment | undefined;
  /** Those that by one's own books succeeded in this cycle. */
  succeededIn(cycle: number): Iterable<OwnPayment>;
}

export type Difference =
  /** The file has it, one's own books do not. */
  | { readonly type: 'missingHere'; readonly paymentId: string; readonly line: ReconciliationLine }
  /** One's own books have it as a success of this cycle, the file does not. */
  | { readonly type: 'missingThere'; readonly paymentId: string; readonly own: OwnPayment }
  /** Both have it and do not agree: on the state, the cycle, or one of the fields. */
  | {
      readonly type: 'differs';
      readonly paymentId: string;
      readonly field: 'state' | 'cycle' | keyof ReconciliationLine;
      readonly here: string;
      readonly there: string;
    };

export interface Reconciliation {
  readonly cycle: number;
  /** Payments in the file. */
  readonly payments: number;
  /** Empty: agrees to the last cent. */
  readonly differences: readonly Difference[];
  /** Successes that one's own books did not know yet, or not the cycle of. No differences: book them now. */
  readonly learnt: readonly ReconciliationLine[];
}

/** A payment whose outcome is open here is no difference when the file tells it, nor when the file does not. */
export function reconcile(file: ReconciliationFile, own: OwnRecords): Reconciliation {
  const comparison = new Comparison(file.head.cycle, own);
  for (const line of file.lines) comparison.take(line);
  const missing = comparison.unmatched();
  if (missing.size > 0) for (const { paymentId } of file.lines) missing.delete(paymentId);
  return comparison.end(missing);
}

/**
 * The same for a file of any length: what agrees is forgotten.
 * @param lines reads the file from its start; called once more if it may lack a payment of one's own books
 */
export async function reconcileLines(
  cycle: number,
  lines: () => AsyncIterable<ReconciliationLine>,
  own: OwnRecords,
): Promise<Reconciliation> {
  const comparison = new Comparison(cycle, own);
  for await (const line of lines()) comparison.take(line);
  const missing = comparison.unmatched();
  if (missing.size > 0) for await (const { paymentId } of lines()) missing.delete(paymentId);
  return comparison.end(missing);
}

class Comparison {
  private payments = 0;
  /** Successes of this cycle by both. */
  private matched = 0;
  private readonly differences: Difference[] = [];
  private readonly learnt: ReconciliationLine[] = [];
  private readonly cycle: number;
  private readonly own: OwnRecords;

  constructor(cycle: number, own: OwnRecords) {
    this.cycle = cycle;
    this.own = own;
  }

  take(line: ReconciliationLine): void {
    this.payments++;
    const payment = this.own.payment(line.paymentId);
    if (!payment) {
      this.differences.push({ type: 'missingHere', paymentId: line.paymentId, line });
      return;
    }
    if (payment.state === 'succeeded' && payment.cycle === this.cycle) this.matched++;
    if (isToLearn(payment)) this.learnt.push(line);
    this.differences.push(...compare(line, payment, this.cycle));
  }

  /** Nothing if the file has as many successes of one's own books as they have; else all of them. */
  unmatched(): Map<string, OwnPayment> {
    let count = 0;
    for (const _ of this.own.succeededIn(this.cycle)) count++;
    if (count === this.matched) return new Map();
    return new Map([...this.own.succeededIn(this.cycle)].map((payment) => [payment.paymentId, payment]));
  }

  end(missing: ReadonlyMap<string, OwnPayment>): Reconciliation {
    const { cycle, payments, own } = this;
    const missingThere = [...missing.values()].map((one) => ({
      type: 'missingThere' as const,
      paymentId: one.paymentId,
      own: one,
    }));
    // While a long file was read, notices may have told what it tells.
    const learnt = this.learnt.filter(({ paymentId }) => isToLearn(own.payment(paymentId)));
    return { cycle, payments, differences: [...this.differences, ...missingThere], learnt };
  }
}

const isToLearn = (payment: OwnPayment | undefined) => payment?.state !== 'failed' && payment?.cycle === undefined;

function compare(line: ReconciliationLine, own: OwnPayment, cycle: number): Difference[] {
  const pairs = [
    ['state', own.state === 'open' ? 'succeeded' : own.state, 'succeeded'],
    ['cycle', own.cycle ?? cycle, cycle],
    ['kind', own.kind, line.kind],
    ['side', own.side, line.side],
    ['counterparty', own.counterparty, line.counterparty],
    ['minor', own.amount, line.minor],
    ['currency', own.currency, line.currency],
    ['endToEndId', own.endToEndId, line.endToEndId],
    ['originalPaymentId', own.originalPaymentId ?? '', line.originalPaymentId ?? ''],
  ] as const;
  const { paymentId } = line;
  return pairs
    .filter(([, here, there]) => here !== there)
    .map(([field, here, there]) => ({ type: 'differs', paymentId, field, here: String(here), there: String(there) }));
}

/** In words, without personal data. */
export function describeDifference(difference: Difference): string {
  const { paymentId } = difference;
  switch (difference.type) {
    case 'missingHere':
      return `${paymentId}: in the file, not in our books`;
    case 'missingThere':
      return `${paymentId}: succeeded in our books, not in the file`;
    case 'differs':
      return `${paymentId}: ${difference.field} is ${difference.here} in our books, ${difference.there} in the file`;
  }
}
