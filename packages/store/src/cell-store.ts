/** All of a cell's storage as its settings name it: the journal in PostgreSQL or in files, the rest in PostgreSQL. */
import type { Disk } from '@clearway/ports';
import { hasFileJournal, JournalFolderError, withFileJournal } from './file/with-file-journal.ts';
import type { Store } from './port.ts';
import { type PostgresStoreOptions, postgresStore } from './postgres/postgres-store.ts';

export interface CellStoreOptions extends PostgresStoreOptions {
  readonly journal: 'postgres' | 'file';
  /** Of the journal in files; looked into also when the journal is not there. */
  readonly journalFolder: string;
  readonly disk: Disk;
  /** The cell itself, which lets no other process have the folder; readers do not. */
  readonly holds: boolean;
}

/**
 * A cell has one journal: it is not begun in one place while there is one in the other.
 *
 * @throws JournalFolderError if the journal is where these settings do not look, or another process holds its folder;
 * and as `postgresStore`
 */
export async function cellStore(options: CellStoreOptions): Promise<Store> {
  const { journal, journalFolder: folder, disk } = options;
  const isInFiles = await hasFileJournal(disk, folder);
  if (journal === 'postgres' && isInFiles) {
    throw new JournalFolderError(`This cell has its journal in ${folder}: it cannot begin another one in PostgreSQL.`);
  }
  const store = await postgresStore(options);
  if (journal === 'postgres') return store;
  try {
    if (!isInFiles && (await store.journal.readOne(1)) !== undefined) {
      throw new JournalFolderError(
        `This cell has its journal in PostgreSQL: it cannot begin another one in ${folder}.`,
      );
    }
    return await withFileJournal(store, { ...options, folder });
  } catch (error) {
    await store.close();
    throw error;
  }
}
