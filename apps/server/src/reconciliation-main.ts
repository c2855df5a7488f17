/** The worker that makes reconciliation files, one after the other, from the files of the cells' archives. */
import { parentPort, workerData } from 'node:worker_threads';
import { recordsOfCycle, type SegmentHead } from '@clearway/store';
import type { FileWish } from './reconciliation.ts';
import { writeReconciliationFrom } from './reconciliation-from-archive.ts';
import type { AskedFile, ToldFile } from './reconciliation-worker.ts';

const port = parentPort!;
const archives = (workerData as readonly string[]).map((directory) => {
  const heads = new Map<number, SegmentHead>();
  return { ofCycle: (cycle: number, participant: number) => recordsOfCycle(directory, cycle, participant, heads) };
});
let last: Promise<void> = Promise.resolve();
/** Goes on with the file that is being made. */
let partIsWritten = (_isWritten: boolean) => {};

port.on('message', (asked: AskedFile) => {
  if ('partWritten' in asked) partIsWritten(asked.partWritten);
  else last = last.then(() => answer(asked.id, asked.wish));
});

async function answer(id: number, wish: FileWish): Promise<void> {
  const tell = (told: ToldFile, transfer: ArrayBuffer[] = []) => port.postMessage(told, transfer);
  try {
    const file = await writeReconciliationFrom(archives, wish, async (part) => {
      const content = Uint8Array.from(part.content);
      tell({ id, part: { ...part, content } }, [content.buffer]);
      const isWritten = await new Promise<boolean>((resolve) => {
        partIsWritten = resolve;
      });
      if (!isWritten) throw new Error('a part could not be written');
    });
    tell({ id, file });
  } catch (error) {
    const { name, message } = error as Error;
    tell({ id, refusal: { name, message } });
  }
}
