/** What every participant of one side has come to in each cycle, by its own count. */
import { fiveDigits } from './cast.ts';
import type { Position } from './orders.ts';

export class Positions {
  private readonly firstCode: number;
  private readonly members: number;
  private readonly cycles = new Map<number, Float64Array>();

  constructor(firstCode: number, members: number) {
    this.firstCode = firstCode;
    this.members = members;
  }

  add(cycle: number, member: number, side: 'credit' | 'debit', amount: number): void {
    let sums = this.cycles.get(cycle);
    if (sums === undefined) {
      sums = new Float64Array(this.members * 4);
      this.cycles.set(cycle, sums);
    }
    const at = member * 4 + (side === 'credit' ? 0 : 2);
    sums[at]! += amount;
    sums[at + 1]!++;
  }

  all(): Position[] {
    const all: Position[] = [];
    for (const [cycle, sums] of this.cycles) {
      for (let member = 0; member < this.members; member++) {
        const [credits, creditCount, debits, debitCount] = sums.subarray(member * 4, member * 4 + 4);
        if (creditCount === 0 && debitCount === 0) continue;
        const participant = fiveDigits(this.firstCode + member);
        all.push({
          participant,
          cycle,
          credits: credits!,
          debits: debits!,
          creditCount: creditCount!,
          debitCount: debitCount!,
        });
      }
    }
    return all;
  }
}
