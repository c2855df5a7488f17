/** The so many greatest of what is added, kept in a list of at most twice as many. */
export class Newest<T> {
  /** What is not above this is not among the greatest. */
  least = -1;
  private readonly limit: number;
  private items: { order: number; item: T }[] = [];

  constructor(limit: number) {
    this.limit = limit;
  }

  add(order: number, item: T): void {
    if (order <= this.least) return;
    this.items.push({ order, item });
    if (this.items.length >= this.limit * 2) this.cut();
  }

  /** Greatest first. */
  list(): T[] {
    this.cut();
    return this.items.map(({ item }) => item);
  }

  private cut(): void {
    this.items.sort((a, b) => b.order - a.order);
    if (this.items.length < this.limit) return;
    this.items.length = this.limit;
    this.least = this.items[this.limit - 1].order;
  }
}
