/** What every implementation of the journal refuses, in the same words. */
import { assert } from '@clearway/core';
import { type Claim, FencedError, type JournalBatch, UnavailableError } from './port.ts';

/** Checks what a writer may hand over next. @throws FencedError, UnavailableError */
export function checkAppend(batch: JournalBatch, claimed: Claim | undefined, isIndeterminate: boolean): void {
  assert(claimed !== undefined, 'append comes after claim');
  assert(batch.epoch <= claimed.epoch, `epoch ${batch.epoch} was never claimed here`);
  if (batch.epoch < claimed.epoch) throw fenced(batch);
  if (isIndeterminate) {
    throw new UnavailableError('An earlier append is indeterminate: claim and read before appending again.');
  }
  assert(batch.sequence > claimed.last, `batch ${batch.sequence} is before the claimed end ${claimed.last}`);
}

export const fenced = (batch: JournalBatch) =>
  new FencedError(`Batch ${batch.sequence} was refused: epoch ${batch.epoch} is over, another has claimed the cell.`);

/** Rows that were durable are gone or changed: nothing that asks again will help. */
export class DamagedJournalError extends Error {
  override name = 'DamagedJournalError';
}

export const missingBatch = (sequence: number, epoch: number) =>
  new DamagedJournalError(
    `Batch ${sequence} of epoch ${epoch} is missing from the journal, though later ones are there.`,
  );
