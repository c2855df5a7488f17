/**
 * What an account may still pay, for histories too long to search for an order: at each place the most that can be left
 * of it, whatever the order was. A taking that is above even that is wrong.
 */
import type { Account, Movement } from './account.ts';
import type { Operation } from './linearizable.ts';

/** Sums by cycle, of which each may count alone: a bank earns nothing in one cycle for another. */
class Net {
  private readonly byCycle = new Map<number, bigint>();
  private readonly isBank: boolean;
  /** Of an institution all of it, of a bank only what it owes. */
  sum = 0n;

  constructor(isBank: boolean) {
    this.isBank = isBank;
  }

  private weight(net: bigint): bigint {
    return this.isBank && net > 0n ? 0n : net;
  }

  add(cycle: number, amount: bigint): void {
    const before = this.byCycle.get(cycle) ?? 0n;
    this.byCycle.set(cycle, before + amount);
    this.sum += this.weight(before + amount) - this.weight(before);
  }

  settle(cycle: number): void {
    if (!this.isBank) return;
    this.sum -= this.weight(this.byCycle.get(cycle) ?? 0n);
    this.byCycle.delete(cycle);
  }
}

interface Change {
  readonly place: number;
  readonly apply: () => void;
}

/** The first taking that cannot have been, or undefined. */
export function findBeyond(
  account: Account,
  operations: readonly Operation<Movement>[],
): Operation<Movement> | undefined {
  const isBank = 'cap' in account;
  const limit = isBank ? account.cap : account.funds;
  const net = new Net(isBank);
  let reserved = 0n;
  const changes: Change[] = [];
  const takings: Operation<Movement>[] = [];

  // Takings count as late as they can have been, all that leaves more as early.
  for (const operation of operations) {
    const { calledAt, returnedAt, what } = operation;
    const add = (place: number, apply: () => void) => changes.push({ place, apply });
    switch (what.is) {
      case 'reserve':
        takings.push(operation);
        add(returnedAt, () => {
          reserved += what.amount;
        });
        break;
      case 'release':
        add(calledAt, () => {
          reserved -= what.amount;
        });
        break;
      case 'debit':
        add(calledAt, () => {
          reserved -= what.amount;
          net.add(what.cycle, -what.amount);
        });
        break;
      case 'credit':
        add(calledAt, () => net.add(what.cycle, what.amount));
        break;
      case 'settle':
        add(calledAt, () => net.settle(what.cycle));
        break;
    }
  }
  changes.sort((one, other) => one.place - other.place);
  takings.sort((one, other) => one.returnedAt - other.returnedAt);
  let next = 0;
  for (const taking of takings) {
    for (; next < changes.length && changes[next].place <= taking.returnedAt; next++) changes[next].apply();
    if (limit + net.sum - reserved < 0n) return taking;
  }
  return undefined;
}
