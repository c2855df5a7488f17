/** Looks at the world once a second and says what is to be seen. */
import type { Statistics } from '@clearway/server';
import type { CycleRecord } from '@clearway/store';
import { banks, paymentInstitutions } from './cast.ts';
import type { View } from './screen.ts';
import type { World } from './world.ts';

const historySeconds = 40;
const eventsShown = 4;
const names = new Map([...paymentInstitutions, ...banks].map(({ code, name }) => [code, name]));

export interface Watch {
  /** The view of this moment; to be called at regular times, since rates are taken between two calls. */
  look(): Promise<View>;
  note(event: string): void;
}

export function createWatch(world: World): Watch {
  const history: number[] = [];
  const events: string[] = [];
  let statistics: Statistics | undefined;
  let cycles: readonly CycleRecord[] = [];
  let last = { at: performance.now(), ended: 0 };

  const refresh = async () => {
    const [told, recorded] = await Promise.all([
      world.operator.statistics(),
      world.records.cycles(2).catch(() => cycles),
    ]);
    statistics = told ?? statistics;
    cycles = recorded;
  };

  return {
    note(event) {
      events.push(`${new Date().toISOString().slice(11, 19)} ${event}`);
      events.splice(0, events.length - eventsShown);
    },
    async look() {
      await refresh();
      const totals = world.tally.totals();
      const now = performance.now();
      const ended = totals.succeeded + totals.failed + totals.refused;
      const paymentsPerSecond = Math.max(0, (ended - last.ended) / Math.max(0.001, (now - last.at) / 1000));
      last = { at: now, ended };
      history.push(paymentsPerSecond);
      history.splice(0, history.length - historySeconds);
      const reconciled = world.tally.reconciled();
      const processes = world.processes();
      return {
        businessDate: dateText(statistics?.businessDate ?? 0),
        cycle: { number: statistics?.cycle ?? 0, seconds: openSeconds(cycles, statistics) },
        phase: phaseOf(totals.phases),
        paymentsPerSecond,
        history,
        succeeded: totals.succeeded,
        failed: totals.failed,
        refused: totals.refused,
        unknownNow: Math.max(0, totals.unresolved - totals.inFlight),
        unknownEver: totals.unknown,
        latency: totals.latency,
        accounts: (statistics?.accounts ?? []).map(({ participant, outstanding, reserved, headroom }) => ({
          name: names.get(participant) ?? participant,
          outstanding: BigInt(outstanding),
          reserved: BigInt(reserved),
          headroom: BigInt(headroom),
        })),
        settlement: cycles.find(({ state }) => state !== 'open'),
        reconciled: {
          files: reconciled.length,
          differences: reconciled.reduce((sum, { differences }) => sum + differences, 0),
        },
        processes: {
          running: processes.filter(({ ready }) => ready).length,
          all: processes.length,
          restarts: processes.reduce((sum, { restarts }) => sum + restarts, 0),
        },
        events,
      };
    },
  };
}

/** 20261122 → 2026-11-22 */
export function dateText(date: number): string {
  const digits = String(date).padStart(8, '0');
  return `${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6)}`;
}

function openSeconds(cycles: readonly CycleRecord[], statistics: Statistics | undefined): number {
  const open = cycles.find(({ state }) => state === 'open');
  return open === undefined || statistics === undefined
    ? 0
    : Math.max(0, Math.round((statistics.at - open.openedAt) / 1000));
}

/** What the slowest wallet does. */
function phaseOf(phases: readonly string[]): string {
  return ['signing', 'paying', 'resolving', 'idle'].find((phase) => phases.includes(phase)) ?? 'starting';
}
