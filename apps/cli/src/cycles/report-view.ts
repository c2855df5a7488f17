/** A cycle as its report says it: positions of all, totals, which must net to zero, and the files of the participants. */
import { formatDate, formatTime } from '@clearway/contract';
import type { CycleRecord, PositionRecord, Records } from '@clearway/store';
import { moneyOf } from '../output/words.ts';

export interface Sums {
  readonly currency: number;
  readonly creditCount: number;
  readonly credits: bigint;
  readonly debitCount: number;
  readonly debits: bigint;
}

/** By currency. */
export function totalsOf(positions: readonly PositionRecord[]): Sums[] {
  const totals = new Map<number, Sums>();
  for (const { currency, creditCount, credits, debitCount, debits } of positions) {
    const sum = totals.get(currency) ?? { currency, creditCount: 0, credits: 0n, debitCount: 0, debits: 0n };
    totals.set(currency, {
      currency,
      creditCount: sum.creditCount + creditCount,
      credits: sum.credits + credits,
      debitCount: sum.debitCount + debitCount,
      debits: sum.debits + debits,
    });
  }
  return [...totals.values()];
}

export function sumsView({ currency, creditCount, credits, debitCount, debits }: Sums) {
  return {
    currency: moneyOf(0n, currency)?.currency,
    creditCount,
    credits: moneyOf(credits, currency)?.amount,
    debitCount,
    debits: moneyOf(debits, currency)?.amount,
    net: moneyOf(credits - debits, currency)?.amount,
  };
}

export function cycleView(cycle: CycleRecord) {
  const { openedAt, cutOffAt, nettedAt, settledAt } = cycle;
  return {
    cycle: cycle.cycle,
    businessDate: formatDate(cycle.businessDate),
    state: cycle.state,
    times: {
      openedAt: formatTime(openedAt),
      ...(cutOffAt > 0 && { cutAt: formatTime(cutOffAt) }),
      ...(nettedAt > 0 && { nettedAt: formatTime(nettedAt) }),
      ...(settledAt > 0 && { settledAt: formatTime(settledAt) }),
    },
    payments: cycle.payments,
  };
}

export interface FileEntry {
  readonly participant: string;
  readonly bytes: number;
  /** SHA-256, hex. */
  readonly hash: string;
}

export async function filesOf(records: Records, cycle: number, participants: readonly string[]): Promise<FileEntry[]> {
  const files = await Promise.all(participants.map((participant) => records.file(cycle, participant)));
  return files.flatMap((file) =>
    file === undefined ? [] : [{ participant: file.participant, bytes: file.bytes, hash: file.hash }],
  );
}
