/** The so many last submitted of what is added, kept in a list of at most twice as many. */
import { compareOrders, type Order } from './record.ts';

export class Newest<T> {
  /** What is not after this is not among them. */
  least: Order = [-1, 0];
  private readonly limit: number;
  private items: { order: Order; item: T }[] = [];

  constructor(limit: number) {
    this.limit = limit;
  }

  add(order: Order, item: T): void {
    if (compareOrders(order, this.least) <= 0) return;
    this.items.push({ order, item });
    if (this.items.length >= this.limit * 2) this.cut();
  }

  /** Last submitted first. */
  list(): T[] {
    this.cut();
    return this.items.map(({ item }) => item);
  }

  private cut(): void {
    this.items.sort((a, b) => compareOrders(b.order, a.order));
    if (this.items.length < this.limit) return;
    this.items.length = this.limit;
    this.least = this.items[this.limit - 1].order;
  }
}
