/**
 * What all cells together let a participant spend: never more than its cap or its money. Nothing is taken that was not
 * given; at the end, when nothing is on its way any more, the shares sum to the whole.
 */
import { describeAccount, headroom, type State, sharesIn } from '@clearway/core';
import type { CellHost } from './cell-host.ts';
import type { Oracle } from './oracle.ts';

export interface ShareJudge {
  /** As things stand in the cells that answer now, with all that they have applied. */
  check(): void;
  /** Whatever was given is taken. */
  readonly isAtRest: boolean;
  /** When all is settled. `money`: of each payment institution at the settlement agent, minor units. */
  conclude(money: ReadonlyMap<string, bigint>): void;
}

const code = (number: number) => String(number).padStart(5, '0');

export function createShareJudge(cells: readonly CellHost[], oracle: Pick<Oracle, 'check'>): ShareJudge {
  /** By participant and currency: what each cell has given this one, and what this one has taken from it. */
  const moved = (state: State, peer: number) =>
    new Map(
      [...sharesIn(state)]
        .filter((share) => share.peer === peer)
        .map(({ participant, currency, given, taken }) => [`${code(participant)}/${currency}`, { given, taken }]),
    );

  function* ways() {
    for (const giver of cells)
      for (const taker of cells) {
        const [from, to] = [giver.answering?.state, taker.answering?.state];
        if (giver === taker || from === undefined || to === undefined) continue;
        const gifts = moved(from, taker.number);
        const takings = moved(to, giver.number);
        for (const account of new Set([...gifts.keys(), ...takings.keys()]))
          yield {
            ...{ account, giver, taker },
            given: gifts.get(account)?.given ?? 0,
            taken: takings.get(account)?.taken ?? 0,
          };
      }
  }

  return {
    check() {
      for (const { account, giver, taker, given, taken } of ways())
        oracle.check(taken <= given, `shares of ${account}`, () => {
          return `cell ${taker.number} has taken ${taken} from cell ${giver.number}, which has given ${given}`;
        });
    },
    get isAtRest() {
      return [...ways()].every(({ given, taken }) => given === taken);
    },
    conclude(money) {
      const left = new Map<string, { cap: bigint; sum: bigint }>();
      for (const { answering, number } of cells) {
        const { state } = answering!;
        for (let row = 0; row < state.accounts.count; row++) {
          const { participant, currency, netDebitCap } = describeAccount(state, row);
          if (currency === undefined) continue;
          const account = `${code(participant)}/${currency}`;
          const before = left.get(account) ?? { cap: 0n, sum: 0n };
          const cap = number === cells[0].number ? BigInt(netDebitCap) : before.cap;
          left.set(account, { cap, sum: before.sum + BigInt(headroom(state, row)) });
        }
      }
      for (const [account, { cap, sum }] of left) {
        const whole = money.get(account.slice(0, 5)) ?? cap;
        oracle.check(sum === whole, `shares of ${account}`, () => `sum to ${sum}, and should be ${whole}`);
      }
    },
  };
}
