/** Comparing the ledger with the platform's file of each settled cycle. */
import {
  createReconciler,
  describeDifference,
  type Institution,
  type OwnPayment,
  type OwnRecords,
  type Reconciliation,
} from '@clearway/sdk';
import type { Write } from './durable-ledger.ts';
import type { Ledger, LedgerRecord, Payment } from './ledger.ts';
import type { BankReconciliation } from './report.ts';

const mostExamples = 10;

export interface BankReconcilerParts {
  readonly institution: Pick<Institution, 'cycles' | 'fileLines'>;
  readonly participant: string;
  readonly ledger: Ledger;
  readonly currency: string;
  readonly write: Write;
  /** Minor units; see BankSettings. */
  readonly salary: number | undefined;
  report(reconciliation: BankReconciliation): void;
}

/** Returns how to reconcile all settled cycles that are not done yet. */
export function createBankReconciler(parts: BankReconcilerParts): () => Promise<void> {
  const { institution, participant, ledger, currency, write, salary, report } = parts;

  async function done({ cycle, payments, differences, learnt }: Reconciliation): Promise<void> {
    const records: LedgerRecord[] = learnt.flatMap(({ paymentId }) => ledger.decideFinal(paymentId, cycle));
    records.push({ type: 'reconciled', cycle, differences: differences.length });
    if (salary !== undefined) records.push(...ledger.decideSalary(cycle, salary));
    await write(records);
    const examples = differences.slice(0, mostExamples).map(describeDifference);
    const unmatched = [...ledger.successesOf(0)].length;
    const found = { cycle, payments, differences: differences.length, unmatched, examples };
    report({ type: 'reconciliation', participant, ...found });
  }

  return createReconciler({ institution, own: ownRecordsOf(ledger, currency), isDone: ledger.isReconciled, done });
}

export function ownRecordsOf(ledger: Ledger, currency: string): OwnRecords {
  function ownPayment(payment: Payment): OwnPayment {
    const { paymentId, kind, institution: counterparty, amount, endToEndId, originalPaymentId, cycle } = payment;
    const side = kind === 'agreementPayment' ? 'debit' : 'credit';
    const state = payment.decision.answer === 'succeeded' ? 'succeeded' : 'failed';
    return { paymentId, kind, side, counterparty, amount, currency, endToEndId, originalPaymentId, state, cycle };
  }

  return {
    payment(paymentId) {
      const payment = ledger.payment(paymentId);
      return payment && ownPayment(payment);
    },
    *succeededIn(cycle) {
      for (const payment of ledger.successesOf(cycle)) yield ownPayment(payment);
    },
  };
}
