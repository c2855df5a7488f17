/** What every implementation refuses in snapshots and configurations, in the same words. */
import { assert } from '@clearway/core';

/** The newest sealed snapshot and the one before it, should the newest prove unreadable. */
export const keepSnapshots = 2;

export function checkUnsealed(sequence: number, isSealed: boolean): void {
  assert(!isSealed, `snapshot ${sequence} is sealed and cannot be written again`);
}

export function checkSealable(sequence: number, pages: number, written: number): void {
  assert(pages === written, `snapshot ${sequence} has ${written} pages, not ${pages}`);
}

export const missingPage = (sequence: number, page: number) =>
  new Error(
    `Snapshot ${sequence} has no page ${page}: it is not sealed, was dropped, or is damaged. Use an older one.`,
  );

/** A version, once written, never changes its content. */
export function checkSameConfiguration(kind: string, version: number, hash: Uint8Array, known: Uint8Array): void {
  assert(
    hash.length === known.length && hash.every((byte, index) => byte === known[index]),
    `configuration ${kind} ${version} exists already with another content`,
  );
}
