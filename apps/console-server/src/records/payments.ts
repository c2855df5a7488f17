/**
 * Payments, wherever they are. A cell with a stream keeps all of its payments in an archive, a cell without one has them
 * as rows of PostgreSQL; nobody but this folder knows which.
 */
import type { PaymentHistogram, PaymentList } from '@clearway/console-api';
import type { PaymentKind, PaymentState, Reason } from '@clearway/core';
import type { PaymentRecord } from '@clearway/store';
import { Refusal } from '../refusal.ts';

export interface PaymentPage extends PaymentList {
  /** For `after`, behind each of the payments; none where there is no more than one page. */
  readonly places: readonly string[];
}

export interface Payments {
  /** @throws Refusal `queryInvalid`, `tooSlow` */
  page(query: { q: string; after: string; limit: number; scope: string | undefined }): Promise<PaymentPage>;
  histogram(query: {
    q: string;
    from: number;
    to: number;
    bars: number;
    scope: string | undefined;
  }): Promise<PaymentHistogram>;
  /** Undefined for what does not exist or lies outside of the scope: nobody can tell which. */
  one(paymentId: string, scope: string | undefined): Promise<PaymentRecord | undefined>;
  refundsOf(original: PaymentRecord): Promise<PaymentRecord[]>;
  withoutOutcome(participant: string, limit: number): Promise<PaymentRecord[]>;
  tally(query: TallyQuery): Promise<Counted>;
  /** ms; 0 for none. `since`: of an earlier answer. */
  lastSubmittedAt(since: number): Promise<number>;
}

export interface TallyQuery {
  readonly by: readonly ('institution' | 'bank' | 'currency' | 'kind' | 'state' | 'reason' | 'bucket')[];
  /** By steps of this many ms of their submission; 0: all together. */
  readonly stepMs: number;
  /** Code of either side. */
  readonly participant?: string;
  readonly states?: readonly PaymentState[];
  readonly cycle?: number;
  /** Submitted at or after this, and before `to`; ms. */
  readonly from?: number;
  readonly to?: number;
  /** However long it takes: every record is read. Only for what is asked once and kept. */
  readonly isExhaustive?: boolean;
  /** Whether what is in a cell that is away may be left out. */
  readonly isPartial?: boolean;
}

/** What it was not counted by is empty, 0 or null. */
export interface TallyRow {
  readonly at: number;
  readonly institution: string;
  readonly bank: string;
  readonly currency: number;
  readonly kind: PaymentKind | '';
  readonly state: PaymentState | '';
  readonly reason: Reason;
  /** From submission to the bank's answer, four buckets a doubling from 1 ms on, 0 to 71; null without an answer. */
  readonly bucket: number | null;
  readonly payments: number;
  readonly amount: bigint;
  /** First submission, ms. */
  readonly firstAt: number;
}

export interface Counted {
  readonly rows: readonly TallyRow[];
  /** ms: what was submitted at or before this may not have been counted; 0 where everything was. */
  readonly readTo: number;
}

/** @param archive each answer undefined where the cell keeps no archive; @throws Refusal `cellUnavailable` */
export function createPayments(rows: Payments, archive: MayBeUndefined<Payments>): Payments {
  /** Undefined until a cell has said so. */
  let isArchived: boolean | undefined;

  const ask = async <T>(question: (where: MayBeUndefined<Payments>) => Promise<T | undefined>): Promise<T> => {
    const found = isArchived === false ? undefined : await question(archive);
    isArchived ??= found !== undefined;
    if (found !== undefined) return found;
    return (await question(rows)) as T;
  };

  /** While the cell is away: rows are what came over HTTP, as far as that goes. */
  const rowsInstead = async <T>(asked: Promise<T>, instead: () => Promise<T>): Promise<T> => {
    try {
      return await asked;
    } catch (error) {
      if (!(error instanceof Refusal) || error.reason !== 'cellUnavailable') throw error;
      return instead();
    }
  };

  return {
    page: (query) =>
      rowsInstead(
        ask((where) => where.page(query)),
        async () => ({ ...(await rows.page(query)), isWhole: false }),
      ),
    histogram: (query) =>
      rowsInstead(
        ask((where) => where.histogram(query)),
        () => rows.histogram(query),
      ),
    async one(paymentId, scope) {
      const row = await rows.one(paymentId, scope);
      // While the cell is away, what is a row is found all the same.
      return row ?? (await archive.one(paymentId, scope).catch(() => undefined));
    },
    refundsOf: (original) => ask((where) => where.refundsOf(original)),
    withoutOutcome: (participant, limit) => ask((where) => where.withoutOutcome(participant, limit)),
    tally: (query) => ask((where) => where.tally(query)),
    lastSubmittedAt: (since) => ask((where) => where.lastSubmittedAt(since)),
  };
}

export type MayBeUndefined<T> = {
  readonly [K in keyof T]: T[K] extends (...given: infer G) => Promise<infer R>
    ? (...given: G) => Promise<R | undefined>
    : never;
};
