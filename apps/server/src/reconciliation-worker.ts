/**
 * Makes reconciliation files in a thread of its own: a cycle of some hundred million payments is minutes of work, in which
 * the cell goes on deciding.
 */
import { Worker } from 'node:worker_threads';
import type { WrittenFile, WrittenPart } from '@clearway/contract';
import type { FileWish, WritePart } from './reconciliation.ts';

export interface FileMaker {
  /** @param write gets one part after the other; if it fails, so does the file */
  make(wish: FileWish, write: WritePart): Promise<WrittenFile>;
  stop(): Promise<void>;
}

/** To the worker: a file to make, or that a part of it has been written, or could not be. */
export type AskedFile =
  | { readonly id: number; readonly wish: FileWish }
  | { readonly id: number; readonly partWritten: boolean };

/** From the worker: a part, and then it waits; and the end. */
export type ToldFile =
  | { readonly id: number; readonly part: WrittenPart }
  | { readonly id: number; readonly file: WrittenFile }
  | { readonly id: number; readonly refusal: { readonly name: string; readonly message: string } };

interface Making {
  readonly write: WritePart;
  /** Why a part could not be written. */
  error?: Error;
  resolve(file: WrittenFile): void;
  reject(error: Error): void;
}

/** @param directories of the archives of all cells */
export function startFileMaker(directories: readonly string[]): FileMaker {
  const asked = new Map<number, Making>();
  let lastId = 0;
  let over: Error | undefined;
  const worker = new Worker(new URL('./reconciliation-main.js', import.meta.url), {
    workerData: directories,
    execArgv: [],
  });
  const ask = (message: AskedFile) => worker.postMessage(message);

  worker.on('message', async (told: ToldFile) => {
    const { id } = told;
    const making = asked.get(id)!;
    if ('part' in told) {
      await making.write(told.part).catch((error: Error) => {
        making.error = error;
      });
      ask({ id, partWritten: making.error === undefined });
      return;
    }
    asked.delete(id);
    if ('file' in told) making.resolve(told.file);
    else making.reject(making.error ?? new Error(`${told.refusal.name}: ${told.refusal.message}`));
  });
  const end = (error: Error) => {
    over ??= error;
    for (const { reject } of asked.values()) reject(over);
    asked.clear();
  };
  worker.on('error', end);
  worker.on('exit', () => end(new Error('reconciliation files are not made any more')));
  return {
    make(wish, write) {
      if (over !== undefined) return Promise.reject(over);
      const id = ++lastId;
      return new Promise((resolve, reject) => {
        asked.set(id, { write, resolve, reject });
        ask({ id, wish });
      });
    },
    async stop() {
      await worker.terminate();
    },
  };
}
