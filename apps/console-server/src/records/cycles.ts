/** Cycles as the records have them, and between whom their money went: steps are the home cell's, counts everybody's. */
import type { CycleMatrix, CycleRow, CycleState } from '@clearway/console-api';
import { formatAmount, formatDate, formatTime } from '@clearway/contract';
import type { Clock } from '@clearway/ports';
import { atMost } from '../at-most.ts';
import type { Ask } from '../database.ts';
import type { PositionSums } from '../figures/lines.ts';
import { Refusal } from '../refusal.ts';
import { timeOrNull } from '../words.ts';
import type { Payments, TallyRow } from './payments.ts';

export interface RecordedCycle extends Omit<CycleRow, 'turnover'> {}

/** A reconciliation file, which can be of any length. */
export interface CycleFile {
  readonly bytes: number;
  /** One part after the other. */
  readonly content: AsyncIterable<Buffer>;
}

export interface CycleRecords {
  /** Newest first, before `after`. */
  page(after: number | undefined, limit: number): Promise<RecordedCycle[]>;
  one(cycle: number): Promise<RecordedCycle | undefined>;
  /** Empty for a cycle that is open. */
  positions(cycles: readonly number[]): Promise<(PositionSums & { readonly cycle: number })[]>;
  /** The latest lines of one participant. */
  positionsOf(
    participant: string,
    limit: number,
  ): Promise<(PositionSums & { readonly cycle: number; readonly state: CycleState })[]>;
  files(cycle: number): Promise<{ readonly participant: string; readonly hash: string; readonly bytes: number }[]>;
  file(cycle: number, participant: string): Promise<CycleFile | undefined>;
  /** @throws Refusal `tooSlow` for one that is open and has too many payments, or is still being counted */
  pairs(cycle: number): Promise<CycleMatrix['pairs']>;
}

const columns = `cycle, business_date, state, opened_at, cut_off_at, netted_at, settled_at,
  (SELECT sum(payments) FROM records.cycle part WHERE part.cell = ANY ($2) AND part.cycle = home.cycle) AS payments`;
const sums = `sum(credits) AS credits, sum(debits) AS debits, sum(credit_count) AS credit_count,
  sum(debit_count) AS debit_count`;
/** Matrices of closed cycles never change. */
const matricesKept = 50;
/** A page waits so long for a matrix. */
const countMs = 8_000;

