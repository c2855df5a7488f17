/** What the wallet tells the program that started it: over IPC where there is a channel, else as JSON lines on stdout. */
export type WalletReport = WalletReady | WalletRecorded | WalletStatistics | WalletReconciliation | WalletProblem;

export interface WalletReady {
  readonly type: 'ready';
  readonly participant: string;
  /** Port of the endpoint that is being listened on. */
  readonly port: number;
}

/**
 * Counts by the wallet's journal, of all its runs: exact over crashes. Sent when the wallet is ready, before it pays,
 * and with every `statistics`.
 */
export interface WalletRecorded extends Recorded {
  readonly type: 'recorded';
  readonly participant: string;
}

/** What was sent and has none of the three ends is open. */
export interface Recorded {
  readonly sent: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly refused: number;
}

/** Percentiles in ms of the time from sending a payment to its told outcome, since the last message. */
export interface Latency {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly largest: number;
}

/**
 * Counts are since the start of the process. `phase`: `signing` agreements are being opened; `paying`; `resolving` no
 * new payments, unanswered ones are being resolved; `idle` all that was sent has a definite outcome.
 */
export interface WalletStatistics {
  readonly type: 'statistics';
  readonly role: 'wallet';
  readonly participant: string;
  /** ms since 1970. */
  readonly at: number;
  readonly phase: 'signing' | 'paying' | 'resolving' | 'idle';
  /** Active agreements. */
  readonly agreements: number;
  readonly sent: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly refused: number;
  /** Refusals by reason. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Failures by reason. */
  readonly failures: Readonly<Record<string, number>>;
  /** Told `unknown`, ever. Each ends in succeeded or failed. */
  readonly unknown: number;
  readonly enquiries: number;
  readonly inFlight: number;
  /** Payments without a definite outcome at this moment, those of earlier runs included. */
  readonly unresolved: number;
  /** Payments that had to wait because mostInFlight was reached. */
  readonly delayed: number;
  readonly latency: Latency;
  readonly reconciliations: { readonly cycles: number; readonly differences: number };
}

/** One cycle's file compared with the wallet's own record. */
export interface WalletReconciliation {
  readonly type: 'reconciliation';
  readonly participant: string;
  readonly cycle: number;
  /** Payments in the file. */
  readonly payments: number;
  /** 0: agrees to the last cent. */
  readonly differences: number;
  /** Payments whose success, or its cycle, the wallet learnt from the file. */
  readonly learnt: number;
  /** Successes in the wallet's record that no cycle's file has shown yet: zero once traffic has ended and all is settled. */
  readonly unmatched: number;
  /** The first differences in words, at most ten, without personal data. */
  readonly examples: readonly string[];
}

/** Something that a person should look at; the wallet goes on. */
export interface WalletProblem {
  readonly type: 'problem';
  readonly participant: string;
  readonly message: string;
}

/**
 * What the starting program may tell the wallet, over IPC or as a JSON line on stdin. Closing the channel ends it.
 * `rate`: payments a second from now on. `payments`: send so many more, then resolve. `stop`: no new payments, resolve.
 */
export type WalletControl = { readonly rate: number } | { readonly payments: number } | { readonly stop: true };
