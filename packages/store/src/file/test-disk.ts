/**
 * For tests: a disk in memory that can lose power, and fail as disks and their systems do. What is written is seen at
 * once and durable sector by sector; after a failed flush the sectors count as clean though they were never written.
 */
import { dirname, join } from 'node:path';
import type { Disk, DiskFile } from '@clearway/ports';

const sectorBytes = 512;

interface Inode {
  content: Uint8Array;
  durable: Uint8Array;
  /** Sectors that the next flush writes. */
  readonly dirty: Set<number>;
}

/** At the n-th call from now: the write is cut short, the flush fails, or nothing answers any more. */
export interface DiskFault {
  readonly kind: 'write' | 'flush' | 'stop';
  readonly inCalls: number;
}

export interface TestDisk extends Disk {
  fault(fault: DiskFault): void;
  /** Resolves when a fault of this life stops everything. */
  stopped(): Promise<void>;
  /** The power goes: `keeps(n)`, a number below n, says what of the volatile is on the disk. The next life begins. */
  losePower(keeps: (below: number) => number): void;
}

export function testDisk(): TestDisk {
  let names = new Map<string, Inode>();
  let durableNames = new Map<string, Inode>();
  let faults: { kind: DiskFault['kind']; at: number }[] = [];
  let calls = 0;
  /** Handles of a life that is over answer nothing. */
  let life = {};
  let isStopped = false;
  let whenStopped: () => void = () => {};

  const failed = (code: string) => Object.assign(new Error(`${code}: made by the test`), { code });

  /** Every call goes through here: the point where a process may be gone. */
  async function call<T>(kind: DiskFault['kind'] | 'other', run: (isFaulty: boolean) => T): Promise<T> {
    const mine = life;
    await Promise.resolve();
    if (mine !== life || isStopped) return new Promise(() => {});
    calls += 1;
    const due = faults.filter(({ at, kind: one }) => at <= calls && (one === kind || one === 'stop'));
    faults = faults.filter((one) => !due.includes(one));
    if (due.some(({ kind: one }) => one === 'stop')) {
      isStopped = true;
      whenStopped();
      return new Promise(() => {});
    }
    return run(due.length > 0);
  }

  function put(inode: Inode, bytes: Uint8Array, position: number): void {
    if (inode.content.length < position + bytes.length) inode.content = grown(inode.content, position + bytes.length);
    inode.content.set(bytes, position);
    for (let sector = sectorOf(position); sector * sectorBytes < position + bytes.length; sector++)
      inode.dirty.add(sector);
  }

  function settle(inode: Inode, sector: number): void {
    const [from, to] = [sector * sectorBytes, Math.min((sector + 1) * sectorBytes, inode.content.length)];
    if (inode.durable.length < to) inode.durable = grown(inode.durable, to);
    inode.durable.set(inode.content.subarray(from, to), from);
  }

  const handle = (inode: Inode): DiskFile => ({
    size: () => call('other', () => inode.content.length),
    read: (into, position) =>
      call('other', () => {
        const bytes = inode.content.subarray(position, position + into.length);
        into.set(bytes);
        return bytes.length;
      }),
    write: (parts, position) =>
      call('write', (isFaulty) => {
        const bytes = Buffer.concat(parts);
        put(inode, isFaulty ? bytes.subarray(0, bytes.length >> 1) : bytes, position);
        if (isFaulty) throw failed('ENOSPC');
      }),
    flush: () =>
      call('flush', (isFaulty) => {
        if (!isFaulty) for (const sector of inode.dirty) settle(inode, sector);
        inode.dirty.clear();
        if (isFaulty) throw failed('EIO');
      }),
    close: () => call('other', () => {}),
  });

  const take = (path: string, inode: Inode): boolean => {
    if (names.has(path)) return false;
    names.set(path, inode);
    return true;
  };

  return {
    makeFolder: () => call('other', () => {}),
    list: (folder) =>
      call('other', () =>
        [...names.keys()].filter((path) => dirname(path) === folder).map((path) => path.slice(folder.length + 1)),
      ),
    exists: (path) => call('other', () => names.has(path)),
    create: (path) =>
      call('other', () => {
        const inode = { content: new Uint8Array(0), durable: new Uint8Array(0), dirty: new Set<number>() };
        return take(path, inode) ? handle(inode) : undefined;
      }),
    open: (path) =>
      call('other', () => {
        const inode = names.get(path);
        if (!inode) throw failed('ENOENT');
        return handle(inode);
      }),
    link: (path, name) => call('other', () => take(name, names.get(path)!)),
    remove: (path) => call('other', () => void names.delete(path)),
    flushFolder: () =>
      call('flush', (isFaulty) => {
        if (isFaulty) throw failed('EIO');
        durableNames = new Map(names);
      }),
    lock: () => call('other', () => ({ release: async () => {} })),

    fault({ kind, inCalls }) {
      faults.push({ kind, at: calls + inCalls });
    },
    stopped: () =>
      new Promise((resolve) => {
        whenStopped = resolve;
        if (isStopped) resolve();
      }),
    losePower(keeps) {
      const kept = new Map(durableNames);
      for (const [path, inode] of names) if (keeps(2) === 1) kept.set(path, inode);
      for (const path of durableNames.keys()) if (!names.has(path) && keeps(2) === 1) kept.delete(path);
      for (const inode of new Set(kept.values())) {
        for (const sector of inode.dirty) if (keeps(2) === 1) settle(inode, sector);
        inode.dirty.clear();
        inode.content = inode.durable.slice();
      }
      names = kept;
      durableNames = new Map(kept);
      faults = [];
      life = {};
      isStopped = false;
    },
  };
}

const sectorOf = (position: number) => Math.floor(position / sectorBytes);

function grown(bytes: Uint8Array, length: number): Uint8Array {
  const larger = new Uint8Array(length);
  larger.set(bytes);
  return larger;
}

export const testFolder = join('/', 'journal');
