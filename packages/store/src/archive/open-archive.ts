/** The archive in files, with a worker that does everything but the feeding. */
import { Worker } from 'node:worker_threads';
import type { Chance } from '@clearway/ports';
import type { PaymentRecord } from '../port.ts';
import type { ArchiveSettings } from './archive-engine.ts';
import { openFolder } from './archive-folder.ts';
import { recordsOfCycle } from './cycle-records.ts';
import { ArchiveFeed, type CopyReference, createRing, defaultFeedBytes } from './feed.ts';
import { ArchiveFailedError, type PaymentArchive } from './port.ts';
import type { Asked, Question, Told, WorkerStart } from './worker-messages.ts';

export interface OpenArchiveOptions extends ArchiveSettings {
  readonly chance: Chance;
  /** Reads the endToEndId out of the body of a payment request, whatever rail it came by. */
  readonly copyReference: CopyReference;
  /** Bytes of shared memory between cell and worker: what may wait while a disk is slow. 64 MiB by default. */
  readonly feedBytes?: number;
  /** The archive takes nothing any more; its feed will fill up. */
  failed(error: Error): void;
  log(event: string, fields: Record<string, unknown>): void;
}

/** @throws ArchiveFailedError when the folder is damaged: throw it away and let the journal be fed from the first batch */
export async function openArchive(options: OpenArchiveOptions): Promise<PaymentArchive> {
  const { chance, copyReference, feedBytes = defaultFeedBytes, failed, log, ...settings } = options;
  const seed = await openFolder(settings.directory, chance);
  const ring = createRing(feedBytes);
  const start: WorkerStart = { settings, seed, ring };
  const worker = new Worker(new URL('./archive-main.js', import.meta.url), { workerData: start, execArgv: [] });
  const asked = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let lastId = 0;
  let isOpen = false;
  let over: Error | undefined;
  let closed = false;

  const opened = new Promise<number>((resolve, reject) => {
    worker.on('message', (told: Told) => {
      switch (told.kind) {
        case 'opened':
          resolve(told.cursor);
          break;
        case 'answer':
          asked.get(told.id)?.resolve(told.value);
          asked.delete(told.id);
          break;
        case 'refusal':
          asked.get(told.id)?.reject(new ArchiveFailedError(told.message));
          asked.delete(told.id);
          break;
        case 'failed':
          failed(new ArchiveFailedError(`${told.name}: ${told.message}`));
          break;
        case 'log':
          log(told.event, told.fields);
      }
    });
    const end = (error: Error) => {
      if (over !== undefined) return;
      over = error;
      reject(error);
      for (const { reject: refuse } of asked.values()) refuse(error);
      asked.clear();
      if (isOpen && !closed) failed(error);
    };
    worker.on('error', (error: Error) => end(new ArchiveFailedError(`${error.name}: ${error.message}`)));
    worker.on('exit', () => end(new ArchiveFailedError('the archive is closed')));
  });

  const ask = <T>(question: Question): Promise<T> => {
    if (over !== undefined) return Promise.reject(over);
    const id = ++lastId;
    const answer = new Promise<unknown>((resolve, reject) => asked.set(id, { resolve, reject }));
    worker.postMessage({ id, question } satisfies Asked);
    return answer as Promise<T>;
  };

  const cursor = await opened;
  isOpen = true;
  const feed = new ArchiveFeed(ring, cursor, copyReference);
  return {
    cursor,
    feed,
    async found(sequence) {
      await ask({ ask: 'found', sequence });
    },
    async kept(sequence) {
      await ask({ ask: 'kept', sequence });
    },
    payment: (paymentId) => ask<PaymentRecord | undefined>({ ask: 'payment', paymentId }),
    byReference: (participant, endToEndId, limit) => ask({ ask: 'byReference', participant, endToEndId, limit }),
    byParticipant: (query) => ask({ ask: 'byParticipant', query }),
    search: (query) => ask({ ask: 'search', query }),
    tally: (query) => ask({ ask: 'tally', query }),
    ofCycle: (cycle, participant) => recordsOfCycle(settings.directory, cycle, participant),
    async close() {
      if (closed) return;
      closed = true;
      const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
      if (over !== undefined) return;
      await ask({ ask: 'close' });
      await exited;
    },
  };
}
