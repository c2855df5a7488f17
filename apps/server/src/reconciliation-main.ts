/** The worker that makes reconciliation files, one after the other, from the files of the cells' archives. */
import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { recordsOfCycle, type SegmentHead } from '@clearway/store';
import { writeReconciliationFrom } from './reconciliation-from-archive.ts';
import type { AskedFile, FileWish, MadeFile, ToldFile } from './reconciliation-worker.ts';

const port = parentPort!;
const archives = (workerData as readonly string[]).map((directory) => {
  const heads = new Map<number, SegmentHead>();
  return { ofCycle: (cycle: number, participant: number) => recordsOfCycle(directory, cycle, participant, heads) };
});
let last: Promise<void> = Promise.resolve();

port.on('message', (asked: AskedFile) => {
  last = last.then(() => answer(asked));
});

async function answer({ id, wish }: AskedFile): Promise<void> {
  try {
    const file = await make(wish);
    port.postMessage({ id, file } satisfies ToldFile, [file.bytes.buffer as ArrayBuffer]);
  } catch (error) {
    const { name, message } = error as Error;
    port.postMessage({ id, refusal: { name, message } } satisfies ToldFile);
  }
}

async function make({ scheme, cycle, participant }: FileWish): Promise<MadeFile> {
  const pieces: Uint8Array[] = [];
  const hash = createHash('sha256');
  const { bytes: size } = await writeReconciliationFrom(archives, scheme, cycle, participant, async (piece) => {
    hash.update(piece);
    pieces.push(piece.slice());
  });
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return { bytes, hash: hash.digest('hex') };
}
