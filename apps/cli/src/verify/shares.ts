/** What a cell has given to others and taken from them, by its journal; and whether two journals agree on it. */
import type { Journal } from '@clearway/store';
import { type Fact, readFacts } from '../journal/fact.ts';
import type { Findings } from './report.ts';

interface Taken {
  readonly from: string;
  readonly participant: string;
  readonly currency: number;
  readonly number: number;
  readonly total: number;
}

export interface FollowedShares {
  /** An accepted fact. */
  follow(fact: Fact): void;
  /** The sum of all gifts up to this one, minor units; undefined when there is none of this number. */
  given(to: string, participant: string, currency: number, number: number): number | undefined;
  /** In the order of the journal. */
  readonly taken: readonly Taken[];
}

export function createShares(): FollowedShares {
  const totals = new Map<string, number>();
  const taken: Taken[] = [];
  const nameOf = (...parts: (string | number)[]) => parts.join('/');
  return {
    follow(fact) {
      if (fact.type === 'takeShare') taken.push(fact);
      if (fact.type !== 'giveShare') return;
      const { to, participant, currency, number, amount } = fact;
      const before = totals.get(nameOf(to, participant, currency, number - 1)) ?? 0;
      totals.set(nameOf(to, participant, currency, number), before + amount);
    },
    given: (...gift) => totals.get(nameOf(...gift)),
    taken,
  };
}

/**
 * Whatever one cell took, the other gave it, and not more: with the invariant that each cell's share is what came less
 * what went, the shares of all cells are never above the whole.
 *
 * @param giver replayed before the taker: what it gave since is looked up in the rest of its journal
 */
export async function compareShares(
  giver: { readonly digits: string; readonly shares: FollowedShares; readonly last: number; readonly journal: Journal },
  taker: { readonly digits: string; readonly shares: FollowedShares },
  findings: Findings,
): Promise<void> {
  let isRead = false;
  for (const { from, participant, currency, number, total } of taker.shares.taken) {
    if (from !== giver.digits) continue;
    const given = () => giver.shares.given(taker.digits, participant, currency, number);
    if (given() === undefined && !isRead) {
      isRead = true;
      for await (const { facts } of giver.journal.readFacts(giver.last + 1))
        for (const fact of readFacts(facts)) if (fact.outcome === 'accepted') giver.shares.follow(fact);
    }
    if (given() === total) continue;
    const what = `cell ${taker.digits} took ${total} in ${number} moves from cell ${from}, which gave it ${given() ?? 'nothing'}`;
    findings.breach('cells', what, { subject: `share of ${participant}, currency ${currency}` });
  }
}
