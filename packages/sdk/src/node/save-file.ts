/** Saving a reconciliation file of any length, one part in memory, and going on after a crash where it was left. */
import { createHash } from 'node:crypto';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ReconciliationManifest } from '@clearway/contract';

export interface SaveFileOptions {
  readonly manifest: ReconciliationManifest;
  /** Content of a part, counted from 1; see Institution.filePart. */
  part(part: number): Promise<Uint8Array>;
  /** Where it will be, readable by its owner alone; until it is whole it is beside, with `.partial` behind its name. */
  readonly path: string;
  readonly signal?: AbortSignal | undefined;
  onProgress?(bytes: number): void;
}

/**
 * Saves the file whole or not at all. What an earlier call has saved of it is checked and not asked for again.
 * @throws Error for a part or a whole that is not what the manifest says
 */
export async function saveFile({ manifest, part, path, signal, onProgress }: SaveFileOptions): Promise<void> {
  const partial = `${path}.partial`;
  const hash = createHash('sha256');
  const file = await open(partial, 'a+', 0o600);
  try {
    const kept = await readKept(file, manifest, (content) => hash.update(content));
    let bytes = kept.bytes;
    await file.truncate(bytes);
    for (let number = kept.parts + 1; number <= manifest.parts.length; number++) {
      signal?.throwIfAborted();
      const content = await part(number);
      if (hashOf(content) !== manifest.parts[number - 1].hash) throw damaged(manifest, `part ${number}`);
      hash.update(content);
      for (let at = 0; at < content.length; ) at += (await file.write(content, at)).bytesWritten;
      bytes += content.length;
      onProgress?.(bytes);
    }
    if (hash.digest('hex') !== manifest.hash) throw damaged(manifest, 'the whole');
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(partial, path);
  const folder = await open(dirname(path), 'r');
  await folder.sync();
  await folder.close();
}

/** The first parts that lie there whole. */
async function readKept(
  file: FileHandle,
  manifest: ReconciliationManifest,
  take: (content: Uint8Array) => void,
): Promise<{ readonly parts: number; readonly bytes: number }> {
  let bytes = 0;
  for (const [index, told] of manifest.parts.entries()) {
    const content = new Uint8Array(told.bytes);
    const { bytesRead } = await file.read(content, 0, told.bytes, bytes);
    if (bytesRead < told.bytes || hashOf(content) !== told.hash) return { parts: index, bytes };
    take(content);
    bytes += told.bytes;
  }
  return { parts: manifest.parts.length, bytes };
}

const hashOf = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');
const damaged = ({ cycle, participant }: ReconciliationManifest, what: string) =>
  new Error(`${what} of the file of ${participant} for cycle ${cycle} is not what the manifest says: ask again`);
