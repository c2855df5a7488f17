/** A store whose journal is in files, everything else where it was. */
import type { Disk } from '@clearway/ports';
import type { Store } from '../port.ts';
import { type FileJournalOptions, fileJournal } from './file-journal.ts';

/** The folder is another's, or the journal of this cell is elsewhere. */
export class JournalFolderError extends Error {
  override name = 'JournalFolderError';
}

export interface WithFileJournalOptions extends FileJournalOptions {
  /** Refuse the folder while another process holds it that asks for the same. For the cell, not for readers. */
  readonly holds: boolean;
}

/**
 * Takes the store over: closing this one closes it.
 * @throws JournalFolderError if another process holds the folder
 */
export async function withFileJournal(store: Store, options: WithFileJournalOptions): Promise<Store> {
  const { disk, folder, holds } = options;
  const lock = holds ? await hold(disk, folder) : undefined;
  const journal = fileJournal(options);
  return {
    ...store,
    journal,
    async close() {
      await journal.close();
      await lock?.release();
      await store.close();
    },
  };
}

async function hold(disk: Disk, folder: string) {
  await disk.makeFolder(folder);
  const lock = await disk.lock(folder);
  if (lock) return lock;
  throw new JournalFolderError(
    `Another process holds the journal in ${folder}: end it first, or give this cell a folder of its own.`,
  );
}

/** Whether a journal was begun in the folder: then it is the cell's journal, and no other may take its place. */
export async function hasFileJournal(disk: Disk, folder: string): Promise<boolean> {
  return (await disk.list(folder)).some((name) => name.endsWith('.claim'));
}
