/** One platform with load and banks on this machine: started, driven, compared with each other, and stopped. */
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { businessDateAt, type Statistics } from '@clearway/server';
import { makeCast, timeZone } from './cast.ts';
import { startChild } from './child-process.ts';
import { type LookUpResult, lookUps } from './look-ups.ts';
import type { BankReport, LoadReport, LoadRun, RunOrder } from './orders.ts';
import { type Platform, startPlatform } from './platform.ts';
import { type Costs, costsOf, eachPayment } from './process-cost.ts';
import { profileInto, type Shares, sharesOf } from './profile.ts';
import type { StreamSettings } from './settings.ts';
import { type Turnaround, type TurnaroundQuantiles, turnaroundBetween, turnaroundIn } from './turnaround.ts';
import { faultsOf } from './whole.ts';
import { within } from './within.ts';

export interface RunningRail {
  readonly platform: Platform;
  /** Drives the platform at a rate; the platform stays as it is for the next one. */
  run(order: RunOrder): Promise<RailRun>;
  /** From now on the load gives way to platform and banks, as it would from machines of its own. */
  yieldLoad(): void;
  /** Ends load and banks, so that the platform may be crashed. */
  endTraffic(): Promise<void>;
  /** What became of everything since the start, when nothing is open any more. */
  settle(): Promise<Whole>;
  /** Ends everything. With profiles: where the time went, by process. */
  stop(): Promise<Readonly<Record<string, Shares>> | undefined>;
}

export interface RailRun extends LoadRun {
  readonly rate: number;
  readonly paymentsPerSecond: number;
  /** µs of processor time a payment, by process; absent where it cannot be read. */
  readonly cpuMicroseconds?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Resident bytes of the cell, before and after. */
  readonly cellBytes?: readonly [before: number, after: number];
  /** What the cell has grown by for each payment that ended; what only few payments bring about is in it too. */
  readonly cellBytesPerPayment?: number;
  /** Bytes in the journal's files a payment; 0 where it is in PostgreSQL. */
  readonly journalBytesPerPayment: number;
  readonly flushes: number;
  readonly meanFlushMs: number;
  /** Inside the cell: from a message's arrival to the departure of what it brought about. A payment takes two of these. */
  readonly turnaroundMs?: TurnaroundQuantiles;
}

export interface Whole {
  readonly faults: readonly string[];
  readonly load: Omit<LoadReport, 'positions'>;
  readonly banks: Omit<BankReport, 'positions'>;
  readonly lookUps: LookUpResult;
}

/** Thousands of links are greeted one after the other. */
const openMs = 300_000;
const openPatienceMs = 30_000;

export interface RailOptions {
  readonly profiled?: boolean;
  /** Batches from one snapshot of the cell to the next. */
  readonly snapshotEvery?: number;
}

