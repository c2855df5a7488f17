/** What the wallets are told to send, kept so that it can be told again to one that was restarted. */
import type { WalletControl, WalletStatistics } from '@clearway/example-wallet';
import type { Program, Supervised } from './supervise.ts';
import type { Tally } from './totals.ts';

export interface Traffic {
  /** Payments a second of all wallets together; 0 puts them to rest. */
  setRate(rate: number): void;
  /** So many more payments, then none. */
  pay(payments: number): void;
  /** No new payments. */
  stop(): void;
  /** Everything that was ordered was sent and has been answered, if only as unknown. */
  readonly isAnswered: boolean;
  /** Nothing is on its way any more, and every payment has a definite outcome. */
  readonly isDrained: boolean;
}

/** A wallet at rest sends what it is told to; this is more than it ever will. */
const withoutEnd = Number.MAX_SAFE_INTEGER;
/** How much of the traffic each wallet has, in percent. */
const shares = [50, 30, 20];

interface Wallet {
  readonly name: string;
  readonly share: number;
  process: Supervised | undefined;
  /** How many payments its journal is to hold in the end; undefined: without end. */
  target: number | undefined;
}

/** `start` starts a wallet and calls back every time that it can be told what to do, after restarts too. */
export async function startTraffic(
  programs: readonly Program[],
  tally: Tally,
  start: (program: Program, instruct: () => void) => Promise<Supervised>,
): Promise<Traffic> {
  let rate = 0;
  let atRest = false;
  let stopped = false;
  const tell = (wallet: Wallet, control: WalletControl) => wallet.process?.send(control);
  const tellRate = (wallet: Wallet) => tell(wallet, { rate: (rate * wallet.share) / 100 });
  const wallets: Wallet[] = programs.map(({ name }, index) => ({
    name,
    share: shares[index],
    process: undefined,
    target: undefined,
  }));

  /** A wallet that comes back knows neither the rate nor how much is left of what was ordered. */
  const instruct = (wallet: Wallet) => {
    if (stopped || atRest) return tell(wallet, { stop: true });
    if (wallet.target !== undefined)
      tell(wallet, { payments: Math.max(0, wallet.target - tally.wallet(wallet.name).sentEver) });
    tellRate(wallet);
  };

  await Promise.all(
    wallets.map(async (wallet, index) => {
      wallet.process = await start(programs[index], () => instruct(wallet));
    }),
  );

  return {
    setRate(perSecond) {
      const wakes = atRest && perSecond > 0;
      rate = perSecond;
      atRest = perSecond === 0;
      for (const wallet of wallets) {
        if (atRest) tell(wallet, { stop: true });
        if (wakes && wallet.target === undefined) tell(wallet, { payments: withoutEnd });
        tellRate(wallet);
      }
    },
    pay(payments) {
      const parts = split(payments, shares);
      for (const [index, wallet] of wallets.entries()) {
        wallet.target = (wallet.target ?? tally.wallet(wallet.name).sentEver) + parts[index];
        tell(wallet, { payments: parts[index] });
      }
    },
    stop() {
      stopped = true;
      for (const wallet of wallets) tell(wallet, { stop: true });
    },
    get isAnswered() {
      return wallets.every((wallet) => isIn(wallet, ['resolving', 'idle']));
    },
    get isDrained() {
      return wallets.every(
        (wallet) => isIn(wallet, ['idle']) && tally.wallet(wallet.name).statistics?.unresolved === 0,
      );
    },
  };

  /** True when the wallet has sent what it was told to, and says that it is in one of these phases. */
  function isIn({ name, process, target }: Wallet, phases: readonly WalletStatistics['phase'][]): boolean {
    const { sentEver, statistics } = tally.wallet(name);
    const hasSent = stopped || atRest || (target !== undefined && sentEver >= target);
    return hasSent && process?.ready === true && statistics !== undefined && phases.includes(statistics.phase);
  }
}

/** Whole parts in these proportions that add up to the whole. */
export function split(whole: number, percents: readonly number[]): number[] {
  const parts = percents.map((percent) => Math.floor((whole * percent) / 100));
  parts[0] += whole - parts.reduce((sum, part) => sum + part, 0);
  return parts;
}
