/** Journal, snapshots, configurations, body keys and records. port.ts says what they promise; read it first. */
export type { ArchiveSettings } from './archive/archive-engine.ts';
export { DamagedArchiveError } from './archive/block-file.ts';
export { recordsOfCycle } from './archive/cycle-records.ts';
export { ArchiveFeed, type CopyReference } from './archive/feed.ts';
export { type BatchToArchive, feedBatch } from './archive/feed-batch.ts';
export { type MemoryArchiveDisk, memoryArchive, memoryArchiveDisk } from './archive/memory-archive.ts';
export { type OpenArchiveOptions, openArchive } from './archive/open-archive.ts';
export * from './archive/port.ts';
export { type ArchiveReader, readArchive } from './archive/read-archive.ts';
export { rebuildArchive } from './archive/rebuild.ts';
export {
  inlineReferenceBytes,
  type Order,
  paymentRecord,
  recordBytes,
  recordFields,
  submissionPlace,
} from './archive/record.ts';
export type { RecordFilter, TallyBy, TallyRow } from './archive/scan.ts';
export type { SegmentHead } from './archive/segment.ts';
export * from './batch.ts';
export { type CellStoreOptions, cellStore } from './cell-store.ts';
export { type FileJournalOptions, fileJournal } from './file/file-journal.ts';
export { FlushFailedError } from './file/file-writer.ts';
export { JournalFolderError } from './file/with-file-journal.ts';
export { DamagedJournalError } from './journal-law.ts';
export type { AppendFault, OnAppend } from './memory/memory-journal.ts';
export { type MemoryDisk, type MemoryStoreOptions, memoryDisk, memoryStore } from './memory/memory-store.ts';
export * from './port.ts';
export { type PostgresConnection, UnsafeDatabaseError } from './postgres/connection.ts';
export { type Migrated, migrate, type RolePasswords } from './postgres/migrate.ts';
export { type PostgresStoreOptions, postgresStore, routingNumber } from './postgres/postgres-store.ts';
export { StaleRecordsError } from './records-law.ts';
export * from './verify-chain.ts';
export { openVolumes, type Volumes, type VolumesOptions, withVolumes } from './volumes/volumes.ts';