export async function startRail(
  settings: StreamSettings,
  say: (text: string) => void,
  { profiled = false, snapshotEvery }: RailOptions = {},
): Promise<RunningRail> {
  const folder = await mkdtemp(join(tmpdir(), 'clearway-bench-'));
  const profiles = (name: string) => join(folder, 'profiles', name);
  const options = (name: string): string[] => {
    if (!profiled) return [];
    mkdirSync(profiles(name), { recursive: true });
    return profileInto(profiles(name));
  };
  const endings: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const endAll = async () => {
    for (const end of endings.splice(0).reverse()) await end();
  };
  try {
    say(`${settings.institutions} institutions, ${settings.agreements} agreements`);
    const cast = await makeCast(settings, folder, businessDateAt(Date.now(), timeZone));
    const platform = await startPlatform({ cast, folder, execArguments: options('cell'), snapshotEvery });
    endings.push(() => platform.stop());
    say(`the cell serves, ${platform.recovery.ms} ms after it began to recover`);
    const samples = lookUps((query) => platform.operator.searchPayments(query));
    const [load, banks] = await Promise.all([
      startChild('load-main.js', {
        arguments: [folder],
        execArguments: options('load'),
        onTold: (told) => void (told.type === 'sample' && samples.add(told.sample)),
      }),
      startChild('banks-main.js', { arguments: [folder], execArguments: options('banks') }),
    ]);
    endings.push(load.end, banks.end);
    const { addresses } = platform;
    const opening = Promise.all([load, banks].map((child) => child.ask({ type: 'open', addresses }, 'opened')));
    await within(openMs, 'the welcome on all links', asked(platform, opening));
    say(`${cast.payingLinks.length + settings.cells * cast.bankLinks.length} links`);
    const pids: Record<string, number> = { ...platform.pids, load: load.pid, banks: banks.pid };
    const read = async (): Promise<Reading> => ({
      costs: costsOf(pids),
      journalBytes: platform.journalFolders.reduce((sum, journal) => sum + bytesIn(journal), 0),
      statistics: await asked(platform, platform.operator.statistics()),
      turnaround: turnaroundIn(await platform.operator.metricsText()),
    });

    return {
      platform,
      async run(order) {
        const before = await read();
        const driven = Promise.race([load.ask({ type: 'run', run: order }, 'ran'), banks.failed]);
        const { run } = await asked(platform, driven);
        const after = await read();
        return railRun(order, run, before, after);
      },
      yieldLoad: () => setPriority(load.pid, 19),
      async endTraffic() {
        await Promise.all([load.end(), banks.end()]);
      },
      async settle() {
        const until = performance.now() + openPatienceMs;
        for (;;) {
          const { report } = await load.ask({ type: 'report' }, 'loadReport');
          if (report.open > 0 && performance.now() < until) {
            await new Promise((resolve) => setTimeout(resolve, 200));
            continue;
          }
          const { report: bankReport } = await banks.ask({ type: 'report' }, 'bankReport');
          const faults = faultsOf(report, bankReport, await platform.operator.statistics());
          const { positions: _, ...ofLoad } = report;
          const { positions: __, ...ofBanks } = bankReport;
          return { faults, load: ofLoad, banks: ofBanks, lookUps: await samples.result() };
        }
      },
      async stop() {
        await Promise.all([load.end(), banks.end()]);
        await platform.stop();
        const shares = profiled
          ? Object.fromEntries(['cell', 'load', 'banks'].map((name) => [name, sharesOf(profiles(name))]))
          : undefined;
        await endAll();
        return shares;
      },
    };
  } catch (error) {
    await endAll();
    throw error;
  }
}

/** Whatever a cell's end breaks says less than that end itself, which is heard of a little later. */
async function asked<T>(platform: Platform, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    await Promise.race([platform.failed, new Promise((resolve) => setTimeout(resolve, 1000))]);
    throw error;
  }
}

interface Reading {
  readonly costs: Costs | undefined;
  readonly journalBytes: number;
  readonly statistics: Statistics;
  readonly turnaround: Turnaround;
}

function railRun(order: RunOrder, run: LoadRun, before: Reading, after: Reading): RailRun {
  const ended = ({ succeeded, failed }: Statistics) => succeeded + failed;
  const payments = ended(after.statistics) - ended(before.statistics);
  const turnaroundMs = turnaroundBetween(before.turnaround, after.turnaround);
  const flush = (reading: Reading) => reading.statistics.flush;
  const flushes = flush(after).batches - flush(before).batches;
  const flushMs = flush(after).batches * flush(after).meanMs - flush(before).batches * flush(before).meanMs;
  return {
    ...run,
    rate: order.rate,
    paymentsPerSecond: Math.round((run.succeeded + run.failed) / run.seconds),
    ...(before.costs &&
      after.costs && {
        cpuMicroseconds: eachPayment(before.costs, after.costs, payments),
        cellBytes: [before.costs.cell!.resident, after.costs.cell!.resident],
        cellBytesPerPayment: Math.round((after.costs.cell!.resident - before.costs.cell!.resident) / payments),
      }),
    journalBytesPerPayment: Math.round((after.journalBytes - before.journalBytes) / payments),
    flushes,
    meanFlushMs: Math.round((flushMs / Math.max(1, flushes)) * 1000) / 1000,
    ...(turnaroundMs && { turnaroundMs }),
  };
}

function bytesIn(folder: string): number {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}
