/** Processor time of processes and all their descendants, from /proc; undefined where there is none (not on Linux). */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Clock ticks a second of /proc/<pid>/stat: 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

interface Stat {
  readonly parent: number;
  readonly ms: number;
}

function readStats(): Map<number, Stat> {
  const stats = new Map<number, Stat>();
  for (const name of readdirSync('/proc')) {
    if (!/^[0-9]+$/.test(name)) continue;
    try {
      const text = readFileSync(`/proc/${name}/stat`, 'utf8');
      // The command stands in brackets and may hold anything; the fields after it are numbers.
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      const ticks = Number(fields[11]) + Number(fields[12]);
      stats.set(Number(name), { parent: Number(fields[1]), ms: (ticks * 1000) / ticksPerSecond });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' && (error as NodeJS.ErrnoException).code !== 'ESRCH')
        throw error;
    }
  }
  return stats;
}

/** ms by the given process. */
export function cpuTime(pids: readonly number[]): Map<number, number> | undefined {
  if (!existsSync('/proc/self/stat')) return undefined;
  const stats = readStats();
  const sums = new Map(pids.map((pid) => [pid, 0]));
  for (const [pid, { ms }] of stats) {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = stats.get(at)?.parent) {
      if (!sums.has(at)) continue;
      sums.set(at, sums.get(at)! + ms);
      break;
    }
  }
  return sums;
}
