/** The disk of this machine. Local file systems alone: one of a network need not show at once what another host made. */
import fs from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Disk, DiskFile, DiskLock } from './disk.ts';

const [read, writev, fdatasync] = [promisify(fs.read), promisify(fs.writev), promisify(fs.fdatasync)];
const [fstat, close, openFd] = [promisify(fs.fstat), promisify(fs.close), promisify(fs.open)];

/** Only who runs the platform reads what it keeps. */
const [fileMode, folderMode] = [0o600, 0o700];
/** Parts that one call of the system takes (IOV_MAX on Linux and macOS). */
const partsAtOnce = 1024;

function fileOf(fd: number): DiskFile {
  return {
    async size() {
      return (await fstat(fd)).size;
    },
    async read(into, position) {
      let count = 0;
      while (count < into.length) {
        const { bytesRead } = await read(fd, into, count, into.length - count, position + count);
        if (bytesRead === 0) break;
        count += bytesRead;
      }
      return count;
    },
    async write(parts, position) {
      for (let first = 0, at = position; first < parts.length; first += partsAtOnce) {
        at = await writeAll(fd, parts.slice(first, first + partsAtOnce), at);
      }
    },
    flush: () => fdatasync(fd),
    close: () => close(fd),
  };
}

/** A call may write less than it was given, near the end of the space for instance; the next one then says why. */
async function writeAll(fd: number, parts: readonly Uint8Array[], position: number): Promise<number> {
  const end = position + parts.reduce((sum, part) => sum + part.length, 0);
  let [left, at] = [parts, position];
  while (at < end) {
    const { bytesWritten } = await writev(fd, left, at);
    at += bytesWritten;
    if (at < end) left = without(left, bytesWritten);
  }
  return end;
}

function without(parts: readonly Uint8Array[], count: number): Uint8Array[] {
  let skip = count;
  return parts.flatMap((part) => {
    const skipped = Math.min(skip, part.length);
    skip -= skipped;
    return skipped === part.length ? [] : [part.subarray(skipped)];
  });
}

async function openOr<T>(code: string, otherwise: T, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === code) return otherwise;
    throw error;
  }
}

async function flushFolder(path: string): Promise<void> {
  const folder = await fs.promises.open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function makeFolder(path: string): Promise<void> {
  const first = await fs.promises.mkdir(path, { recursive: true, mode: folderMode });
  if (first === undefined) return;
  for (let made = path; made !== dirname(first); made = dirname(made)) await flushFolder(dirname(made));
}

/**
 * A Unix socket in the folder that is listened on: the system closes it when the process ends, and a stopped process
 * still holds it. One that nobody listens on any more is taken over; two that do so at the same instant may both
 * succeed, which is why it is no fence.
 */
async function lock(folder: string): Promise<DiskLock | undefined> {
  const path = join(folder, 'writer.sock');
  let server = await listenOn(path);
  if (server === undefined) {
    if (await isListenedOn(path)) return undefined;
    await fs.promises.rm(path, { force: true });
    server = await listenOn(path);
    if (server === undefined) return undefined;
  }
  const held = server.unref();
  return { release: () => new Promise((resolve) => held.close(() => resolve())) };
}

/** Undefined if the name is taken. */
function listenOn(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(path, () => resolve(server));
  });
}

function isListenedOn(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(false);
      else if (error.code === 'EAGAIN') resolve(true);
      else reject(error);
    });
  });
}

export const realDisk: Disk = {
  makeFolder,
  flushFolder,
  lock,
  list: (folder) => openOr('ENOENT', [], () => fs.promises.readdir(folder)),
  // A look into the cache of names takes a microsecond; by way of the thread pool it would cost fifty.
  exists: async (path) => fs.statSync(path, { throwIfNoEntry: false }) !== undefined,
  create: (path) =>
    openOr<DiskFile | undefined>('EEXIST', undefined, async () => fileOf(await openFd(path, 'wx+', fileMode))),
  open: async (path, mode) => fileOf(await openFd(path, mode === 'read' ? 'r' : 'r+')),
  link: (path, name) =>
    openOr('EEXIST', false, async () => {
      await fs.promises.link(path, name);
      return true;
    }),
  remove: (path) => fs.promises.rm(path, { force: true }),
};
