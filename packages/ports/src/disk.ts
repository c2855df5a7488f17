/**
 * The disk as a port: what a journal needs of a file system, each call with what it promises and what it does not.
 * Paths are absolute. Errors are those of the system, with their `code`.
 */

export interface DiskFile {
  /** Bytes from the start to the end of the file, as of now. */
  size(): Promise<number>;
  /** Fills `into` from `position` on and gives the count of bytes: fewer than asked for only at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>;
  /**
   * Writes the parts one after the other from `position` on; they must not change before it resolves. Readers of the
   * same file see the bytes when it resolves; they are on stable storage only after {@link DiskFile.flush}. After an
   * error any part of them may be there.
   */
  write(parts: readonly Uint8Array[], position: number): Promise<void>;
  /**
   * Resolves when all that was written to the file, through whichever handle, is on stable storage. After an error it
   * is not known what is there, and asking again tells nothing: the system may have dropped the pages and forgotten.
   */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Held until released or until the process ends, however it ends. */
export interface DiskLock {
  release(): Promise<void>;
}

export interface Disk {
  /** Makes the folder and those above it, durably; harmless if it is there. */
  makeFolder(path: string): Promise<void>;
  /** Names in the folder, in no order; none if there is no such folder. */
  list(folder: string): Promise<string[]>;
  /** Whether the name is there at this moment, also when another process has just made it. */
  exists(path: string): Promise<boolean>;
  /** A new empty file to write and read, or undefined if the name is taken: of several callers one gets it. */
  create(path: string): Promise<DiskFile | undefined>;
  open(path: string, mode: 'read' | 'write'): Promise<DiskFile>;
  /** Gives the file a second name, whole and at once; false if that name is taken: of several callers one gets it. */
  link(path: string, name: string): Promise<boolean>;
  remove(path: string): Promise<void>;
  /** Resolves when the names in the folder are on stable storage. As final in its errors as {@link DiskFile.flush}. */
  flushFolder(path: string): Promise<void>;
  /**
   * Holds the folder against other processes of this machine that ask as well; undefined if one that is alive, or
   * stopped, holds it. It keeps accidents away; what must not be wrong is fenced by other means.
   */
  lock(folder: string): Promise<DiskLock | undefined>;
}
