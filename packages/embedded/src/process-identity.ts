/** What another process is: a process number alone says little, since numbers are used again. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** The same for the whole life of a process and for no other one; undefined if there is none. */
export async function processIdentity(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return ps('lstart', pid);
  const status = await processFile(pid, 'stat');
  if (status === undefined) return undefined;
  // After the name in parentheses: state is the first field, start time in ticks since boot the twentieth.
  const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
  return `${boot.trim()}/${fields[19]}`;
}

/** Program and parameters; undefined if there is no such process or it has ended. */
export async function commandLine(pid: number): Promise<string | undefined> {
  const text = process.platform === 'linux' ? await processFile(pid, 'cmdline') : await ps('command', pid);
  return text === '' ? undefined : text?.replaceAll('\0', ' ');
}

async function processFile(pid: number, name: string): Promise<string | undefined> {
  try {
    return await readFile(`/proc/${pid}/${name}`, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}

async function ps(column: string, pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', `${column}=`, '-p', String(pid)]);
    return stdout.trim();
  } catch (error) {
    if (typeof (error as { code?: unknown }).code === 'number') return undefined; // ps found none
    throw error;
  }
}
