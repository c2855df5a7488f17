/** Sees to it that every customer has an agreement: at the start, and again for those whose agreement has ended. */
import type { Clock } from '@clearway/ports';
import type { Customer } from './customer.ts';
import type { createSigning } from './signing.ts';
import type { WalletBook, WalletRecord } from './wallet-book.ts';

export interface EnrolmentParts {
  readonly clock: Clock;
  readonly book: WalletBook;
  readonly customers: readonly Customer[];
  readonly sign: ReturnType<typeof createSigning>;
  write(record: WalletRecord): Promise<void>;
  problem(message: string): void;
}

const atTheSameTime = 6;

/** Returns how to sign for all who have no agreement; resolves when each has been tried once. */
export function createEnrolment({ clock, book, customers, sign, write, problem }: EnrolmentParts): () => Promise<void> {
  async function enrol(queue: Customer[], reasons: string[]): Promise<void> {
    for (let customer = queue.shift(); customer; customer = queue.shift()) {
      const signed = await sign(customer);
      if ('why' in signed) {
        reasons.push(signed.why);
        continue;
      }
      const { bank, number } = customer;
      await write({ type: 'agreement', at: clock.now(), bank, number, agreementId: signed.agreementId });
    }
  }

  return async () => {
    const queue = customers.filter((customer) => book.agreementOf(customer) === undefined);
    const reasons: string[] = [];
    await Promise.all(Array.from({ length: atTheSameTime }, () => enrol(queue, reasons)));
    if (reasons.length > 0) problem(`${reasons.length} customers have no agreement for now, e.g.: ${reasons[0]}`);
  };
}
