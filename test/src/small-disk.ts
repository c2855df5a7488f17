/** A disk of 400 MiB that can be filled to the last block; only root may mount one. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function canMount(): boolean {
  if (process.platform !== 'linux' || process.geteuid?.() !== 0) return false;
  const folder = mkdtempSync(join(tmpdir(), 'clearway-mount-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]).status === 0;
  if (mounted) spawnSync('umount', [folder]);
  rmSync(folder, { recursive: true, force: true });
  return mounted;
}

export function mount(folder: string): void {
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=400m,mode=711', 'tmpfs', folder]);
  assert.equal(status, 0, String(stderr));
}

/** Also while something is still open on it. */
export function unmount(folder: string): void {
  spawnSync('umount', ['-l', folder]);
}

/** Takes all the room that is left, to the last block. */
export function fill(file: string): void {
  const handle = openSync(file, 'a');
  try {
    for (let size = 2 ** 20; size >= 4096; size /= 2) {
      const block = Buffer.alloc(size);
      try {
        while (statfsSync(file).bavail > 0) writeSync(handle, block);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  } finally {
    closeSync(handle);
  }
}
