/**
 * What an account may still pay, one operation at a time. A payment institution has its money; a bank has a cap on what
 * it owes in all cycles that are not settled, and earns nothing in one cycle for another. An offer takes from it at
 * once, a failure gives it back, a success turns it into a debit of a cycle.
 */
import type { Model } from './linearizable.ts';

/** `funds`: money of a payment institution; `cap`: how much a bank may owe. Minor units. */
export type Account = { readonly funds: bigint } | { readonly cap: bigint };

export interface AccountState {
  readonly reserved: bigint;
  /** Credits minus debits by cycle; settled cycles are gone. */
  readonly net: ReadonlyMap<number, bigint>;
}

export type Movement =
  | { readonly is: 'reserve' | 'release' | 'lack'; readonly amount: bigint }
  | { readonly is: 'debit' | 'credit'; readonly amount: bigint; readonly cycle: number }
  | { readonly is: 'settle'; readonly cycle: number };

function headroom(account: Account, { reserved, net }: AccountState): bigint {
  const positions = [...net.values()];
  if ('funds' in account) return account.funds + positions.reduce((sum, one) => sum + one, 0n) - reserved;
  return account.cap + positions.reduce((sum, one) => (one < 0n ? sum + one : sum), 0n) - reserved;
}

export function accountModel(account: Account): Model<AccountState, Movement> {
  const add = (net: AccountState['net'], cycle: number, amount: bigint) =>
    new Map(net).set(cycle, (net.get(cycle) ?? 0n) + amount);
  return {
    initial: { reserved: 0n, net: new Map() },
    // Movements add up to the same in every order, so which were placed says all.
    key: () => '',
    step(state, movement) {
      const { reserved, net } = state;
      switch (movement.is) {
        case 'reserve':
          return headroom(account, state) < movement.amount ? undefined : { net, reserved: reserved + movement.amount };
        case 'lack':
          return headroom(account, state) < movement.amount ? state : undefined;
        case 'release':
          return { net, reserved: reserved - movement.amount };
        case 'debit':
          return { reserved: reserved - movement.amount, net: add(net, movement.cycle, -movement.amount) };
        case 'credit':
          return { reserved, net: add(net, movement.cycle, movement.amount) };
        case 'settle': {
          // What an institution has been paid stays its money.
          if ('funds' in account) return state;
          const left = new Map(net);
          left.delete(movement.cycle);
          return { reserved, net: left };
        }
      }
    },
  };
}
