/** What the bank tells the program that started it: over IPC where there is a channel, else as JSON lines on stdout. */
export type BankReport = BankReady | BankStatistics | BankReconciliation | BankProblem;

export interface BankReady {
  readonly type: 'ready';
  readonly participant: string;
  /** Ports that are being listened on. */
  readonly port: number;
  readonly phonePort: number;
}

/** Counts are since the start of the process, except those that say otherwise. */
export interface BankStatistics {
  readonly type: 'statistics';
  readonly role: 'bank';
  readonly participant: string;
  /** ms since 1970. */
  readonly at: number;
  readonly offers: number;
  /** Offers of a payment that was known already; they got the answer that was given before. */
  readonly repeatedOffers: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly enquiries: number;
  readonly reversals: number;
  /** Answers held back or lost on purpose, by the behaviour settings. */
  readonly late: number;
  readonly lost: number;
  /** In the ledger, of all time. */
  readonly accounts: number;
  readonly agreements: number;
  readonly payments: number;
  readonly reconciliations: { readonly cycles: number; readonly differences: number };
}

/** One cycle's file compared with the bank's own ledger. Sent once for each settled cycle, again after a restart only if not yet done. */
export interface BankReconciliation {
  readonly type: 'reconciliation';
  readonly participant: string;
  readonly cycle: number;
  /** Payments in the file. */
  readonly payments: number;
  /** 0: agrees to the last cent. */
  readonly differences: number;
  /** Successes in the bank's ledger that no cycle's file has shown yet: zero once traffic has ended and all is settled. */
  readonly unmatched: number;
  /** The first differences in words, at most ten, without personal data. */
  readonly examples: readonly string[];
}

/** Something that a person should look at; the bank goes on. */
export interface BankProblem {
  readonly type: 'problem';
  readonly participant: string;
  readonly message: string;
}

/** What the starting program may tell the bank: over IPC or as a JSON line on stdin. Closing the channel ends the bank. */
export interface BankControl {
  readonly stop: true;
}
