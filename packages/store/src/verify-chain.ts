/** Checks a journal while it is read: nothing is missing, moved, changed or added. */
import { headBytes } from '@clearway/core';
import type { Crypto } from '@clearway/ports';
import { type BatchHeader, type CellPlace, decodeHeader, headerHash, noHash } from './batch.ts';
import type { JournalBatch } from './port.ts';

/** The batch at `sequence` is not what the chain says it must be. */
export class ChainError extends Error {
  override name = 'ChainError';
  readonly sequence: number;
  constructor(sequence: number, what: string) {
    super(`Batch ${sequence}: ${what}.`);
    this.sequence = sequence;
  }
}

/** The last batch that is known to be good. */
export interface ChainLink {
  readonly sequence: number;
  /** Of its header. */
  readonly hash: Uint8Array;
  readonly epoch: number;
  readonly at: number;
}

export const chainStart: ChainLink = { sequence: 0, hash: noHash, epoch: 0, at: 0 };

export interface CheckedBatch {
  readonly batch: JournalBatch;
  readonly header: BatchHeader;
  readonly link: ChainLink;
}

/**
 * Yields each batch once it is checked against the one before.
 * @throws ChainError naming the first batch that is wrong
 */
export async function* verifyChain(
  crypto: Pick<Crypto, 'sha256'>,
  place: CellPlace,
  batches: AsyncIterable<JournalBatch>,
  after: ChainLink = chainStart,
): AsyncGenerator<CheckedBatch> {
  let last = after;
  for await (const batch of batches) {
    const header = checkBatch(crypto, place, batch, last);
    last = { sequence: header.sequence, hash: headerHash(crypto, batch.header), epoch: header.epoch, at: header.at };
    yield { batch, header, link: last };
  }
}

function checkBatch(
  crypto: Pick<Crypto, 'sha256'>,
  place: CellPlace,
  batch: JournalBatch,
  last: ChainLink,
): BatchHeader {
  const expected = last.sequence + 1;
  const check = (isGood: boolean, what: string) => {
    if (!isGood) throw new ChainError(expected, what);
  };
  check(batch.sequence === expected, `is missing, ${batch.sequence} came instead`);
  const header = readHeader(batch);
  check(header.sequence === batch.sequence, `its header says ${header.sequence}`);
  check(header.epoch === batch.epoch, `its header says epoch ${header.epoch}, its row ${batch.epoch}`);
  check(header.centre === place.centre && header.cell === place.cell, 'it belongs to another cell');
  check(header.epoch >= last.epoch, `its epoch ${header.epoch} is before ${last.epoch}`);
  check(header.at >= last.at, 'its time is before that of the batch before');
  check(equalBytes(header.previousHash, last.hash), 'it does not follow the batch before (previous hash)');
  check(equalBytes(header.factsHash, crypto.sha256(batch.facts)), 'its facts were changed (hash)');
  check(equalBytes(header.bodiesHash, crypto.sha256(batch.bodies)), 'its bodies were changed (hash)');
  check(countCommands(batch.facts) === header.commands, 'its facts are not as many commands as its header says');
  return header;
}

function readHeader(batch: JournalBatch): BatchHeader {
  try {
    return decodeHeader(batch.header);
  } catch (cause) {
    throw new ChainError(batch.sequence, (cause as Error).message);
  }
}

/** How many commands the facts hold, or -1 if their sizes do not add up. */
function countCommands(facts: Uint8Array): number {
  const view = new DataView(facts.buffer, facts.byteOffset, facts.byteLength);
  let count = 0;
  let offset = 0;
  while (offset + headBytes <= facts.length) {
    const size = view.getUint32(offset + 4);
    if (size < headBytes) return -1;
    offset += size;
    count += 1;
  }
  return offset === facts.length ? count : -1;
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
