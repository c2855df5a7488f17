/** What must make a person act, seen in the figures. Each threshold says how long a healthy platform takes at most. */
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
}): () => Promise<readonly Cause[]> {
  const { sampler, standing: records, changes, clock } = options;
  return async () => {
    const now = clock.now();
    const { statistics, cells } = sampler;
    const standing = records.standing;
    const causes: Cause[] = [];

    for (const { watch } of cells) {
      if (watch.state === 'serving' || now - watch.since < cellDownMs) continue;
      causes.push({
        kind: 'cellDown',
        priority: 'P1',
        subject: watch.name,
        symptoms: 1,
        facts: { cell: watch.name, state: watch.state, since: watch.since },
        act: `/operations/cells/${watch.name}`,
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

    const isUnreadable = records.isFailing && now - records.readAt >= silentMs;
    for (const { watch } of cells) {
      const lag = watch.statistics?.recordsLag ?? 0;
      // What cannot be read cannot be read of any cell: that is one alarm.
      if (lag < lagBatches && !(isUnreadable && watch === cells[0].watch)) continue;
      causes.push({
        kind: 'recordsLag',
        priority: 'P2',
        subject: watch.name,
        symptoms: 1,
        facts: { cell: watch.name, batches: lag, readable: records.isFailing ? 'no' : 'yes' },
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

    for (const subject of new Set((standing?.openItems ?? []).filter(isCoverage).map((item) => item.subject))) {
      causes.push({
        kind: 'signerStopped',
        priority: 'P2',
        subject,
        symptoms: 1,
        facts: { participant: subject },
        act: `/participants/${subject}`,
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

const isCoverage = ({ kind }: { readonly kind: string }) => kind === 'coverage';

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
