/** Positions and headroom as lines to be shown, from the cell's statistics or from the records. */
import type { CycleNow, HeadroomLine, PositionLine } from '@clearway/console-api';
import { formatAmount } from '@clearway/contract';
import type { Configuration } from '@clearway/gateway';
import type { Statistics } from '@clearway/server';
import { alphaOf, dateOrNull, sumsOf, timeOrNull } from '../words.ts';

export interface PositionSums {
  readonly participant: string;
  readonly currency: number;
  readonly credits: number | bigint;
  readonly debits: number | bigint;
  readonly creditCount: number;
  readonly debitCount: number;
}

export function positionLine(sums: PositionSums, nameOf: (code: string) => string): PositionLine {
  const { participant, currency, creditCount, debitCount } = sums;
  const credits = BigInt(sums.credits);
  const debits = BigInt(sums.debits);
  return {
    participant,
    name: nameOf(participant),
    credits: formatAmount(credits, currency),
    debits: formatAmount(debits, currency),
    net: formatAmount(credits - debits, currency),
    creditCount,
    debitCount,
  };
}

/** Zero in every currency, or the platform is broken. */
export const netSums = (positions: readonly PositionSums[]) =>
  sumsOf(positions, ({ currency, credits, debits }) => [currency, BigInt(credits) - BigInt(debits)]);

export const turnovers = (positions: readonly PositionSums[]) =>
  sumsOf(positions, ({ currency, debits }) => [currency, BigInt(debits)]);

export function cycleNow(cycle: Statistics['cycles'][number], nameOf: (code: string) => string): CycleNow {
  const currency = cycle.positions[0]?.currency;
  return {
    cycle: cycle.cycle,
    businessDate: dateOrNull(cycle.businessDate),
    state: cycle.state,
    openedAt: timeOrNull(cycle.openedAt),
    cutOffDueAt: timeOrNull(cycle.cutOffDueAt ?? 0),
    payments: cycle.payments,
    turnover: turnovers(cycle.positions),
    positions: cycle.positions.map((line) => positionLine(line, nameOf)),
    sum: netSums(cycle.positions),
    shortfalls:
      currency === undefined
        ? []
        : (cycle.shortfalls ?? []).map(({ participant, missing }) => ({
            participant,
            missing: { amount: missing, currency: alphaOf(currency) },
          })),
  };
}

export function headroomLines(
  accounts: Statistics['accounts'],
  participants: Configuration['participants'],
): HeadroomLine[] {
  const lines = accounts.flatMap((account) => {
    const participant = participants.find(({ code }) => code === account.participant);
    if (participant === undefined) return [];
    const { currency } = account;
    const limit = participant.role === 'bank' ? account.netDebitCap : account.funds;
    return [
      {
        participant: account.participant,
        name: participant.name,
        role: participant.role,
        limit: formatAmount(limit, currency),
        outstanding: formatAmount(account.outstanding, currency),
        reserved: formatAmount(account.reserved, currency),
        headroom: formatAmount(account.headroom, currency),
        share: limit === 0 ? null : Math.min(1, Math.max(0, Math.floor((account.headroom / limit) * 10_000) / 10_000)),
      },
    ];
  });
  return lines.sort((a, b) => (a.share ?? 2) - (b.share ?? 2));
}
