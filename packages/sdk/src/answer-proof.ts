/** Whether what the platform tells of a payment is what the bank signed: the platform carries it, and cannot make it. */
import {
  canonicalPaymentAnswer,
  type PaymentStatus,
  type Scheme,
  verifyingKeys,
  verifyMessage,
} from '@clearway/contract';
import type { Crypto } from '@clearway/ports';
import type { Connection } from './connection.ts';

/** Answers of a bank that make a payment fail. */
const failing: readonly string[] = ['failed', 'neverProcessed', 'reversed', 'blocked'];

/**
 * Undefined if the status is proved, or claims nothing that a bank decides; else what is wrong with it.
 * `paymentHash`: of the canonical bytes that were sent, where they are at hand.
 */
export async function findUnproved(
  crypto: Crypto,
  connection: Connection,
  scheme: Scheme,
  status: PaymentStatus,
  paymentHash?: string,
): Promise<string | undefined> {
  const { answer, state, instructedAgent: bank, paymentId } = status;
  if (state !== 'succeeded' && state !== 'failed') return undefined;
  if (!answer) return `${state} without the bank's answer`;
  if (answer.paymentId !== paymentId) return `${state} with the bank's answer to another payment`;
  if (paymentHash !== undefined && answer.paymentHash !== paymentHash)
    return `${state} with the bank's answer to other content`;
  const fits = state === 'succeeded' ? answer.answer === 'succeeded' : failing.includes(answer.answer);
  if (!fits) return `${state}, while the bank answered ${answer.answer}`;

  const canonical = canonicalPaymentAnswer(scheme, bank, answer);
  const keysOf = (
    participants: readonly { readonly code: string; readonly keys: Parameters<typeof verifyingKeys>[0] }[],
  ) => verifyingKeys(participants.find(({ code }) => code === bank)?.keys ?? []);
  if (await verifyMessage(crypto, keysOf((await connection.directory.get()).participants), canonical, answer.signature))
    return undefined;
  // The bank may have changed its key a moment ago.
  if (
    await verifyMessage(crypto, keysOf((await connection.directory.renew()).participants), canonical, answer.signature)
  )
    return undefined;
  return `${state}, and the signature of bank ${bank} on its answer does not hold`;
}
