/** Writes projected records behind the journal: gathered, merged by key, in one transaction with the cursor. */
import type { Clock } from '@clearway/ports';
import { type Records, type RecordsChange, StaleRecordsError, type WorkItemRecord } from '@clearway/store';

export interface RecordsWriter {
  /** Takes the records of a durable batch. */
  add(change: RecordsChange): void;
  /** Takes a work item that no batch brought about. */
  addWorkItem(item: WorkItemRecord): void;
  /** Resolves when everything up to `sequence` is written. */
  written(sequence: number): Promise<void>;
  readonly cursor: number;
  /** Batches taken and not written yet. */
  readonly lag: number;
  stop(): Promise<void>;
}

const gatherMs = 50;
const retryMs = 1000;
/** Rows in one transaction: a backlog of any length is written piece by piece, each with its cursor. */
const rowsAtOnce = 5000;

export function createRecordsWriter(options: {
  readonly records: Records;
  readonly clock: Clock;
  readonly cursor: number;
  log(event: string, fields: Record<string, unknown>): void;
}): RecordsWriter {
  const { records, clock, log } = options;
  const waiters: { sequence: number; resolve(): void }[] = [];
  let changes: RecordsChange[] = [];
  /** Those of the changes that no batch brought about. */
  const ofNoBatch = new WeakSet<RecordsChange>();
  let cursor = options.cursor;
  let newest = options.cursor;
  let running = false;
  let stopping = false;

  /** The oldest changes, whole batches, up to a number of rows. */
  const takeFirst = (): RecordsChange[] => {
    let rows = 0;
    let count = 0;
    while (count < changes.length && (count === 0 || rows < rowsAtOnce)) {
      const { payments, agreements, positions } = changes[count++];
      rows += payments.length + agreements.length + positions.length;
    }
    return changes.splice(0, count);
  };

  const reached = (sequence: number) => {
    cursor = sequence;
    for (let i = waiters.length - 1; i >= 0; i--) {
      if (waiters[i].sequence <= cursor) waiters.splice(i, 1)[0].resolve();
    }
  };

  const asOfNoBatch = (change: RecordsChange, sequence: number) => {
    const later = { ...change, sequence };
    ofNoBatch.add(later);
    return later;
  };

  /** The owner before this one lived on for a while, and has written more than it had when this one began. */
  const passOver = async (taken: readonly RecordsChange[]) => {
    const written = await records.cursor();
    changes = [...taken, ...changes].flatMap((change) => {
      if (change.sequence > written) return [change];
      return ofNoBatch.has(change) ? [asOfNoBatch(change, written)] : [];
    });
    newest = Math.max(newest, written);
    reached(written);
  };

  const run = async () => {
    if (running) return;
    running = true;
    while (changes.length > 0) {
      const taken = takeFirst();
      const merged = merge(taken);
      let isOvertaken = false;
      for (let attempt = 0; ; attempt++) {
        try {
          if (isOvertaken) await passOver(taken);
          else {
            await records.write(merged);
            reached(merged.sequence);
          }
          break;
        } catch (error) {
          log('records.writeFailed', { sequence: merged.sequence, attempt, detail: (error as Error).message });
          isOvertaken ||= error instanceof StaleRecordsError;
          if (stopping) {
            running = false;
            changes = [...taken, ...changes];
            return;
          }
          await new Promise<void>((resolve) => clock.after(retryMs, resolve));
        }
      }
      if (!stopping && changes.length === 0) await new Promise<void>((resolve) => clock.after(gatherMs, resolve));
    }
    running = false;
  };

  return {
    add(change) {
      // What an earlier run has written already is projected again after a restart; it need not be written again.
      if (change.sequence <= cursor) return;
      changes.push(change);
      newest = change.sequence;
      void run();
    },
    addWorkItem(item) {
      const none = { payments: [], agreements: [], cycles: [], positions: [] };
      changes.push(asOfNoBatch({ ...none, sequence: newest, workItems: [item] }, newest));
      void run();
    },
    written(sequence) {
      if (sequence <= cursor) return Promise.resolve();
      return new Promise((resolve) => waiters.push({ sequence, resolve }));
    },
    get cursor() {
      return cursor;
    },
    get lag() {
      return newest - cursor;
    },
    async stop() {
      stopping = true;
      await run();
      while (running) await new Promise<void>((resolve) => clock.after(5, resolve));
    },
  };
}

/** Later rows replace earlier ones of the same key. */
function merge(changes: readonly RecordsChange[]): RecordsChange {
  const last = <T>(rows: readonly (readonly T[])[], key: (row: T) => string): T[] => {
    const byKey = new Map<string, T>();
    for (const list of rows) for (const row of list) byKey.set(key(row), row);
    return [...byKey.values()];
  };
  return {
    sequence: changes[changes.length - 1].sequence,
    payments: last(
      changes.map((change) => change.payments),
      (row) => row.paymentId,
    ),
    agreements: last(
      changes.map((change) => change.agreements),
      (row) => row.agreementId,
    ),
    cycles: last(
      changes.map((change) => change.cycles),
      (row) => String(row.cycle),
    ),
    positions: last(
      changes.map((change) => change.positions),
      (row) => `${row.cycle}/${row.participant}/${row.currency}`,
    ),
    workItems: last(
      changes.map((change) => change.workItems),
      (row) => row.workItemId,
    ),
  };
}
