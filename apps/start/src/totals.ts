/** Adds up what the institutions tell of themselves, across their restarts. */
import type { BankReport, BankStatistics } from '@clearway/example-bank';
import type { CentralBankReport, CentralBankStatistics } from '@clearway/example-central-bank';
import type { WalletReport, WalletStatistics } from '@clearway/example-wallet';

export type Report = WalletReport | BankReport | CentralBankReport;

export interface Totals {
  /** Since this start, over restarts of the wallets. */
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

/** What a wallet counts from the start of its process, and by its journal over all its runs. */
const ofProcess = ['unknown', 'enquiries'] as const;
const ofJournal = ['sent', 'succeeded', 'failed', 'refused'] as const;
type ProcessCounts = Record<(typeof ofProcess)[number], number>;
type JournalCounts = Record<(typeof ofJournal)[number], number>;

export interface Tally {
  hear(name: string, report: Report): void;
  /** The process begins to count from zero again. */
  restarted(name: string): void;
  /** From here on counts are of what comes. */
  begin(): void;
  totals(): Totals;
  /** `sentEver`: by its journal, of all its runs. */
  wallet(name: string): { readonly sentEver: number; readonly statistics: WalletStatistics | undefined };
  bank(name: string): BankStatistics | undefined;
  reconciled(): readonly Reconciled[];
}

export function createTally(): Tally {
  const wallets = new Map<string, WalletStatistics>();
  const banks = new Map<string, BankStatistics>();
  /** Counts of processes that have ended. */
  const ended = new Map<string, ProcessCounts>();
  const recorded = new Map<string, JournalCounts>();
  const begun = new Map<string, JournalCounts & ProcessCounts>();
  const reconciled = new Map<string, Reconciled>();
  let accounts: CentralBankStatistics['accounts'] = [];

  const count = (name: string, key: keyof (JournalCounts & ProcessCounts)): number => {
    const now =
      key === 'unknown' || key === 'enquiries'
        ? (wallets.get(name)?.[key] ?? 0) + (ended.get(name)?.[key] ?? 0)
        : (recorded.get(name)?.[key] ?? 0);
    return now - (begun.get(name)?.[key] ?? 0);
  };
  const begin = (name: string) => {
    begun.delete(name);
    const counts = [...ofJournal, ...ofProcess].map((key) => [key, count(name, key)]);
    begun.set(name, Object.fromEntries(counts));
  };

  return {
    hear(name, report) {
      if (report.type === 'reconciliation') reconciled.set(`${report.cycle} ${report.participant}`, report);
      if (report.type === 'recorded') {
        recorded.set(name, report);
        if (!begun.has(name)) begin(name);
      }
      if (report.type !== 'statistics') return;
      if (report.role === 'wallet') wallets.set(name, report);
      else if (report.role === 'bank') banks.set(name, report);
      else accounts = report.accounts;
    },
    restarted(name) {
      const { unknown = 0, enquiries = 0 } = wallets.get(name) ?? {};
      const before = ended.get(name);
      ended.set(name, { unknown: unknown + (before?.unknown ?? 0), enquiries: enquiries + (before?.enquiries ?? 0) });
      wallets.delete(name);
      banks.delete(name);
    },
    begin() {
      for (const name of recorded.keys()) begin(name);
    },
    totals() {
      const all = [...wallets.values()];
      const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
      const total = (key: keyof (JournalCounts & ProcessCounts)) =>
        sum([...recorded.keys()].map((name) => count(name, key)));
      return {
        sent: total('sent'),
        succeeded: total('succeeded'),
        failed: total('failed'),
        refused: total('refused'),
        unknown: total('unknown'),
        enquiries: total('enquiries'),
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
    wallet: (name) => ({ sentEver: recorded.get(name)?.sent ?? 0, statistics: wallets.get(name) }),
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
