/** Makes every reconciliation file again and compares it with the stored one, byte for byte. */
import type { Scheme } from '@clearway/contract';
import type { Crypto } from '@clearway/ports';
import { reconciliationFile } from '@clearway/server';
import type { ArchiveReader, Records } from '@clearway/store';
import type { FollowedCycle } from './cycles.ts';
import type { Findings } from './report.ts';

/** Yields the participant after each file. */
export async function* compareFiles(
  records: Pick<Records, 'file' | 'paymentsOfCycle'>,
  scheme: Scheme,
  cycles: readonly FollowedCycle[],
  crypto: Pick<Crypto, 'sha256'>,
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
      const stored = await records.file(record.cycle, participant);
      if (stored === undefined) {
        if (mustExist) findings.breach('file', 'is missing', about);
        continue;
      }
      const made = await reconciliationFile(records, scheme, record, participant);
      if (Buffer.compare(made, stored.bytes) !== 0) {
        findings.breach(
          'file',
          `is not what the payments of the cycle make (${difference(made, stored.bytes)})`,
          about,
        );
      }
      if (Buffer.from(crypto.sha256(stored.bytes)).toString('hex') !== stored.hash) {
        findings.breach('file', 'has another hash than the one stored beside it', about);
      }
      yield participant;
    }
  }
}

function difference(made: Uint8Array, stored: Uint8Array): string {
  const lines = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8').split('\n');
  const wanted = lines(made);
  const line = lines(stored).findIndex((text, index) => text !== wanted[index]);
  return line < 0 ? `${wanted.length - lines(stored).length} lines less` : `first in line ${line + 1}`;
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
