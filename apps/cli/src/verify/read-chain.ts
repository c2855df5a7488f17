/** Reads the journal with its chain checked, and goes on after a breach as far as there is something to read. */

import type { Crypto } from '@clearway/ports';
import {
  type BatchHeader,
  type CellPlace,
  ChainError,
  type ChainLink,
  chainStart,
  DamagedJournalError,
  decodeHeader,
  encodeHeader,
  headerHash,
  type Journal,
  type JournalBatch,
  verifyChain,
} from '@clearway/store';
import type { Findings } from './report.ts';

export interface ReadBatch {
  readonly batch: JournalBatch;
  readonly header: BatchHeader;
  readonly link: ChainLink;
  /** The facts are those that the header names: they can be replayed, whatever else is wrong. */
  readonly factsHold: boolean;
}

export async function* readChain(
  journal: Journal,
  crypto: Pick<Crypto, 'sha256'>,
  place: CellPlace,
  findings: Findings,
): AsyncGenerator<ReadBatch> {
  let link = chainStart;
  for (;;) {
    try {
      for await (const checked of verifyChain(crypto, place, journal.read(link.sequence + 1), link)) {
        link = checked.link;
        checkUnusedBytes(checked.batch, findings);
        yield { ...checked, factsHold: true };
      }
      return;
    } catch (error) {
      if (!isDamage(error)) throw error;
      findings.breach('chain', error.message.replace(/^Batch \d+: /, ''), { sequence: link.sequence + 1 });
    }
    const next = await readBroken(journal, crypto, link, findings);
    if (next === undefined) return;
    link = next.link;
    yield next;
  }
}

/** What is wrong with the journal, rather than with reading it. */
function isDamage(error: unknown): error is Error {
  return error instanceof ChainError || error instanceof DamagedJournalError;
}

/** The batch after `link`, taken as it stands, so that what follows it can be looked at; undefined if there is none. */
async function readBroken(
  journal: Journal,
  crypto: Pick<Crypto, 'sha256'>,
  link: ChainLink,
  findings: Findings,
): Promise<ReadBatch | undefined> {
  const sequence = link.sequence + 1;
  const batch = await journal.readOne(sequence).catch((error) => {
    if (isDamage(error)) return undefined;
    throw error;
  });
  const header = batch && readHeader(batch);
  if (batch === undefined || header === undefined) {
    findings.notChecked(`Nothing from batch ${sequence} on, since it cannot be read.`);
    return undefined;
  }
  const factsHold =
    header.sequence === sequence && header.at >= link.at && equal(header.factsHash, crypto.sha256(batch.facts));
  return {
    batch,
    header,
    link: { sequence, hash: headerHash(crypto, batch.header), epoch: header.epoch, at: header.at },
    factsHold,
  };
}

function readHeader(batch: JournalBatch): BatchHeader | undefined {
  try {
    return decodeHeader(batch.header);
  } catch {
    return undefined; // the breach was reported with the reason why
  }
}

/** Bytes that no field of the header uses are zero: nothing can hide there. */
function checkUnusedBytes({ sequence, header }: JournalBatch, findings: Findings): void {
  if (!equal(encodeHeader(decodeHeader(header)), header)) {
    findings.breach('chain', 'its header has bytes set that no field uses', { sequence });
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
