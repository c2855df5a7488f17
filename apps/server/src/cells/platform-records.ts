/** The records of all cells through one door: a payment's are those of its cell, a cycle's are the sum. */
import { parseIdentifier } from '@clearway/core';
import {
  type CycleRecord,
  type PaymentQuery,
  type PaymentRecord,
  type PositionRecord,
  type Records,
  routingNumber,
} from '@clearway/store';
import type { CellAddress } from './cell-address.ts';

export interface CellRecords {
  /** Routing digits as a number. */
  readonly cell: number;
  readonly records: Records;
}

/** What can be read of all cells together, and the files, which are of all cells. */
export type PlatformRecords = Omit<Records, 'cursor' | 'write' | 'hint' | 'putHint'>;

/** @param parts the home cell's first */
export function platformRecords(parts: readonly [CellRecords, ...CellRecords[]]): PlatformRecords {
  const [{ records: home }] = parts;
  if (parts.length === 1) return home;
  const all = parts.map(({ records }) => records);
  const of = (identifier: string): Records | undefined => {
    const id = parseIdentifier(identifier);
    return id && parts.find(({ cell }) => cell === routingNumber(id))?.records;
  };

  /** The home's, since it is the last to take a step; counts are the sum. */
  const whole = (cycle: CycleRecord, others: readonly (CycleRecord | undefined)[]): CycleRecord => {
    const each = [cycle, ...others.filter((one) => one !== undefined)];
    return {
      ...cycle,
      payments: each.reduce((sum, { payments }) => sum + payments, 0),
      turnover: each.reduce((sum, { turnover }) => sum + turnover, 0n),
    };
  };

  return {
    payment: async (paymentId) => of(paymentId)?.payment(paymentId),
    agreement: async (agreementId) => of(agreementId)?.agreement(agreementId),
    async payments(query) {
      const after = query.after === undefined ? undefined : await of(query.after)?.payment(query.after);
      if (query.after !== undefined && after === undefined) return [];
      const found = await Promise.all(all.map((records) => pageFrom(records, query, after, of)));
      return found.flat().sort(newestFirst).slice(0, query.limit);
    },
    async paymentsNamed(paymentIds) {
      return (await Promise.all(all.map((records) => records.paymentsNamed(paymentIds)))).flat();
    },
    paymentsOfCycle: (cycle, participant) =>
      merged(all.map((records) => records.paymentsOfCycle(cycle, participant)[Symbol.asyncIterator]())),
    async cycles(limit) {
      const [cycles, ...others] = await Promise.all(all.map((records) => records.cycles(limit)));
      return cycles.map((cycle) =>
        whole(
          cycle,
          others.map((theirs) => theirs.find((one) => one.cycle === cycle.cycle)),
        ),
      );
    },
    async cycle(number) {
      const [cycle, ...others] = await Promise.all(all.map((records) => records.cycle(number)));
      return cycle && whole(cycle, others);
    },
    positions: async (cycle) => sumPositions(await Promise.all(all.map((records) => records.positions(cycle)))),
    putFilePart: (cycle, participant, part) => home.putFilePart(cycle, participant, part),
    sealFile: (file) => home.sealFile(file),
    file: (cycle, participant) => home.file(cycle, participant),
    fileParts: (cycle, participant) => home.fileParts(cycle, participant),
    filePart: (cycle, participant, part) => home.filePart(cycle, participant, part),
    async workItems(open) {
      const items = (await Promise.all(all.map((records) => records.workItems(open)))).flat();
      return items.sort((a, b) => a.dueAt - b.dueAt || (a.workItemId < b.workItemId ? -1 : 1));
    },
  };
}

/** Those of cells with their stores, in the same order. */
export function recordsOf(
  cells: readonly CellAddress[],
  stores: readonly { readonly records: Records }[],
): PlatformRecords {
  const [home, ...others] = stores.map(({ records }, index) => ({ cell: routingNumber(cells[index].place), records }));
  return platformRecords([home, ...others]);
}

/** What each account got and gave, over all cells; in order of participant and currency. */
export function sumPositions(parts: readonly (readonly PositionRecord[])[]): PositionRecord[] {
  const sums = new Map<string, PositionRecord>();
  for (const position of parts.flat()) {
    const key = `${position.participant}/${position.currency}`;
    const before = sums.get(key);
    if (before === undefined) sums.set(key, position);
    else {
      sums.set(key, {
        ...before,
        credits: before.credits + position.credits,
        debits: before.debits + position.debits,
        creditCount: before.creditCount + position.creditCount,
        debitCount: before.debitCount + position.debitCount,
      });
    }
  }
  return [...sums.values()].sort((a, b) =>
    a.participant === b.participant ? a.currency - b.currency : a.participant < b.participant ? -1 : 1,
  );
}

const newestFirst = (a: PaymentRecord, b: PaymentRecord) =>
  b.submittedAt - a.submittedAt || (a.paymentId < b.paymentId ? -1 : 1);

/** One cell's page of what comes after a payment that may be another cell's. */
async function pageFrom(
  records: Records,
  query: PaymentQuery,
  after: PaymentRecord | undefined,
  of: (paymentId: string) => Records | undefined,
): Promise<PaymentRecord[]> {
  if (after === undefined || of(after.paymentId) === records) return records.payments(query);
  const { after: _, ...rest } = query;
  const to = Math.min(query.to ?? Number.MAX_SAFE_INTEGER, after.submittedAt + 1);
  const found: PaymentRecord[] = [];
  for (let last: string | undefined; found.length < query.limit; ) {
    const page = await records.payments({ ...rest, to, ...(last !== undefined && { after: last }) });
    found.push(...page.filter((record) => newestFirst(after, record) < 0));
    if (page.length < query.limit) break;
    last = page[page.length - 1].paymentId;
  }
  return found;
}

/** In order of identifier, as each of them is. */
async function* merged(parts: readonly AsyncIterator<PaymentRecord>[]): AsyncGenerator<PaymentRecord> {
  const heads = await Promise.all(parts.map((part) => part.next()));
  for (;;) {
    let least = -1;
    for (const [index, { done, value }] of heads.entries())
      if (!done && (least < 0 || value.paymentId < heads[least].value.paymentId)) least = index;
    if (least < 0) return;
    yield heads[least].value;
    heads[least] = await parts[least].next();
  }
}
