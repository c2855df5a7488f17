/** The reconciliation file of one participant and cycle, from the records: the same bytes whenever it is made. */

import {
  type ReconciliationHead,
  ReconciliationWriter,
  type Scheme,
  type WrittenFile,
  type WrittenPart,
} from '@clearway/contract';
import { identifierBytes, type PaymentKind, parseIdentifier, paymentKinds, writeIdentifier } from '@clearway/core';
import type { CycleRecord, PaymentRecord, Records } from '@clearway/store';

/** Which file. */
export interface FileWish {
  readonly scheme: Scheme;
  /** One that is cut, all of whose payments are in the records or the archive. */
  readonly cycle: Pick<CycleRecord, 'cycle' | 'businessDate'>;
  /** Code. */
  readonly participant: number;
  /** Of one part, about; see usualPartBytes. */
  readonly partBytes?: number | undefined;
}

/** Takes the next part; its content is written over when it resolves. */
export type WritePart = (part: WrittenPart) => Promise<void>;

export function headOf({ scheme: { schemeId, environment }, cycle, participant }: FileWish): ReconciliationHead {
  return {
    schemeId,
    environment,
    cycle: cycle.cycle,
    businessDate: cycle.businessDate,
    participant: String(participant).padStart(5, '0'),
  };
}

export async function writeReconciliation(
  records: Pick<Records, 'paymentsOfCycle'>,
  wish: FileWish,
  write: WritePart,
): Promise<WrittenFile> {
  const head = headOf(wish);
  const writer = new ReconciliationWriter(head, wish.partBytes);
  const identifiers = new DataView(new ArrayBuffer(2 * identifierBytes));
  writer.line.id = identifiers;
  writer.line.original = identifiers;
  for await (const payment of records.paymentsOfCycle(head.cycle, head.participant)) {
    fillLine(writer, identifiers, payment, head.participant);
    if (writer.add()) await write(writer.take());
  }
  await write(writer.end());
  return writer.written();
}

/** `identifiers`: room for those of the payment and of its original. */
function fillLine(
  { line }: ReconciliationWriter,
  identifiers: DataView,
  payment: PaymentRecord,
  participant: string,
): void {
  const instructs = payment.instructingAgent === participant;
  writeIdentifier(identifiers, 0, parseIdentifier(payment.paymentId)!);
  line.idAt = 0;
  line.kind = paymentKinds[payment.kind as PaymentKind];
  // In a pull the instructing institution is credited, in a payout or refund the instructed bank.
  line.credit = instructs === (payment.kind === 'agreementPayment');
  line.counterparty = Number(instructs ? payment.instructedAgent : payment.instructingAgent);
  line.minor = Number(payment.amount);
  line.currency = payment.currency;
  line.text = Buffer.from(payment.endToEndId);
  line.textAt = 0;
  line.textLength = line.text.length;
  if (payment.kind === 'refund') {
    writeIdentifier(identifiers, identifierBytes, parseIdentifier(payment.reference!)!);
    line.originalAt = identifierBytes;
  }
  line.succeededAt = payment.changedAt;
}
