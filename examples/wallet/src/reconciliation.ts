/** Comparing the wallet's record with the platform's file of each settled cycle. */
import type { Clock } from '@clearway/ports';
import {
  createReconciler,
  describeDifference,
  type Institution,
  type OwnPayment,
  type OwnRecords,
  type Reconciliation,
} from '@clearway/sdk';
import type { WalletReconciliation } from './report.ts';
import type { WalletBook, WalletRecord } from './wallet-book.ts';

const mostExamples = 10;

export interface WalletReconcilerParts {
  readonly clock: Clock;
  readonly institution: Pick<Institution, 'cycles' | 'fileLines'>;
  readonly participant: string;
  readonly book: WalletBook;
  write(record: WalletRecord): Promise<void>;
  report(reconciliation: WalletReconciliation): void;
}

/** Returns how to reconcile all settled cycles that are not done yet. */
export function createWalletReconciler(parts: WalletReconcilerParts): () => Promise<void> {
  const { clock, institution, participant, book, write, report } = parts;

  async function done({ cycle, payments, differences, learnt }: Reconciliation): Promise<void> {
    const at = clock.now();
    for (const { paymentId } of learnt)
      void write({ type: 'answer', at, source: 'file', paymentId, state: 'succeeded', cycle });
    await write({ type: 'reconciled', at, cycle, differences: differences.length });
    const examples = differences.slice(0, mostExamples).map(describeDifference);
    const unmatched = book.successesOf(0).size;
    const found = { cycle, payments, differences: differences.length, learnt: learnt.length, unmatched, examples };
    report({ type: 'reconciliation', participant, ...found });
  }

  return createReconciler({ institution, own: ownRecordsOf(book), isDone: book.isReconciled, done });
}

export function ownRecordsOf(book: WalletBook): OwnRecords {
  return {
    payment: book.ownPayment,
    *succeededIn(cycle) {
      for (const paymentId of book.successesOf(cycle)) yield book.ownPayment(paymentId) as OwnPayment;
    },
  };
}
