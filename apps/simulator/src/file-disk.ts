/**
 * The disk under a journal in files. What is written is seen at once and durable when it is flushed, sector by sector;
 * when the power goes, of the rest some is there and some is not. It is full now and then, or fails to flush; after
 * that the sectors count as clean though they were never written, as real systems have it.
 */
import { dirname } from 'node:path';
import type { Disk, DiskFile } from '@clearway/ports';
import type { Draw } from './chance.ts';
import type { Faults } from './faults.ts';
import type { Process } from './process.ts';
import type { Time } from './time.ts';

const sectorBytes = 512;

interface Inode {
  /** Larger than what is in it. */
  content: Uint8Array;
  length: number;
  /** As flushed; holes are zeros. */
  durable: Uint8Array;
  durableLength: number;
  readonly dirty: Set<number>;
}

/** What lies on the disk; it can be copied with structuredClone. */
export interface Medium {
  names: Map<string, Inode>;
  durableNames: Map<string, Inode>;
}

export const medium = (): Medium => ({ names: new Map(), durableNames: new Map() });

function room(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length >= length) return bytes;
  const larger = new Uint8Array(Math.max(length, 2 * bytes.length));
  larger.set(bytes);
  return larger;
}

function put(inode: Inode, bytes: Uint8Array, position: number): void {
  const end = position + bytes.length;
  inode.content = room(inode.content, end);
  inode.content.set(bytes, position);
  inode.length = Math.max(inode.length, end);
  for (let sector = Math.floor(position / sectorBytes); sector * sectorBytes < end; sector++) inode.dirty.add(sector);
}

function settle(inode: Inode, sector: number): void {
  const from = sector * sectorBytes;
  const to = Math.min(from + sectorBytes, inode.length);
  inode.durable = room(inode.durable, to);
  inode.durable.set(inode.content.subarray(from, to), from);
  inode.durableLength = Math.max(inode.durableLength, to);
}

/** The power goes: of what was not flushed, names and sectors, chance says what stays. */
export function losePower(disk: Medium, draw: Draw): void {
  const kept = new Map(disk.durableNames);
  for (const [path, inode] of disk.names) if (draw.happens(0.5)) kept.set(path, inode);
  for (const path of disk.durableNames.keys()) if (!disk.names.has(path) && draw.happens(0.5)) kept.delete(path);
  for (const inode of new Set(kept.values())) {
    for (const sector of inode.dirty) if (draw.happens(0.5)) settle(inode, sector);
    inode.dirty.clear();
    inode.content = inode.durable.slice();
    inode.length = inode.durableLength;
  }
  disk.names = kept;
  disk.durableNames = new Map(kept);
}

const failed = (code: string) => Object.assign(new Error(`${code}: the disk`), { code });

/** The disk as a process uses it; `run` is asked for each call, and may fail it. */
function diskOver(disk: Medium, run: <T>(what: string, act: () => T) => Promise<T>): Disk {
  const handle = (inode: Inode): DiskFile => ({
    size: () => run('size', () => inode.length),
    read: (into, position) =>
      run('read', () => {
        const bytes = inode.content.subarray(position, Math.min(position + into.length, inode.length));
        into.set(bytes);
        return bytes.length;
      }),
    write: (parts, position) => {
      const bytes = Buffer.concat(parts);
      return run('write', () => put(inode, bytes, position)).catch((error: Error) => {
        // Some of it may be there.
        put(inode, bytes.subarray(0, bytes.length >> 1), position);
        throw error;
      });
    },
    flush: () =>
      run('flush', () => {
        for (const sector of inode.dirty) settle(inode, sector);
        inode.dirty.clear();
      }).catch((error: Error) => {
        inode.dirty.clear();
        throw error;
      }),
    close: async () => {},
  });

  const take = (path: string, inode: Inode): boolean => {
    if (disk.names.has(path)) return false;
    disk.names.set(path, inode);
    return true;
  };

  return {
    makeFolder: () => run('make a folder', () => {}),
    list: (folder) =>
      run('list', () =>
        [...disk.names.keys()].filter((path) => dirname(path) === folder).map((path) => path.slice(folder.length + 1)),
      ),
    exists: (path) => run('exists', () => disk.names.has(path)),
    create: (path) =>
      run('create', () => {
        const empty = () => new Uint8Array(0);
        const inode = { content: empty(), length: 0, durable: empty(), durableLength: 0, dirty: new Set<number>() };
        return take(path, inode) ? handle(inode) : undefined;
      }),
    open: (path) =>
      run('open', () => {
        const inode = disk.names.get(path);
        if (inode === undefined) throw failed('ENOENT');
        return handle(inode);
      }),
    link: (path, name) => run('link', () => take(name, disk.names.get(path)!)),
    remove: (path) => run('remove', () => void disk.names.delete(path)),
    flushFolder: () =>
      run('flush a folder', () => {
        disk.durableNames = new Map(disk.names);
      }),
    lock: () => run('lock', () => ({ release: async () => {} })),
  };
}

/** Without faults, for who looks at a copy. */
export const plainDisk = (disk: Medium): Disk => diskOver(disk, async (_, act) => act());

export function diskSeenFrom(
  disk: Medium,
  { process, time, faults }: { readonly process: Process; readonly time: Time; readonly faults: Faults },
): Disk {
  const restMs = () => (faults.strikes('diskSlow') ? 10 ** faults.draw.between(1, 4) : faults.draw.between(0.02, 0.2));
  return diskOver(disk, (what, act) =>
    process.outside(`disk: ${what}`, async () => {
      const isFlush = what.startsWith('flush');
      if (isFlush || what === 'write') await time.rest(restMs());
      if (what === 'write' && faults.strikes('diskFull')) throw failed('ENOSPC');
      if (isFlush && faults.strikes('diskFlushFails')) throw failed('EIO');
      return act();
    }),
  );
}
