/** What the program that measures and its two children, load and banks, say to each other. */
import type { Quantiles } from './histogram.ts';

export type Order =
  /** Addresses of the cells, in their order. */
  | { readonly type: 'open'; readonly addresses: readonly string[] }
  | { readonly type: 'run'; readonly run: RunOrder }
  | { readonly type: 'report' }
  | { readonly type: 'end' };

export interface RunOrder {
  /** Payments a second. */
  readonly rate: number;
  /** Measured, after so many that are not. */
  readonly seconds: number;
  readonly warmupSeconds: number;
}

export type Told =
  | { readonly type: 'ready' }
  | { readonly type: 'opened'; readonly links: number }
  | { readonly type: 'ran'; readonly run: LoadRun }
  | { readonly type: 'sample'; readonly sample: Sample }
  | { readonly type: 'loadReport'; readonly report: LoadReport }
  | { readonly type: 'bankReport'; readonly report: BankReport }
  | { readonly type: 'failed'; readonly detail: string };

/** A payment that has just succeeded, to be looked for in the records. */
export interface Sample {
  readonly paymentId: string;
  readonly institution: string;
  readonly endToEndId: string;
  /** ms since 1970. */
  readonly completedAt: number;
}

export interface LoadRun {
  /** What the schedule asked for, and what left; the rest was held back since the client had no room for it. */
  readonly offered: number;
  readonly sent: number;
  readonly heldBack: number;
  /** Outcomes that came in the measured seconds. */
  readonly succeeded: number;
  readonly failed: number;
  readonly refused: number;
  readonly notProcessed: number;
  readonly unknown: number;
  readonly seconds: number;
  readonly mostInFlight: number;
  /** Sent, not for a silent bank, and without any outcome ten seconds after the last was sent. */
  readonly unanswered: number;
  /** From the intended time of sending to the outcome, without those whose bank was silent. */
  readonly latencyMs: Quantiles;
  readonly buckets: readonly number[];
  /** A line for each quarter of a second of the measured time: outcomes, and their latency. */
  readonly timeline: readonly {
    readonly outcomes: number;
    readonly p50: number;
    readonly p99: number;
    readonly largest: number;
  }[];
  /** Reasons of what was refused or not processed. */
  readonly reasons: Readonly<Record<string, number>>;
}

/** Of one participant in one cycle. Minor units. */
export interface Position {
  readonly participant: string;
  readonly cycle: number;
  readonly credits: number;
  readonly debits: number;
  readonly creditCount: number;
  readonly debitCount: number;
}

export interface LoadReport {
  readonly sent: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly refused: number;
  readonly notProcessed: number;
  /** Failed, since the bank had never booked it in time, or has undone it. */
  readonly undone: number;
  /** Sent, and no definite outcome yet. */
  readonly open: number;
  /** What may not be: a second definite outcome, or another than the bank's behaviour calls for. */
  readonly wrong: readonly string[];
  readonly positions: readonly Position[];
  readonly checkpoints: number;
}

export interface BankReport {
  readonly offers: number;
  readonly duplicates: number;
  readonly enquiries: number;
  readonly reversals: number;
  readonly approved: number;
  readonly declined: number;
  readonly silent: number;
  readonly positions: readonly Position[];
  readonly checkpoints: number;
}
