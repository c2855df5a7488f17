/** What processes have cost so far, from /proc: processor time and memory. Only Linux has it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cpuTime } from '../cpu-time.ts';

export interface ProcessCost {
  /** µs of processor time of the process and all its children. */
  readonly total: number;
  /** µs of its main thread, and of its other ones (workers, signatures, files, V8's own). */
  readonly main: number;
  readonly others: number;
  /** Bytes. */
  readonly resident: number;
}

export type Costs = Readonly<Record<string, ProcessCost>>;

const ticksPerSecond = 100;
const pageBytes = 4096;

/** By the names given; undefined where there is no /proc. */
export function costsOf(pids: Readonly<Record<string, number>>): Costs | undefined {
  const totals = cpuTime(Object.values(pids));
  if (totals === undefined) return undefined;
  const costs = Object.entries(pids).map(([name, pid]) => {
    const threads = existsSync(`/proc/${pid}/task`) ? readdirSync(`/proc/${pid}/task`) : [];
    const main = threadMicroseconds(pid, String(pid));
    const all = threads.reduce((sum, thread) => sum + threadMicroseconds(pid, thread), 0);
    const total = totals.get(pid)! * 1000;
    return [name, { total, main, others: all - main, resident: residentOf(pid) }] as const;
  });
  return Object.fromEntries(costs);
}

/** µs a payment between two readings, by process; `others` where there are any. */
export function eachPayment(before: Costs, after: Costs, payments: number): Record<string, Record<string, number>> {
  const each = (microseconds: number) => Math.round((microseconds / payments) * 100) / 100;
  return Object.fromEntries(
    Object.entries(after).map(([name, cost]) => [
      name,
      {
        total: each(cost.total - before[name]!.total),
        main: each(cost.main - before[name]!.main),
        others: each(cost.others - before[name]!.others),
      },
    ]),
  );
}

function threadMicroseconds(pid: number, thread: string): number {
  const text = readIfThere(`/proc/${pid}/task/${thread}/stat`);
  if (text === undefined) return 0;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1_000_000) / ticksPerSecond;
}

function residentOf(pid: number): number {
  const text = readIfThere(`/proc/${pid}/statm`);
  return text === undefined ? 0 : Number(text.split(' ')[1]) * pageBytes;
}

/** Undefined for a process or thread that has ended meanwhile. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}
