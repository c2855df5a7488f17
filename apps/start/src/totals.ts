/** Adds up what the institutions tell of themselves, across their restarts. */
import type { BankReport, BankStatistics } from '@clearway/example-bank';
import type { CentralBankReport, CentralBankStatistics } from '@clearway/example-central-bank';
import type { WalletReport, WalletStatistics } from '@clearway/example-wallet';

export type Report = WalletReport | BankReport | CentralBankReport;

export interface Totals {
  /** Since this start. */
  readonly sent: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly refused: number;
  readonly unknown: number;
  readonly enquiries: number;
  /** Now. */
  readonly inFlight: number;
  readonly unresolved: number;
  readonly agreements: number;
  readonly phases: readonly WalletStatistics['phase'][];
  /** Of the last second, ms: median over all wallets, and the 99th percentile of the slowest wallet. */
  readonly latency: { readonly p50: number; readonly p99: number };
  readonly failures: Readonly<Record<string, number>>;
  readonly refusals: Readonly<Record<string, number>>;
  /** Balances at the settlement agent, major units. */
  readonly accounts: CentralBankStatistics['accounts'];
}

export interface Reconciled {
  readonly participant: string;
  readonly cycle: number;
  readonly payments: number;
  readonly differences: number;
  readonly examples: readonly string[];
}

/** What counts from the start of a process. */
const counters = ['sent', 'succeeded', 'failed', 'refused', 'unknown', 'enquiries'] as const;
type Counts = Record<(typeof counters)[number], number>;

export interface Tally {
  hear(name: string, report: Report): void;
  /** The process begins to count from zero again. */
  restarted(name: string): void;
  totals(): Totals;
  wallet(name: string): { readonly sent: number; readonly statistics: WalletStatistics | undefined };
  bank(name: string): BankStatistics | undefined;
  reconciled(): readonly Reconciled[];
}

export function createTally(): Tally {
  const wallets = new Map<string, WalletStatistics>();
  const banks = new Map<string, BankStatistics>();
  const before = new Map<string, Counts>();
  const reconciled = new Map<string, Reconciled>();
  let accounts: CentralBankStatistics['accounts'] = [];

  const countsOf = (name: string): Counts => {
    const earlier = before.get(name);
    const now = wallets.get(name);
    return Object.fromEntries(counters.map((key) => [key, (earlier?.[key] ?? 0) + (now?.[key] ?? 0)])) as Counts;
  };

  return {
    hear(name, report) {
      if (report.type === 'reconciliation') reconciled.set(`${report.cycle} ${report.participant}`, report);
      if (report.type !== 'statistics') return;
      if (report.role === 'wallet') wallets.set(name, report);
      else if (report.role === 'bank') banks.set(name, report);
      else accounts = report.accounts;
    },
    restarted(name) {
      before.set(name, countsOf(name));
      wallets.delete(name);
      banks.delete(name);
    },
    totals() {
      const all = [...wallets.values()];
      const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
      const count = (key: (typeof counters)[number]) =>
        sum([...new Set([...wallets.keys(), ...before.keys()])].map((name) => countsOf(name)[key]));
      return {
        sent: count('sent'),
        succeeded: count('succeeded'),
        failed: count('failed'),
        refused: count('refused'),
        unknown: count('unknown'),
        enquiries: count('enquiries'),
        inFlight: sum(all.map(({ inFlight }) => inFlight)),
        unresolved: sum(all.map(({ unresolved }) => unresolved)),
        agreements: sum(all.map(({ agreements }) => agreements)),
        phases: all.map(({ phase }) => phase),
        latency: latencyOf(all),
        failures: merged(all.map(({ failures }) => failures)),
        refusals: merged(all.map(({ refusals }) => refusals)),
        accounts,
      };
    },
    wallet: (name) => ({ sent: countsOf(name).sent, statistics: wallets.get(name) }),
    bank: (name) => banks.get(name),
    reconciled: () => [...reconciled.values()],
  };
}

function latencyOf(wallets: readonly WalletStatistics[]): Totals['latency'] {
  const measured = wallets.map(({ latency }) => latency).filter(({ count }) => count > 0);
  const count = measured.reduce((total, latency) => total + latency.count, 0);
  if (count === 0) return { p50: 0, p99: 0 };
  return {
    p50: measured.reduce((total, latency) => total + latency.p50 * latency.count, 0) / count,
    p99: Math.max(...measured.map(({ p99 }) => p99)),
  };
}

function merged(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const one of all) for (const [key, value] of Object.entries(one)) sums[key] = (sums[key] ?? 0) + value;
  return sums;
}
