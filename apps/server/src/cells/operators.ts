/** What an operator asks of the platform, over all its cells: sums, and of a payment the cell that it names. */
import { parseIdentifier } from '@clearway/core';
import type { Clock } from '@clearway/ports';
import { routingNumber } from '@clearway/store';
import type { Statistics } from '../cell.ts';
import { connectOperator, type OperatorLink } from '../gateway-link.ts';
import type { CellAddress } from './cell-address.ts';
import { mergeMetrics } from './merge-metrics.ts';

/** How long a cell may take to answer what is asked of all, ms. */
const patienceMs = 3_000;

/**
 * The home cell must answer; others that do not are left out, and named by {@link Statistics.away}.
 * @throws Error when the home cell does not listen at its socket
 */
export async function connectOperators(
  cells: readonly [CellAddress, ...CellAddress[]],
  clock: Pick<Clock, 'after'>,
): Promise<OperatorLink> {
  const home = await connectOperator(cells[0].socket);
  if (cells.length === 1) return home;
  const [first, ...others] = cells.map(({ place, socket }) => ({ cell: routingNumber(place), socket }));
  const links = new Map<number, Promise<OperatorLink>>([[first.cell, Promise.resolve(home)]]);

  /** @throws LinkLostError when the cell cannot be reached */
  const ask = async <T>(cell: number, question: (link: OperatorLink) => Promise<T>): Promise<T> => {
    const { socket } = others.find((one) => one.cell === cell) ?? first;
    const opening = links.get(cell) ?? connectOperator(socket);
    links.set(cell, opening);
    try {
      return await question(await opening);
    } catch (error) {
      // The home's link stays: whoever has it connects anew. Others are connected when they are next asked.
      if (cell !== first.cell) {
        links.delete(cell);
        void opening.then((link) => link.close()).catch(() => {});
      }
      throw error;
    }
  };
  const named = (identifier: string): number => {
    const id = parseIdentifier(identifier);
    const cell = id === undefined ? first.cell : routingNumber(id);
    return others.some((one) => one.cell === cell) ? cell : first.cell;
  };
  /** A cell that is paused is left out too. */
  const within = <T>(link: OperatorLink, question: (link: OperatorLink) => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const cancel = clock.after(patienceMs, () => reject(new Error(`no answer within ${patienceMs} ms`)));
      question(link).then(resolve, reject).finally(cancel);
    });
  /** What the home says, and all others that can be reached. */
  const all = async <T>(question: (link: OperatorLink) => Promise<T>): Promise<{ cell: number; said: T }[]> => {
    const told = async (cell: number) => [{ cell, said: await ask(cell, (link) => within(link, question)) }];
    const said = [told(first.cell), ...others.map(({ cell }) => told(cell).catch(() => []))];
    return (await Promise.all(said)).flat();
  };
  const statistics = async (): Promise<Statistics> => {
    const told = await all((link) => link.statistics());
    const here = new Set(told.map(({ cell }) => cell));
    return sumStatistics(
      told.map(({ said }) => said),
      others.map(({ cell }) => cell).filter((cell) => !here.has(cell)),
    );
  };

  return {
    ...home,
    statistics,
    metricsText: async () =>
      mergeMetrics((await all((link) => link.metricsText())).map(({ cell, said }) => [cell, said])),
    body: (sequence, index, cell = first.cell) => ask(cell, (link) => link.body(sequence, index)),
    cycles: async () => (await statistics()).cycles,
    paymentRecord: (paymentId) => ask(named(paymentId), (link) => link.paymentRecord(paymentId)),
    async workItems() {
      const items = (await all((link) => link.workItems())).flatMap(({ said }) => said);
      return items.sort((a, b) => a.dueAt - b.dueAt);
    },
    async searchPayments(query) {
      const found = (await all((link) => link.searchPayments(query))).flatMap(({ said }) => said);
      return found
        .sort((a, b) => b.submittedAt - a.submittedAt || (a.paymentId < b.paymentId ? -1 : 1))
        .slice(0, query.limit);
    },
    async recordsWritten() {
      await Promise.all([first, ...others].map(({ cell }) => ask(cell, (link) => link.recordsWritten())));
    },
    close() {
      for (const opening of links.values()) void opening.then((link) => link.close()).catch(() => {});
    },
  };
}

/** @param parts the home cell's first */
export function sumStatistics(parts: readonly Statistics[], away: readonly number[]): Statistics {
  const [home] = parts;
  const sum = (read: (one: Statistics) => number) => parts.reduce((total, one) => total + read(one), 0);
  const largest = (read: (one: Statistics) => number) => Math.max(...parts.map(read));
  const batches = sum(({ flush }) => flush.batches);
  return {
    ...home,
    serving: parts.every(({ serving }) => serving) && away.length === 0,
    submitted: sum(({ submitted }) => submitted),
    succeeded: sum(({ succeeded }) => succeeded),
    failed: sum(({ failed }) => failed),
    refused: sum(({ refused }) => refused),
    unknown: sum(({ unknown }) => unknown),
    inFlight: sum(({ inFlight }) => inFlight),
    remembered: sum(({ remembered }) => remembered),
    recordsLag: largest(({ recordsLag }) => recordsLag),
    undelivered: sum(({ undelivered }) => undelivered),
    latencyMs: {
      p50: largest(({ latencyMs }) => latencyMs.p50),
      p99: largest(({ latencyMs }) => latencyMs.p99),
    },
    flush: {
      batches,
      commands: sum(({ flush }) => flush.commands),
      meanMs: batches === 0 ? 0 : sum(({ flush }) => flush.meanMs * flush.batches) / batches,
      largestMs: largest(({ flush }) => flush.largestMs),
      reclaims: sum(({ flush }) => flush.reclaims),
    },
    cycles: home.cycles.map((cycle) => {
      const same = parts.flatMap(({ cycles }) => cycles.filter((one) => one.cycle === cycle.cycle));
      return {
        ...cycle,
        payments: same.reduce((total, { payments }) => total + payments, 0),
        positions: sumBy(
          same.flatMap(({ positions }) => positions),
          ['credits', 'debits', 'creditCount', 'debitCount'],
        ),
      };
    }),
    accounts: sumBy(
      parts.flatMap(({ accounts }) => accounts),
      ['outstanding', 'reserved', 'funds', 'headroom'],
    ),
    certificates: sumCertificates(parts.flatMap(({ certificates = [] }) => certificates)),
    away,
  };
}

function sumCertificates(seen: NonNullable<Statistics['certificates']>): typeof seen {
  const sums = new Map<string, (typeof seen)[number]>();
  for (const one of seen) {
    sums.set(one.fingerprint, { ...one, links: one.links + (sums.get(one.fingerprint)?.links ?? 0) });
  }
  return [...sums.values()];
}

/** One line for each participant and currency, with these figures summed. */
function sumBy<Line extends { readonly participant: string; readonly currency: number }, Figure extends keyof Line>(
  lines: readonly Line[],
  figures: readonly Figure[],
): Line[] {
  const sums = new Map<string, Line>();
  for (const line of lines) {
    const key = `${line.participant}/${line.currency}`;
    const before = sums.get(key);
    if (before === undefined) sums.set(key, line);
    else {
      const added = figures.map((figure) => [figure, Number(before[figure]) + Number(line[figure])]);
      sums.set(key, { ...before, ...Object.fromEntries(added) });
    }
  }
  return [...sums.values()];
}
