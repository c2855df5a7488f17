/** What the records say of right now, asked every few seconds: payments without an outcome, and the business day. */
import type { Cancel, Clock } from '@clearway/ports';
import type { Ask } from '../database.ts';
import type { Payments } from '../records/payments.ts';

export interface Silence {
  readonly institution: string;
  readonly bank: string;
  readonly currency: number;
  readonly payments: number;
  readonly amount: bigint;
  /** ms, of its submission. */
  readonly oldestSince: number;
}

export interface Standing {
  /** Payments without an outcome, by pair and currency. */
  readonly silences: readonly Silence[];
  readonly lastPaymentAt: number;
  /** Of the cycles of the business day before `heldFrom`: later ones are still the cell's to tell. */
  readonly day: {
    readonly businessDate: number;
    readonly heldFrom: number;
    readonly payments: number;
    readonly sums: readonly {
      readonly participant: string;
      readonly currency: number;
      readonly debits: bigint;
      readonly payments: number;
    }[];
  };
  readonly openItems: readonly {
    readonly workItemId: string;
    readonly kind: string;
    readonly subject: string;
    readonly openedAt: number;
  }[];
}

export interface StandingReader {
  readonly standing: Standing | undefined;
  /** Last success, 0 before. */
  readonly readAt: number;
  readonly isFailing: boolean;
  /** `heldFrom`: the oldest cycle that the cell still tells of. */
  read(businessDate: number, heldFrom: number): Promise<void>;
  start(what: () => readonly [businessDate: number, heldFrom: number]): Cancel;
}

const everyMs = 2_000;

export function createStandingReader(options: {
  readonly ask: Ask;
  readonly payments: Pick<Payments, 'tally' | 'lastSubmittedAt'>;
  /** Routing digits as numbers, the home cell's first. */
  readonly cellNumbers: readonly number[];
  readonly clock: Clock;
  log(event: string, fields: Record<string, unknown>): void;
}): StandingReader {
  const { ask, payments, cellNumbers, clock, log } = options;
  let standing: Standing | undefined;
  let readAt = 0;
  let isFailing = false;

  const read = async (businessDate: number, heldFrom: number) => {
    try {
      standing = await readStanding(ask, payments, cellNumbers, businessDate, heldFrom, standing?.lastPaymentAt ?? 0);
      readAt = clock.now();
      isFailing = false;
    } catch (error) {
      if (!isFailing) log('console.recordsNotRead', { detail: (error as Error).message });
      isFailing = true;
    }
  };

  return {
    read,
    get standing() {
      return standing;
    },
    get readAt() {
      return readAt;
    },
    get isFailing() {
      return isFailing;
    },
    start(what) {
      let cancel: Cancel = () => {};
      let stopped = false;
      const next = () => {
        cancel = clock.after(everyMs, async () => {
          await read(...what());
          if (!stopped) next();
        });
      };
      next();
      return () => {
        stopped = true;
        cancel();
      };
    },
  };
}

async function readStanding(
  ask: Ask,
  payments: Pick<Payments, 'tally' | 'lastSubmittedAt'>,
  cells: readonly number[],
  businessDate: number,
  heldFrom: number,
  since: number,
): Promise<Standing> {
  const [silences, lastPaymentAt, cycles, sums, items] = await Promise.all([
    payments.tally({
      by: ['institution', 'bank', 'currency'],
      stepMs: 0,
      states: ['unknown', 'reversing'],
      isPartial: true,
    }),
    payments.lastSubmittedAt(since),
    ask<{ payments: string | null }>(
      'SELECT sum(payments) AS payments FROM records.cycle WHERE cell = ANY ($1) AND business_date = $2 AND cycle < $3',
      [cells, businessDate, heldFrom],
    ),
    ask<{ participant: string; currency: number; debits: string; payments: string }>(
      `SELECT participant, currency, sum(debits) AS debits, sum(credit_count + debit_count) AS payments
       FROM records.position JOIN records.cycle USING (cell, cycle)
       WHERE cell = ANY ($1) AND business_date = $2 AND cycle < $3 GROUP BY 1, 2`,
      [cells, businessDate, heldFrom],
    ),
    ask<{ work_item_id: string; kind: string; subject: string; opened_at: string }>(
      `SELECT work_item_id, kind, subject, opened_at FROM records.work_item item
         LEFT JOIN console.work work USING (cell, work_item_id)
       WHERE cell = ANY ($1) AND item.closed_at = 0 AND coalesce(work.closed_at, 0) = 0`,
      [cells],
    ),
  ]);
  return {
    silences: silences.rows.map(({ firstAt, ...silence }) => ({ ...silence, oldestSince: firstAt })),
    lastPaymentAt,
    day: {
      businessDate,
      heldFrom,
      payments: Number(cycles[0]?.payments ?? 0),
      sums: sums.map(({ participant, currency, debits, payments }) => ({
        participant,
        currency,
        debits: BigInt(debits),
        payments: Number(payments),
      })),
    },
    openItems: items.map(({ work_item_id, kind, subject, opened_at }) => ({
      workItemId: work_item_id,
      kind,
      subject,
      openedAt: Number(opened_at),
    })),
  };
}
