import type { PaymentRecord, Store } from '@clearway/store';
import { CommandError } from '../given.ts';

/** @throws CommandError when the records do not have it */
export async function findPayment({ records }: Store, paymentId: string): Promise<PaymentRecord> {
  const record = await records.payment(paymentId);
  if (record !== undefined) return record;
  throw new CommandError(
    `There is no payment ${paymentId} in the records, which are written up to batch ${await records.cursor()}.`,
  );
}
