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
  const { cycle } = file.head;
  const differences: Difference[] = [];
  const learnt: ReconciliationLine[] = [];
  const inFile = new Set<string>();

  for (const line of file.lines) {
    inFile.add(line.paymentId);
    const payment = own.payment(line.paymentId);
    if (!payment) {
      differences.push({ type: 'missingHere', paymentId: line.paymentId, line });
      continue;
    }
    if (payment.state !== 'failed' && payment.cycle === undefined) learnt.push(line);
    differences.push(...compare(line, payment, cycle));
  }
  for (const payment of own.succeededIn(cycle)) {
    const { paymentId } = payment;
    if (!inFile.has(paymentId)) differences.push({ type: 'missingThere', paymentId, own: payment });
  }
  return { cycle, payments: file.lines.length, differences, learnt };
}

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
