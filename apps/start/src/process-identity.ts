/** Tells one process from a later one with the same number. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** When the process began, in whatever form the system tells it; undefined when there is no such process. */
export function processIdentity(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      // proc(5): after the name in parentheses the fields go on with the state, the start time is the 20th of them.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ');
      return fields?.[0] === 'Z' ? undefined : fields?.[19];
    }
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}
