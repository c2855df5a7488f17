/** What every implementation refuses in records, in the same words. */
import { assert } from '@clearway/core';
import type { FilePartRecord, FileRecord } from './port.ts';

/** Records only move forward: a projector that has been overtaken must not write old rows over newer ones. */
export class StaleRecordsError extends Error {
  override name = 'StaleRecordsError';
}

export const staleWrite = (sequence: number, cursor: number) =>
  new StaleRecordsError(`Records up to batch ${sequence} came late: they are written up to ${cursor} already.`);

const nameOf = (cycle: number, participant: string) => `the file of ${participant} for cycle ${cycle}`;

export function checkFileUnsealed(cycle: number, participant: string, isSealed: boolean): void {
  assert(!isSealed, `${nameOf(cycle, participant)} is sealed and cannot be written again`);
}

/** `parts`: those that are there up to the last that the file names. */
export function checkFileSealable(file: FileRecord, parts: readonly Omit<FilePartRecord, 'hash'>[]): void {
  const name = nameOf(file.cycle, file.participant);
  const sum = (field: 'bytes' | 'payments') => parts.reduce((total, part) => total + part[field], 0);
  assert(file.parts > 0 && parts.length === file.parts, `${name} has ${parts.length} parts, not ${file.parts}`);
  assert(sum('bytes') === file.bytes, `${name} has ${sum('bytes')} bytes, not ${file.bytes}`);
  assert(sum('payments') === file.payments, `${name} has ${sum('payments')} payments, not ${file.payments}`);
}

/** A file, once sealed, never changes. */
export function checkSameFile(file: FileRecord, sealed: FileRecord): void {
  assert(file.hash === sealed.hash, `${nameOf(file.cycle, file.participant)} is sealed already with another content`);
}
