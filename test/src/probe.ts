/** Payments that the test sends itself, each once, while it breaks something: what is told of them is noted. */
import { NetworkError } from '@clearway/ports';
import { type InstitutionOptions, Refused, Unanswered } from '@clearway/sdk';
import type { World } from '@clearway/start';
import { type Customer, type Player, play } from './player.ts';
import type { OwnPayment } from './witness.ts';

export interface Probe {
  readonly payments: readonly OwnPayment[];
  /** How often each state, reason of a refusal, or `unanswered` was told. */
  readonly counts: Readonly<Record<string, number>>;
  /** How often any of these was told. */
  count(...words: string[]): number;
  /** Ends when what is under way is answered. */
  stop(): Promise<void>;
}

export interface ProbeOptions {
  /** Several at a time, each as soon as the one before is answered; default 8. */
  readonly atOnce?: number;
  readonly options?: Partial<InstitutionOptions>;
}

/** `who` has an account at its bank. */
export function probe(world: World, name: string, who: Customer, more: ProbeOptions = {}): Probe {
  const { atOnce = 8, options } = more;
  // Refusals are to be seen, not waited out: one attempt each.
  const { institution }: Player = play(world, name, { attempts: 1, timeoutMs: 20_000, lane: 7, ...options });
  const { bank } = who;
  const payments: { paymentId: string; amount: string; told: string[] }[] = [];
  const counts: Record<string, number> = {};
  let stopped = false;
  let serial = 0;

  async function payOnce(): Promise<void> {
    const amount = `${++serial % 100}.01`;
    let payment: (typeof payments)[number] | undefined;
    let told: string;
    let word: string;
    try {
      const order = { bank, creditor: { name: who.name, account: who.account }, endToEndId: `probe-${serial}` };
      const message = await institution.preparePayment({
        kind: 'payout',
        amount: { amount, currency: 'CNY' },
        ...order,
      });
      payment = { paymentId: message.paymentId, amount, told: [] };
      payments.push(payment);
      const { state, reason } = await institution.submitPayment(message);
      [told, word] = [state, reason ?? state];
    } catch (error) {
      if (error instanceof Refused) [told, word] = ['refused', error.problem.reason];
      else if (error instanceof Unanswered || error instanceof NetworkError) [told, word] = ['unknown', 'unanswered'];
      else throw error;
    }
    payment?.told.push(told);
    counts[word] = (counts[word] ?? 0) + 1;
    // Refusals come within a millisecond; a client that insists that fast is not what is tested here.
    if (told !== 'succeeded') await new Promise((resolve) => setTimeout(resolve, 25));
  }

  const running = Array.from({ length: atOnce }, async () => {
    while (!stopped) await payOnce();
  });
  return {
    payments,
    counts,
    count: (...words) => words.reduce((sum, word) => sum + (counts[word] ?? 0), 0),
    async stop() {
      stopped = true;
      await Promise.all(running);
    },
  };
}