/** @param cells routing digits as numbers, the home cell's first */
export function createCycleRecords(
  ask: Ask,
  cells: readonly number[],
  payments: Pick<Payments, 'tally'>,
  clock: Pick<Clock, 'after'>,
): CycleRecords {
  const [home] = cells;
  const matrices = new Map<number, CycleMatrix['pairs']>();
  const countings = new Map<number, Promise<CycleMatrix['pairs']>>();

  /** One that is settled is gone through to its end, however long that takes; it is kept then. */
  const readPairs = async (cycle: number, isClosed: boolean): Promise<CycleMatrix['pairs']> => {
    const by = ['institution', 'bank', 'currency', 'kind'] as const;
    const { rows, readTo } = await payments.tally({
      by,
      stepMs: 0,
      cycle,
      states: ['succeeded'],
      isExhaustive: isClosed,
    });
    if (readTo > 0) throw new Refusal('tooSlow', 'So many payments are counted by pairs when their cycle is settled.');
    const pairs = new Map<string, { row: TallyRow; payments: number; pulled: bigint; pushed: bigint }>();
    for (const row of rows) {
      const key = `${row.institution} ${row.bank} ${row.currency}`;
      const pair = pairs.get(key) ?? { row, payments: 0, pulled: 0n, pushed: 0n };
      pairs.set(key, pair);
      pair.payments += row.payments;
      if (row.kind === 'agreementPayment') pair.pulled += row.amount;
      else pair.pushed += row.amount;
    }
    return [...pairs]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { row, payments, pulled, pushed }]) => ({
        institution: row.institution,
        bank: row.bank,
        payments,
        toInstitution: formatAmount(pulled, row.currency),
        toBank: formatAmount(pushed, row.currency),
      }));
  };

  /** One at a time for each cycle; what of it nobody waits for is there for who asks next. */
  const count = (cycle: number, isClosed: boolean) => {
    const counting = readPairs(cycle, isClosed).finally(() => countings.delete(cycle));
    countings.set(cycle, counting);
    counting.then(
      (pairs) => {
        if (isClosed) matrices.set(cycle, pairs);
        if (matrices.size > matricesKept) matrices.delete(matrices.keys().next().value as number);
      },
      () => {}, // who waits for it hears it
    );
    return counting;
  };

  return {
    async page(after, limit) {
      const rows = await ask(
        `SELECT ${columns} FROM records.cycle home WHERE cell = $1 AND ($3::bigint IS NULL OR cycle < $3)
         ORDER BY cycle DESC LIMIT $4`,
        [home, cells, after ?? null, limit],
      );
      return rows.map(cycleOf);
    },

    async one(cycle) {
      const [row] = await ask(`SELECT ${columns} FROM records.cycle home WHERE cell = $1 AND cycle = $3`, [
        home,
        cells,
        cycle,
      ]);
      return row && cycleOf(row);
    },

    async positions(cycles) {
      const rows = await ask(
        `SELECT cycle, participant, currency, ${sums} FROM records.position
         WHERE cell = ANY ($1) AND cycle = ANY ($2) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
        [cells, cycles],
      );
      return rows.map(positionOf);
    },

    async positionsOf(participant, limit) {
      const rows = await ask(
        `SELECT cycle, home.state, participant, currency, ${sums}
         FROM records.position position JOIN records.cycle home USING (cycle)
         WHERE position.cell = ANY ($1) AND home.cell = $2 AND participant = $3
         GROUP BY 1, 2, 3, 4 ORDER BY cycle DESC, currency LIMIT $4`,
        [cells, home, participant, limit],
      );
      return rows.map((row) => ({ ...positionOf(row), state: row.state as CycleState }));
    },

    async files(cycle) {
      const rows = await ask<{ participant: string; hash: string; bytes: number }>(
        `SELECT participant, hash, bytes::float8 AS bytes FROM records.file
         WHERE cell = $1 AND cycle = $2 ORDER BY participant`,
        [home, cycle],
      );
      return rows;
    },

    async file(cycle, participant) {
      const [row] = await ask<{ bytes: number; parts: number }>(
        'SELECT bytes::float8 AS bytes, parts FROM records.file WHERE cell = $1 AND cycle = $2 AND participant = $3',
        [home, cycle, participant],
      );
      if (row === undefined) return undefined;
      const { bytes, parts } = row;
      async function* read() {
        for (let part = 1; part <= parts; part++) {
          const [found] = await ask<{ content: Buffer }>(
            `SELECT content FROM records.file_part WHERE cell = $1 AND cycle = $2 AND participant = $3 AND part = $4`,
            [home, cycle, participant, part],
          );
          yield found.content;
        }
      }
      return { bytes, content: read() };
    },

    async pairs(cycle) {
      const known = matrices.get(cycle);
      if (known !== undefined) return known;
      const closed = await ask(`SELECT 1 FROM records.cycle WHERE cell = $1 AND cycle = $2 AND state = 'settled'`, [
        home,
        cycle,
      ]);
      const isClosed = closed.length > 0;
      const counting = countings.get(cycle) ?? count(cycle, isClosed);
      const pairs = await atMost(clock, countMs, counting, undefined);
      if (pairs === undefined) throw new Refusal('tooSlow', 'It is being counted and will be here: ask again.');
      return pairs;
    },
  };
}

function cycleOf(row: Record<string, unknown>): RecordedCycle {
  return {
    cycle: Number(row.cycle),
    businessDate: formatDate(row.business_date as number),
    state: row.state as CycleState,
    openedAt: formatTime(Number(row.opened_at)),
    cutOffAt: timeOrNull(Number(row.cut_off_at)),
    nettedAt: timeOrNull(Number(row.netted_at)),
    settledAt: timeOrNull(Number(row.settled_at)),
    payments: Number(row.payments),
  };
}

const positionOf = (row: Record<string, unknown>) => ({
  cycle: Number(row.cycle),
  participant: row.participant as string,
  currency: row.currency as number,
  credits: BigInt(row.credits as string),
  debits: BigInt(row.debits as string),
  creditCount: Number(row.credit_count),
  debitCount: Number(row.debit_count),
});
