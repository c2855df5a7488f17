/**
 * Makes reconciliation files in a thread of its own: a cycle of some hundred million payments is minutes of work, in which
 * the cell goes on deciding.
 */
import { Worker } from 'node:worker_threads';
import type { Scheme } from '@clearway/contract';
import type { CycleRecord } from '@clearway/store';

/** Which file. */
export interface FileWish {
  readonly scheme: Scheme;
  /** One that is cut, whose cut-off the archive has kept. */
  readonly cycle: Pick<CycleRecord, 'cycle' | 'businessDate'>;
  readonly participant: number;
}

export interface MadeFile {
  readonly bytes: Uint8Array;
  /** SHA-256 of all bytes, lower-case hex. */
  readonly hash: string;
}

export interface FileMaker {
  make(wish: FileWish): Promise<MadeFile>;
  stop(): Promise<void>;
}

export interface AskedFile {
  readonly id: number;
  readonly wish: FileWish;
}

export type ToldFile =
  | { readonly id: number; readonly file: MadeFile }
  | { readonly id: number; readonly refusal: { readonly name: string; readonly message: string } };

/** @param directories of the archives of all cells */
export function startFileMaker(directories: readonly string[]): FileMaker {
  const asked = new Map<number, { resolve(file: MadeFile): void; reject(error: Error): void }>();
  let lastId = 0;
  let over: Error | undefined;
  const worker = new Worker(new URL('./reconciliation-main.js', import.meta.url), {
    workerData: directories,
    execArgv: [],
  });
  worker.on('message', (told: ToldFile) => {
    const one = asked.get(told.id);
    asked.delete(told.id);
    if ('file' in told) one?.resolve(told.file);
    else one?.reject(new Error(`${told.refusal.name}: ${told.refusal.message}`));
  });
  const end = (error: Error) => {
    over ??= error;
    for (const { reject } of asked.values()) reject(over);
    asked.clear();
  };
  worker.on('error', end);
  worker.on('exit', () => end(new Error('reconciliation files are not made any more')));
  return {
    make(wish) {
      if (over !== undefined) return Promise.reject(over);
      const id = ++lastId;
      return new Promise((resolve, reject) => {
        asked.set(id, { resolve, reject });
        worker.postMessage({ id, wish } satisfies AskedFile);
      });
    },
    async stop() {
      await worker.terminate();
    },
  };
}
