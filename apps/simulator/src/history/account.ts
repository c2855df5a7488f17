/**
 * What an account may still pay, one operation at a time. A payment institution has its money; a bank has a cap on what
 * it owes in all cycles that are not settled, and earns nothing in one cycle for another. An offer takes from it at
 * once, a failure gives it back, a success turns it into a debit of a cycle.
 */
import type { Model } from './linearizable.ts';

/** `funds`: money of a payment institution; `cap`: how much a bank may owe. Minor units. */
export type Account = { readonly funds: bigint } | { readonly cap: bigint };

export interface AccountState {
  /** Of a bank, as it is now. */
  readonly cap: bigint;
  readonly reserved: bigint;
  /** Credits minus debits by cycle; settled cycles are gone. */
  readonly net: ReadonlyMap<number, bigint>;
}

export type Movement =
  | { readonly is: 'reserve' | 'release' | 'lack'; readonly amount: bigint }
  | { readonly is: 'debit' | 'credit'; readonly amount: bigint; readonly cycle: number }
  | { readonly is: 'settle'; readonly cycle: number }
  | { readonly is: 'cap'; readonly cap: bigint };

function headroom(account: Account, { cap, reserved, net }: AccountState): bigint {
  const positions = [...net.values()];
  if ('funds' in account) return account.funds + positions.reduce((sum, one) => sum + one, 0n) - reserved;
  return cap + positions.reduce((sum, one) => (one < 0n ? sum + one : sum), 0n) - reserved;
}

export function accountModel(account: Account): Model<AccountState, Movement> {
  const add = (net: AccountState['net'], cycle: number, amount: bigint) =>
    new Map(net).set(cycle, (net.get(cycle) ?? 0n) + amount);
  return {
    initial: { cap: 'cap' in account ? account.cap : 0n, reserved: 0n, net: new Map() },
    // Movements add up to the same in every order, so which were placed says all but which cap came last.
    key: ({ cap }) => String(cap),
    step(state, movement) {
      const { cap, reserved, net } = state;
      switch (movement.is) {
        case 'reserve':
          return headroom(account, state) < movement.amount
            ? undefined
            : { cap, net, reserved: reserved + movement.amount };
        case 'lack':
          return headroom(account, state) < movement.amount ? state : undefined;
        case 'release':
          return { cap, net, reserved: reserved - movement.amount };
        case 'debit':
          return { cap, reserved: reserved - movement.amount, net: add(net, movement.cycle, -movement.amount) };
        case 'credit':
          return { cap, reserved, net: add(net, movement.cycle, movement.amount) };
        case 'settle': {
          // What an institution has been paid stays its money.
          if ('funds' in account) return state;
          const left = new Map(net);
          left.delete(movement.cycle);
          return { cap, reserved, net: left };
        }
        case 'cap':
          // What was offered under a higher one stays.
          return { ...state, cap: movement.cap };
      }
    },
  };
}
