/** What the central bank tells the program that started it: over IPC where there is a channel, else as JSON lines on stdout. */
export type CentralBankReport = CentralBankReady | CentralBankStatistics;

export interface CentralBankReady {
  readonly type: 'ready';
  readonly participant: string;
  /** Port that is being listened on. */
  readonly port: number;
}

export interface CentralBankStatistics {
  readonly type: 'statistics';
  readonly role: 'centralBank';
  readonly participant: string;
  /** ms since 1970. */
  readonly at: number;
  /** Instructions of all time. */
  readonly settled: number;
  readonly queued: number;
  readonly deposits: number;
  /** Balances now, major units. */
  readonly accounts: readonly { readonly participant: string; readonly currency: string; readonly balance: string }[];
}

/** Over IPC or as a JSON line on stdin. Closing the channel ends the central bank. */
export interface CentralBankControl {
  readonly stop: true;
}
