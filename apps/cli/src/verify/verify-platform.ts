/** Proves the storage of all cells: each by itself, then what one has from another, and the files, which are of all. */
import { routingNumber } from '@clearway/store';
import type { OpenedStore } from '../given.ts';
import { recordsOfAll } from '../payments/find.ts';
import { createFindings, type VerifyReport } from './report.ts';
import { compareShares } from './shares.ts';
import { type VerifiedCell, type VerifyOptions, verifyCell, verifyFiles, verifyJournal } from './verify-journal.ts';

export interface CellReport extends VerifyReport {
  /** Routing digits. */
  readonly cell: string;
}

/** Of several cells counts are sums, and `last` and hashes are the home cell's. */
export interface PlatformReport extends VerifyReport {
  /** Where there are several, the home cell first. */
  readonly cells?: readonly CellReport[];
}

export type PlatformOptions = Omit<VerifyOptions, 'place' | 'archive' | 'opensBodies'>;

/** @param opened each cell, the home cell first */
export async function verifyPlatform(
  opened: readonly OpenedStore[],
  options: PlatformOptions,
): Promise<PlatformReport> {
  const optionsOf = ({ place, archive, opensBodies }: OpenedStore): VerifyOptions => ({
    ...options,
    ...{ place, archive, opensBodies },
  });
  const [home] = opened;
  if (opened.length === 1) return verifyJournal(home.store, optionsOf(home));

  const cells: Cell[] = [];
  for (const one of opened) {
    const { anchor: _, ...rest } = optionsOf(one);
    // A batch that was noted is one of the home cell.
    const verified = await verifyCell(one.store, one === home ? optionsOf(one) : rest);
    cells.push({ ...one, ...verified, digits: String(routingNumber(one.place)).padStart(6, '0') });
  }
  const leftOut = new Set(cells.flatMap((cell) => [...cell.leftOut]));
  const whole = await verifyFiles(cells[0], recordsOfAll(opened), leftOut, optionsOf(home));
  const findings = createFindings();
  for (const taker of cells) {
    for (const giver of cells.filter((one) => one !== taker)) {
      const { digits, shares, report, store } = giver;
      await compareShares({ digits, shares, last: report.last.sequence, journal: store.journal }, taker, findings);
    }
  }
  compareCycles(cells, findings);
  const reports = cells.map(
    ({ digits, report }, index): CellReport => ({ ...(index === 0 ? whole : report), cell: digits }),
  );
  return sumOf(reports, findings.verdict);
}

type Cell = OpenedStore & VerifiedCell & { readonly digits: string };

/** The home takes every step last. Cells are read one after the other, so the others may be further, never behind. */
function compareCycles([home, ...others]: readonly Cell[], findings: ReturnType<typeof createFindings>): void {
  const order = ['open', 'cut', 'netted', 'queued', 'settled'];
  for (const { record } of home.cycles) {
    if (record.state === 'open' || record.state === 'cut') continue;
    for (const { digits, cycles } of others) {
      const theirs = cycles.find((cycle) => cycle.record.cycle === record.cycle)?.record;
      // It was over when that cell joined.
      if (theirs === undefined && record.cycle < (cycles[0]?.record.cycle ?? 0)) continue;
      const least = record.state === 'settled' ? 'settled' : 'netted';
      if (theirs !== undefined && order.indexOf(theirs.state) >= order.indexOf(least)) continue;
      const what = `is ${record.state} in the home cell, ${theirs?.state ?? 'unknown'} in cell ${digits}`;
      findings.breach('cells', what, { subject: `cycle ${record.cycle}` });
    }
  }
}

function sumOf(cells: readonly CellReport[], among: ReturnType<typeof createFindings>['verdict']): PlatformReport {
  const sum = (read: (report: VerifyReport) => number) => cells.reduce((total, report) => total + read(report), 0);
  const breachCount = sum((report) => report.breachCount) + among.breachCount;
  const [home] = cells;
  return {
    ...home,
    isExact: breachCount === 0,
    breachCount,
    breaches: [
      ...cells.flatMap(({ cell, breaches }) => breaches.map((breach) => ({ cell, ...breach }))),
      ...among.breaches,
    ],
    notChecked: cells.flatMap(({ cell, notChecked }) => notChecked.map((what) => `Cell ${cell}: ${what}`)),
    commands: sum(({ commands }) => commands),
    payments: sum(({ payments }) => payments),
    agreements: sum(({ agreements }) => agreements),
    messages: sum(({ messages }) => messages),
    signatures: sum(({ signatures }) => signatures),
    checkpoints: sum(({ checkpoints }) => checkpoints),
    uncovered: {
      ...cells
        .map(({ uncovered }) => uncovered)
        .reduce((a, b) => ((b.oldest?.at ?? 1e15) < (a.oldest?.at ?? 1e15) ? b : a)),
      messages: sum(({ uncovered }) => uncovered.messages),
    },
    elapsedMs: sum(({ elapsedMs }) => elapsedMs),
    cells,
  };
}
