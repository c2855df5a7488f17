/**
 * The reconciliation file of a bank that had a part in every payment of a cycle, from an archive in which it has to be
 * put in order: its payments come from 3,000 institutions, whose identifiers lie scattered over all segments.
 */
import { mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeReconciliationFrom } from '@clearway/server';
import { openArchive } from '@clearway/store';
import { copyReference, fill, mainThreadSeconds } from './archive.ts';
import { benchFileWay, type FileWayResult } from './file-way.ts';

export interface ReconciliationFileResult {
  readonly rows: number;
  readonly rowsPerSecond: number;
  /** What a core would write if it had nothing else to do: by the thread's CPU time, not by the clock. */
  readonly rowsPerCoreSecond: number;
  readonly bytes: number;
  /** Of the process while the file was written, MiB; the archive's worker included. */
  readonly memoryMiB: number;
  /** From the archive to the institution that asked for it. */
  readonly way: FileWayResult;
}

const bank = 10_001;

export async function benchReconciliationFile(
  rows: number,
  parent: string,
  say: (text: string) => void,
): Promise<ReconciliationFileResult> {
  const folder = await mkdtemp(join(parent, 'clearway-reconciliation-'));
  const archive = await openArchive({
    directory: join(folder, 'archive'),
    chance: { bytes: (count) => new Uint8Array(count).fill(7) },
    copyReference,
    failed: (error) => say(`the archive failed: ${error.message}`),
    log: (event) => say(event),
  });
  try {
    // 2 % are declined and stand in no file, nor do the last, which are in flight.
    const { sequence } = await fill(archive, Math.ceil(rows * 1.022) + 1000, say, bank);
    await archive.kept(sequence);
    say('the file');
    const file = await open(join(folder, 'file.csv'), 'w');
    const began = performance.now();
    const cpuBegan = mainThreadSeconds();
    let memory = 0;
    const wish = {
      scheme: { schemeId: 'CLEARWAY', environment: 'sandbox' } as const,
      cycle: { cycle: 1, businessDate: 20261122 },
      participant: bank,
    };
    const written = await writeReconciliationFrom([archive], wish, async ({ content }) => {
      for (let from = 0; from < content.length; ) from += (await file.write(content, from)).bytesWritten;
      memory = Math.max(memory, process.memoryUsage.rss());
    });
    const seconds = (performance.now() - began) / 1000;
    const cpuSeconds = mainThreadSeconds() - cpuBegan;
    await file.close();
    await rm(join(folder, 'file.csv'));
    if (written.payments < rows) throw new Error(`the file has ${written.payments} lines of ${rows}`);
    return {
      rows: written.payments,
      rowsPerSecond: Math.round(written.payments / seconds),
      rowsPerCoreSecond: Math.round(written.payments / cpuSeconds),
      bytes: written.bytes,
      memoryMiB: memory >> 20,
      way: await benchFileWay(wish, join(folder, 'archive'), folder, say),
    };
  } finally {
    await archive.close();
    await rm(folder, { recursive: true, force: true });
  }
}
