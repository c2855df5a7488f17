/** The reconciliation file of one participant and cycle, from the records: the same bytes whenever it is made. */

import { currencyByNumeric, type ReconciliationLine, type Scheme, writeReconciliationFile } from '@clearway/contract';
import type { PaymentKind } from '@clearway/core';
import type { CycleRecord, Records } from '@clearway/store';

/**
 * @param cycle one that is cut, all of whose payments are in the records
 * @param participant code of five digits
 */
export async function reconciliationFile(
  records: Pick<Records, 'paymentsOfCycle'>,
  scheme: Scheme,
  cycle: Pick<CycleRecord, 'cycle' | 'businessDate'>,
  participant: string,
): Promise<Uint8Array> {
  const lines: ReconciliationLine[] = [];
  for await (const payment of records.paymentsOfCycle(cycle.cycle, participant)) {
    const instructs = payment.instructingAgent === participant;
    const isPull = payment.kind === 'agreementPayment';
    lines.push({
      paymentId: payment.paymentId,
      kind: payment.kind as PaymentKind,
      // In a pull the instructing institution is credited, in a payout or refund the instructed bank.
      side: instructs === isPull ? 'credit' : 'debit',
      counterparty: instructs ? payment.instructedAgent : payment.instructingAgent,
      minor: Number(payment.amount),
      currency: currencyByNumeric(payment.currency)!.alpha,
      endToEndId: payment.endToEndId,
      ...(payment.kind === 'refund' && { originalPaymentId: payment.reference! }),
      succeededAt: payment.changedAt,
    });
  }
  const { schemeId, environment } = scheme;
  return writeReconciliationFile(
    { schemeId, environment, cycle: cycle.cycle, businessDate: cycle.businessDate, participant },
    lines,
  );
}
