/** What an operator asks of the cells, connected anew when the home cell was away. */
import { realClock } from '@clearway/ports/real';
import { cellsOf, connectOperators, type OperatorLink, readSettings, type Statistics } from '@clearway/server';
import type { PaymentRecord } from '@clearway/store';

export interface Operator {
  /** Undefined while the cell cannot be reached. */
  statistics(): Promise<Statistics | undefined>;
  /** Cuts the current cycle, waits until it is settled and its records are written, and gives its number. */
  settleCycle(): Promise<number>;
  /** What the cell holds of a payment of either rail; asked until it answers. */
  paymentRecord(paymentId: string): Promise<PaymentRecord | undefined>;
  close(): void;
}

const retryMs = 100;

/** @param environment settings by which the cells are found */
export function createOperator(environment: Readonly<Record<string, string>>): Operator {
  const cells = cellsOf(readSettings(environment));
  let link: OperatorLink | undefined;
  let closed = false;

  /** @throws Error when the cell is away */
  const ask = async <T>(question: (link: OperatorLink) => Promise<T>): Promise<T> => {
    link ??= await connectOperators(cells, realClock);
    try {
      return await question(link);
    } catch (error) {
      link?.close();
      link = undefined;
      throw error;
    }
  };

  /** Asks until there is an answer. Only for what may be asked twice. */
  const insist = async <T>(question: (link: OperatorLink) => Promise<T>): Promise<T> => {
    while (!closed) {
      try {
        return await ask(question);
      } catch {
        await new Promise((next) => setTimeout(next, retryMs)); // the cell is starting again
      }
    }
    throw new Error('the operator has gone');
  };

  /** Closing twice would close two cycles: after a lost answer the number of the open one tells whether it was heard. */
  const closeCycle = async (): Promise<number> => {
    const { cycle } = await insist((cell) => cell.statistics());
    for (;;) {
      try {
        return await ask((cell) => cell.closeCycle());
      } catch {
        if ((await insist((cell) => cell.statistics())).cycle > cycle) return cycle;
      }
    }
  };

  return {
    async statistics() {
      try {
        return await ask((cell) => cell.statistics());
      } catch {
        return undefined;
      }
    },
    async settleCycle() {
      const cycle = await closeCycle();
      await insist((cell) => cell.cycleReached(cycle, 'settled'));
      await insist((cell) => cell.recordsWritten());
      return cycle;
    },
    paymentRecord: (paymentId) => insist((cell) => cell.paymentRecord(paymentId)),
    close() {
      closed = true;
      link?.close();
    },
  };
}
