/** What must make a person act, seen in the figures. Each threshold says how long a healthy platform takes at most. */
import type { CellState } from '@clearway/console-api';
import type { Clock } from '@clearway/ports';
import type { Cause } from './alarms.ts';
import type { Changes } from './changes/changes.ts';
import type { Sampler } from './figures/sampler.ts';
import type { StandingReader } from './figures/standing.ts';

/** A cell that starts again serves within this time. */
const cellDownMs = 5_000;
/** An enquiry after the time-out normally ends an unknown payment within this time. */
const silentMs = 15_000;
const silentPayments = 3;
const silentPaymentsP1 = 50;
/** Batches: more than ten seconds of a busy cell's. */
const lagBatches = 500;
const changeWaitsMs = 1_800_000;

export function createCauses(options: {
  readonly sampler: Sampler;
  readonly standing: StandingReader;
  readonly changes: Pick<Changes, 'waiting'>;
  readonly clock: Pick<Clock, 'now'>;
  cell(): CellState;
}): () => Promise<readonly Cause[]> {
  const { sampler, standing: records, changes, clock, cell: cellState } = options;
  return async () => {
    const now = clock.now();
    const { statistics, cell } = sampler;
    const standing = records.standing;
    const causes: Cause[] = [];

    if (cell.state !== 'serving' && now - cell.since >= cellDownMs) {
      causes.push({
        kind: 'cellDown',
        priority: 'P1',
        subject: cellState().cell,
        symptoms: 1,
        facts: { state: cell.state, since: cell.since },
        act: `/operations/cells/${cellState().cell}`,
      });
    }

    for (const { cycle, state, shortfalls = [] } of statistics?.cycles ?? []) {
      if (state !== 'queued') continue;
      causes.push({
        kind: 'shortfall',
        priority: 'P1',
        subject: String(cycle),
        symptoms: shortfalls.length,
        facts: { cycle, participants: shortfalls.map(({ participant }) => participant).join(' ') },
        act: `/cycles/${cycle}`,
      });
    }

    for (const [bank, silence] of byBank(standing?.silences ?? [])) {
      const waitMs = now - silence.oldestSince;
      if (waitMs < silentMs || (silence.payments < silentPayments && waitMs < 4 * silentMs)) continue;
      causes.push({
        kind: 'bankSilent',
        priority: silence.payments >= silentPaymentsP1 ? 'P1' : 'P2',
        subject: bank,
        symptoms: silence.payments,
        facts: { bank, payments: silence.payments, oldestSince: silence.oldestSince },
        act: `/payments?q=${encodeURIComponent(`bank:${bank} state:open`)}`,
      });
    }

    const lag = statistics?.recordsLag ?? 0;
    if (lag >= lagBatches || (records.isFailing && now - records.readAt >= silentMs)) {
      causes.push({
        kind: 'recordsLag',
        priority: 'P2',
        subject: cellState().cell,
        symptoms: 1,
        facts: { batches: lag, readable: records.isFailing ? 'no' : 'yes' },
        act: '/operations',
      });
    }

    const contradictions = (standing?.openItems ?? []).filter(({ kind }) => kind === 'contradiction');
    if (contradictions.length > 0) {
      causes.push({
        kind: 'contradiction',
        priority: 'P2',
        subject: 'work',
        symptoms: contradictions.length,
        facts: { items: contradictions.length },
        act: '/work',
      });
    }

    for (const { changeId, kind, proposedAt } of await changes.waiting()) {
      if (now - proposedAt < changeWaitsMs) continue;
      causes.push({
        kind: 'changeWaiting',
        priority: 'P3',
        subject: String(changeId),
        symptoms: 1,
        facts: { changeId, change: kind, proposedAt },
        act: `/changes/${changeId}`,
      });
    }
    return causes;
  };
}

function byBank(
  silences: readonly { readonly bank: string; readonly payments: number; readonly oldestSince: number }[],
) {
  const banks = new Map<string, { payments: number; oldestSince: number }>();
  for (const { bank, payments, oldestSince } of silences) {
    const known = banks.get(bank) ?? { payments: 0, oldestSince };
    banks.set(bank, {
      payments: known.payments + payments,
      oldestSince: Math.min(known.oldestSince, oldestSince),
    });
  }
  return banks;
}
