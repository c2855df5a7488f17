/** Whether what the platform tells of a payment is what the bank signed: the platform carries it, and cannot make it. */
import {
  canonicalPaymentAnswer,
  type Directory,
  type PaymentStatus,
  type Scheme,
  verifyingKeys,
  verifyMessage,
} from '@clearway/contract';
import type { Crypto } from '@clearway/ports';
import type { Latest } from './latest.ts';

/**
 * Undefined if the status is proved, or claims nothing that a bank decides; else what is wrong with it.
 * `paymentHash`: of the canonical bytes that were sent, where they are at hand.
 */
export type FindUnproved = (status: PaymentStatus, paymentHash?: string) => Promise<string | undefined>;

/** Answers of a bank that make a payment fail. */
const failing: readonly string[] = ['failed', 'neverProcessed', 'reversed', 'blocked'];
/** An answer comes more than once: as the outcome, and in a notice. */
const mostRemembered = 10_000;

/**
 * `mayLack`: the answer may be missing, as it is where a bank gives it over the stream: there it signs for many answers
 * at once, and the platform shows it as evidence.
 */
export function createFindUnproved(
  crypto: Crypto,
  scheme: Scheme,
  directory: Latest<Directory>,
  mayLack = false,
): FindUnproved {
  const proved = new Set<string>();

  async function isSigned(bank: string, answer: NonNullable<PaymentStatus['answer']>): Promise<boolean> {
    const canonical = canonicalPaymentAnswer(scheme, bank, answer);
    const content = `${Buffer.from(canonical).toString('base64')} ${answer.signature.value}`;
    if (proved.has(content)) return true;
    const holds = async ({ participants }: Directory) => {
      const keys = verifyingKeys(participants.find(({ code }) => code === bank)?.keys ?? []);
      return verifyMessage(crypto, keys, canonical, answer.signature);
    };
    // The bank may have changed its key a moment ago.
    if (!(await holds(await directory.get())) && !(await holds(await directory.renew()))) return false;
    proved.add(content);
    if (proved.size > mostRemembered) proved.delete(proved.values().next().value!);
    return true;
  }

  return async ({ answer, state, instructedAgent: bank, paymentId }, paymentHash) => {
    if (state !== 'succeeded' && state !== 'failed') return undefined;
    if (!answer) return mayLack ? undefined : `${state} without the bank's answer`;
    if (answer.paymentId !== paymentId) return `${state} with the bank's answer to another payment`;
    if (paymentHash !== undefined && answer.paymentHash !== paymentHash)
      return `${state} with the bank's answer to other content`;
    const fits = state === 'succeeded' ? answer.answer === 'succeeded' : failing.includes(answer.answer);
    if (!fits) return `${state}, while the bank answered ${answer.answer}`;
    return (await isSigned(bank, answer)) ? undefined : `${state}, and bank ${bank} did not sign that answer`;
  };
}
