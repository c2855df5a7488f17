/** Whether the records can find a payment by its sender's own reference two seconds after its completion. */
import type { PaymentQuery, PaymentRecord } from '@clearway/store';
import type { Sample } from './orders.ts';

export interface LookUpResult {
  readonly asked: number;
  readonly found: number;
  /** ms that one look-up took. */
  readonly milliseconds: { readonly p50: number; readonly p99: number };
  /** The first few that were not there, or were something else. */
  readonly missing: readonly string[];
}

export interface LookUps {
  add(sample: Sample): void;
  /** When all that was added has been looked for. */
  result(): Promise<LookUpResult>;
}

const searchableAfterMs = 2_000;
const mostMissing = 10;

export function lookUps(search: (query: PaymentQuery) => Promise<PaymentRecord[]>): LookUps {
  const took: number[] = [];
  const missing: string[] = [];
  const pending: Promise<void>[] = [];
  let asked = 0;

  async function lookFor({ institution, endToEndId, paymentId, completedAt }: Sample): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, completedAt + searchableAfterMs - Date.now()));
    const began = performance.now();
    const found = await search({ participant: institution, endToEndId, limit: 2 });
    took.push(performance.now() - began);
    asked++;
    if (isIt(found, paymentId) || missing.length >= mostMissing) return;
    missing.push(`${institution} ${endToEndId}: ${found.length === 0 ? 'nothing' : found[0]!.paymentId}`);
  }

  return {
    add(sample) {
      const one = lookFor(sample);
      // Heard of when the result is asked for.
      one.catch(() => {});
      pending.push(one);
    },
    async result() {
      await Promise.all(pending);
      took.sort((a, b) => a - b);
      const at = (share: number) => Math.round((took[Math.floor(took.length * share)] ?? 0) * 100) / 100;
      return { asked, found: asked - missing.length, milliseconds: { p50: at(0.5), p99: at(0.99) }, missing };
    },
  };
}

const isIt = (found: readonly PaymentRecord[], paymentId: string) =>
  found.length === 1 && found[0]!.paymentId === paymentId && found[0]!.state === 'succeeded';
