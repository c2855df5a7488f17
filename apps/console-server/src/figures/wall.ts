/** What the wall shows, put together from the looks at the cell and at the records; for a participant, itself alone. */
import type { Alarm, CellState, Figures, Overview, Series } from '@clearway/console-api';
import { formatTime } from '@clearway/contract';
import type { Clock } from '@clearway/ports';
import { businessDateAt } from '@clearway/server';
import type { Directory } from '../directory.ts';
import { dateOrNull, sumsOf, timeOrNull } from '../words.ts';
import { round } from './history.ts';
import { quantileOf, sumOf, totalOf } from './latency.ts';
import { cycleNow, headroomLines, turnovers } from './lines.ts';
import type { Sampler, WatchedCell } from './sampler.ts';
import type { StandingReader } from './standing.ts';
import type { Pair, Traffic } from './traffic.ts';

export interface Wall {
  /** `scope`: code of a participant that sees itself alone; undefined for everybody else. */
  figures(scope?: string): Promise<Figures>;
  overview(number: number, scope?: string): Promise<Overview>;
  /** The home cell first. */
  cellStates(): CellState[];
}

const outcomeSeconds = 60;
const headroomsShown = 10;
const alarmsShown = 5;
const flowsShown = 60;

export function createWall(options: {
  readonly sampler: Sampler;
  readonly traffic: Traffic;
  readonly standing: StandingReader;
  readonly directory: Directory;
  readonly clock: Pick<Clock, 'now'>;
  alarms(): readonly Alarm[];
}): Wall {
  const { sampler, traffic, standing: records, directory, clock, alarms } = options;
  const cellState = ({ watch, history }: WatchedCell): CellState => {
    const { statistics, sample, queue } = watch;
    const recent = history.recent(outcomeSeconds);
    const latencies = sumOf(recent.map((one) => one.latencies));
    const flushes = sumOf(recent.map((one) => one.flushes));
    return {
      cell: watch.name,
      centre: watch.place.centre,
      state: watch.state,
      since: formatTime(watch.since),
      version: statistics?.version ?? null,
      epoch: statistics?.epoch ?? null,
      frontier: statistics?.frontier ?? null,
      rate: sample ? round(sample.submitted / sample.seconds) : null,
      p99Ms: statistics ? quantileOf(latencies, 0.99) : null,
      inFlight: statistics?.inFlight ?? null,
      remembered: statistics?.remembered ?? null,
      recordsLag: statistics?.recordsLag ?? null,
      undelivered: statistics?.undelivered ?? null,
      queue: queue ? { waiting: queue.waiting, unflushed: queue.unflushed, shed: round(queue.shed) } : null,
      flush:
        sample && statistics
          ? {
              batches: round(sample.flush.batches / sample.seconds),
              commands: round(sample.flush.commands / sample.seconds),
              meanMs: sample.flush.batches === 0 ? null : sample.flush.totalMs / sample.flush.batches,
              p50Ms: quantileOf(flushes, 0.5),
              p99Ms: quantileOf(flushes, 0.99),
              largestMs: statistics.flush.largestMs,
              reclaims: statistics.flush.reclaims,
            }
          : null,
    };
  };
  const cellStates = () => sampler.cells.map(cellState);

  const missing = (): Figures['missing'] => [
    ...sampler.cells
      .filter(({ watch }) => watch.state === 'unreachable')
      .map(({ watch }) => ({ what: 'cell' as const, which: watch.name, since: formatTime(watch.heardAt) })),
    ...(records.isFailing ? [{ what: 'records' as const, which: '', since: formatTime(records.readAt) }] : []),
  ];

  const unknownOf = (scope?: string): Figures['unknown'] => {
    const silences = (records.standing?.silences ?? []).filter(
      ({ institution, bank }) => scope === undefined || institution === scope || bank === scope,
    );
    const oldest = Math.min(...silences.map(({ oldestSince }) => oldestSince));
    return {
      payments: silences.reduce((sum, one) => sum + one.payments, 0),
      oldestSince: silences.length === 0 ? null : formatTime(oldest),
      amount: sumsOf(silences, ({ currency, amount }) => [currency, amount]),
    };
  };

  /** Recorded cycles of the day, and those that the cell still holds; for a participant, its own side of them. */
  const todayOf = (businessDate: number, timeZone: string, scope?: string): Figures['today'] => {
    const day = records.standing?.day;
    const recorded = day?.businessDate === businessDate ? day : undefined;
    const held = (sampler.statistics?.cycles ?? []).filter(
      (cycle) => cycle.businessDate === businessDate && cycle.cycle >= (recorded?.heldFrom ?? 0),
    );
    const isShown = ({ participant }: { readonly participant: string }) => scope === undefined || participant === scope;
    const heldLines = held.flatMap(({ positions }) => positions).filter(isShown);
    const recordedLines = (recorded?.sums ?? []).filter(isShown);
    const ownPayments = () =>
      recordedLines.reduce((sum, one) => sum + one.payments, 0) +
      heldLines.reduce((sum, one) => sum + one.creditCount + one.debitCount, 0);
    const allPayments = () => (recorded?.payments ?? 0) + held.reduce((sum, one) => sum + one.payments, 0);
    const since = dayStart(businessDate, timeZone);
    const peak = scope === undefined ? sampler.peakSince(since) : undefined;
    return {
      since: formatTime(since),
      payments: scope === undefined ? allPayments() : ownPayments(),
      turnover: sumsOf([...recordedLines, ...heldLines], ({ currency, debits }) => [currency, BigInt(debits)]),
      peak: peak === undefined ? null : { rate: round(peak.rate), at: formatTime(peak.at) },
    };
  };

  let knownStart = { businessDate: 0, at: 0 };
  const dayStart = (businessDate: number, timeZone: string) => {
    if (knownStart.businessDate !== businessDate) knownStart = { businessDate, at: startOfDay(clock.now(), timeZone) };
    return knownStart.at;
  };

  const everything = async (): Promise<Figures> => {
    const { participants, scheme, businessDate: adopted } = await directory.read();
    const { statistics, sample } = sampler;
    const businessDate = statistics?.businessDate ?? adopted;
    const recent = sampler.recent(outcomeSeconds);
    const sum = (read: (one: (typeof recent)[number]) => number) => recent.reduce((total, one) => total + read(one), 0);
    const timed = sumOf(recent.map((one) => one.latencies));
    const recorded = traffic.latencies();
    // The cell times what came over HTTP; where most came over the stream, the records say how long it took.
    const latencies = totalOf(recorded) > 2 * totalOf(timed) ? recorded : timed;
    const batches = sum((one) => one.flush.batches);
    const outcome = {
      succeeded: sum((one) => one.succeeded),
      failed: sum((one) => one.failed),
      refused: sum((one) => one.refused),
      becameUnknown: sum((one) => one.unknown),
    };
    const told = outcome.succeeded + outcome.failed + outcome.refused + outcome.becameUnknown;
    const active = alarms();
    const rates = sample && ((value: number) => round(value / sample.seconds));
    return {
      at: formatTime(clock.now()),
      businessDate: dateOrNull(businessDate),
      cells: cellStates(),
      rate:
        sample && rates
          ? {
              submitted: rates(sample.submitted),
              succeeded: rates(sample.succeeded),
              failed: rates(sample.failed),
              refused: rates(sample.refused),
              becameUnknown: rates(sample.unknown),
            }
          : null,
      outcome: { ...outcome, successShare: told === 0 ? null : floored(1 - outcome.becameUnknown / told) },
      latency: {
        p50Ms: quantileOf(latencies, 0.5),
        p99Ms: quantileOf(latencies, 0.99),
        flushMeanMs: batches === 0 ? null : sum((one) => one.flush.totalMs) / batches,
        measured: totalOf(latencies),
      },
      lastPaymentAt: timeOrNull(records.standing?.lastPaymentAt ?? 0),
      unknown: unknownOf(),
      inFlight: statistics?.inFlight ?? null,
      today: todayOf(businessDate, scheme.timeZone),
      cycles: (statistics?.cycles ?? [])
        .filter(({ state }) => state !== 'settled')
        .map((cycle) => cycleNow(cycle, directory.nameOf)),
      headroom: headroomLines(statistics?.accounts ?? [], participants).slice(0, headroomsShown),
      flows: traffic.flows(() => true).slice(0, flowsShown),
      alarms: active.filter(({ state }) => state !== 'shelved').slice(0, alarmsShown),
      alarmCounts: countAlarms(active),
      missing: missing(),
    };
  };

  /** From the records alone, since the cell's counters are of everybody. */
  const own = async (scope: string): Promise<Figures> => {
    const { participants, scheme, businessDate: adopted } = await directory.read();
    const { statistics } = sampler;
    const isOwn = ({ institution, bank }: Pair) => institution === scope || bank === scope;
    const health = traffic.health(isOwn);
    const told = health ? health.payments : 0;
    return {
      at: formatTime(clock.now()),
      businessDate: dateOrNull(statistics?.businessDate ?? adopted),
      cells: [],
      rate: null,
      outcome: {
        succeeded: health?.succeeded ?? 0,
        failed: health?.failed ?? 0,
        refused: health?.refused ?? 0,
        becameUnknown: health?.unknown ?? 0,
        successShare: told === 0 ? null : floored(1 - (health?.faults.bankSilence ?? 0) / told),
      },
      latency: {
        p50Ms: health?.p50Ms ?? null,
        p99Ms: health?.p99Ms ?? null,
        flushMeanMs: null,
        measured: health?.payments ?? 0,
      },
      lastPaymentAt: null,
      unknown: unknownOf(scope),
      inFlight: null,
      today: todayOf(statistics?.businessDate ?? adopted, scheme.timeZone, scope),
      cycles: (statistics?.cycles ?? [])
        .filter(({ state }) => state !== 'settled')
        .map((cycle) => {
          const positions = cycle.positions.filter(({ participant }) => participant === scope);
          const counted = positions.reduce((sum, one) => sum + one.creditCount + one.debitCount, 0);
          const shown = { ...cycle, positions, payments: counted };
          // Its own net is no proof of anything: the sum over all is not shown.
          return {
            ...cycleNow({ ...shown, shortfalls: [] }, directory.nameOf),
            sum: [],
            turnover: turnovers(positions),
          };
        }),
      headroom: headroomLines(statistics?.accounts ?? [], participants).filter(
        ({ participant }) => participant === scope,
      ),
      flows: traffic.flows(isOwn).slice(0, flowsShown),
      alarms: alarms().filter(({ kind, subject }) => kind === 'bankSilent' && subject === scope),
      alarmCounts: { P1: 0, P2: 0, P3: 0, shelved: 0 },
      missing: missing(),
    };
  };

  const figures = (scope?: string) => (scope === undefined ? everything() : own(scope));

  return {
    figures,
    cellStates,
    async overview(number, scope) {
      return {
        number,
        figures: await figures(scope),
        seconds: scope === undefined ? sampler.seconds() : noSeries(clock.now(), 1_000),
        minutes: scope === undefined ? sampler.minutes() : ownMinutes(scope),
        usual: scope === undefined ? sampler.usual() : null,
      };
    },
  };

  function ownMinutes(scope: string): Series {
    const minutes = traffic.minutes(({ institution, bank }) => institution === scope || bank === scope);
    const rate = (counts: readonly (number | null)[]) =>
      counts.map((count) => (count === null ? null : round(count / 60)));
    const nothing = minutes.payments.map(() => null);
    return {
      from: formatTime(Math.max(0, minutes.from)),
      stepMs: minutes.stepMs,
      submitted: rate(minutes.payments),
      succeeded: rate(minutes.succeeded),
      failed: nothing,
      refused: nothing,
      becameUnknown: nothing,
      peak: nothing,
      p50Ms: nothing,
      p99Ms: minutes.p99Ms,
    };
  }
}

/** A share is never rounded up to 1. */
const floored = (share: number) => Math.floor(share * 100_000) / 100_000;

function noSeries(now: number, stepMs: number): Series {
  const from = formatTime(now);
  return {
    from,
    stepMs,
    submitted: [],
    succeeded: [],
    failed: [],
    refused: [],
    becameUnknown: [],
    peak: [],
    p50Ms: [],
    p99Ms: [],
  };
}

function countAlarms(active: readonly Alarm[]): Figures['alarmCounts'] {
  const counts = { P1: 0, P2: 0, P3: 0, shelved: 0 };
  for (const { state, priority } of active) {
    if (state === 'shelved') counts.shelved++;
    else counts[priority]++;
  }
  return counts;
}

/** ms of the last midnight of the scheme: the latest minute before `now` whose date is another. */
function startOfDay(now: number, timeZone: string): number {
  const date = businessDateAt(now, timeZone);
  let before = now - 26 * 3_600_000;
  let within = now;
  while (within - before > 1_000) {
    const middle = Math.floor((before + within) / 2);
    if (businessDateAt(middle, timeZone) === date) within = middle;
    else before = middle;
  }
  return within;
}
