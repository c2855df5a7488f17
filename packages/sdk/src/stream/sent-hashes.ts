/**
 * What a participant has sent over streams, as far as an earlier run of its program is concerned: before it signs what
 * the platform says to have from it, it looks here.
 */
export interface SentHashes {
  /** 32 bytes for each message that is about to leave, one after the other: kept when it returns. Valid during the call. */
  add(hashes: Uint8Array): void;
  /** Of hashes as in `add` the index of the first that was never added; undefined when all were. */
  findStranger(hashes: Uint8Array): Promise<number | undefined>;
}
