import type { PaymentRecord } from '@clearway/store';
import { CommandError, type Given } from '../given.ts';

/**
 * From the records, or from the cell's archive, which alone has what came over the stream.
 * @throws CommandError when neither has it
 */
export async function findPayment(given: Given, paymentId: string): Promise<PaymentRecord> {
  const { records } = (await given.read()).store;
  const record = (await records.payment(paymentId)) ?? (await findInArchive(given, paymentId));
  if (record !== undefined) return record;
  throw new CommandError(
    `There is no payment ${paymentId} in the records, which are written up to batch ${await records.cursor()}.`,
  );
}

/** Undefined too when no cell answers: then the records are all that there is to ask. */
async function findInArchive(given: Given, paymentId: string): Promise<PaymentRecord | undefined> {
  const operator = await given.operator().catch(() => undefined);
  return operator?.paymentRecord(paymentId);
}
