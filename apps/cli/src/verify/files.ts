/** Makes every reconciliation file again and compares it with the stored one, byte for byte. */
import { createHash } from 'node:crypto';
import type { Scheme } from '@clearway/contract';
import { type FileWish, writeReconciliation } from '@clearway/server';
import type { ArchiveReader, FileRecord, Records } from '@clearway/store';
import type { FollowedCycle } from './cycles.ts';
import type { Findings } from './report.ts';

type FileRecords = Pick<Records, 'file' | 'fileParts' | 'filePart' | 'paymentsOfCycle'>;

/** Yields the participant after each file. */
export async function* compareFiles(
  records: FileRecords,
  scheme: Scheme,
  cycles: readonly FollowedCycle[],
  findings: Findings,
  /** Cycles whose payments cannot all be found, which the findings tell already. */
  leftOut: ReadonlySet<number>,
): AsyncGenerator<string> {
  for (const { record, participants } of cycles) {
    if (leftOut.has(record.cycle)) continue;
    // Files are written between netting and settlement.
    const mustExist = record.state === 'queued' || record.state === 'settled';
    for (const participant of participants) {
      const about = { subject: `file of ${participant} for cycle ${record.cycle}` };
      const file = await records.file(record.cycle, participant);
      if (file === undefined) {
        if (mustExist) findings.breach('file', 'is missing', about);
        continue;
      }
      const stored = new StoredContent(records, file);
      const differsAt = await firstDifference(
        records,
        { scheme, cycle: record, participant: Number(participant) },
        stored,
      );
      if (differsAt !== undefined) {
        findings.breach('file', `is not what the payments of the cycle make (first in line ${differsAt})`, about);
      }
      if (!(await stored.hasItsHashes()))
        findings.breach('file', 'has another hash than the one stored beside it', about);
      yield participant;
    }
  }
}

/** The line, counted from 1, in which the stored file is not the one that is made now. */
async function firstDifference(
  records: FileRecords,
  wish: FileWish,
  stored: StoredContent,
): Promise<number | undefined> {
  let lines = 1;
  let differsAt: number | undefined;
  const linesOf = (bytes: Uint8Array) => bytes.reduce((sum, byte) => sum + (byte === lineFeed ? 1 : 0), 0);
  await writeReconciliation(records, wish, async ({ content }) => {
    const theirs = await stored.take(content.length);
    if (differsAt === undefined && Buffer.compare(content, theirs) !== 0) {
      const at = content.findIndex((byte, index) => byte !== theirs[index]);
      differsAt = lines + linesOf(content.subarray(0, at));
    }
    lines += linesOf(content);
  });
  const rest = await stored.take(1);
  return differsAt ?? (rest.length > 0 ? lines : undefined);
}

const lineFeed = 0x0a;

/** The parts of a stored file, one after the other. */
class StoredContent {
  private readonly records: FileRecords;
  private readonly file: FileRecord;
  private readonly whole = createHash('sha256');
  private readonly hashes: string[] = [];
  private rest: Uint8Array = new Uint8Array(0);

  constructor(records: FileRecords, file: FileRecord) {
    this.records = records;
    this.file = file;
  }

  /** The next bytes; fewer at the end. */
  async take(length: number): Promise<Uint8Array> {
    const taken = [this.rest];
    let size = this.rest.length;
    while (size < length && this.hashes.length < this.file.parts) {
      const { cycle, participant } = this.file;
      const content = (await this.records.filePart(cycle, participant, this.hashes.length + 1)) ?? new Uint8Array(0);
      this.hashes.push(createHash('sha256').update(content).digest('hex'));
      this.whole.update(content);
      taken.push(content);
      size += content.length;
    }
    const bytes = Buffer.concat(taken);
    this.rest = bytes.subarray(length);
    return bytes.subarray(0, length);
  }

  /** Reads what is left of it. */
  async hasItsHashes(): Promise<boolean> {
    while (this.hashes.length < this.file.parts) await this.take(this.rest.length + 1);
    const told = await this.records.fileParts(this.file.cycle, this.file.participant);
    const areSame = told.length === this.hashes.length && told.every(({ hash }, index) => hash === this.hashes[index]);
    return areSame && this.whole.digest('hex') === this.file.hash;
  }
}

/** Cycles of a cell whose payments are not all in its records, or not yet in its archive. */
export function cyclesWithoutPayments(
  cycles: readonly FollowedCycle[],
  archive: ArchiveReader | undefined,
  notInRecords: ReadonlySet<number>,
  findings: Findings,
): Set<number> {
  const leftOut = new Set(notInRecords);
  if (leftOut.size > 0)
    findings.notChecked(`Files of ${leftOut.size} cycles: not all of their payments are in the records.`);
  for (const { record, participants, cutSequence } of cycles) {
    if (archive === undefined || participants.length === 0 || archive.cursor >= cutSequence) continue;
    findings.notChecked(`Files of cycle ${record.cycle}: the archive has not kept its payments yet.`);
    leftOut.add(record.cycle);
  }
  return leftOut;
}
