/**
 * The files of an archive: `archive.json` (format and seed), `segment-N`, `keys-A-B` (the index of segments A to B) and
 * `tail`, the segment that is not closed. A segment's keys are written before it, and the tail goes after it: what a
 * crash leaves is either whole or known to be superfluous.
 */
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Chance } from '@clearway/ports';
import { DamagedArchiveError, flushFolder, type OpenFiles } from './block-file.ts';
import { KeyRun } from './key-run.ts';
import { Segment } from './segment.ts';

const digits = (number: number) => String(number).padStart(8, '0');

export const segmentPath = (folder: string, number: number) => join(folder, `segment-${digits(number)}`);
export const keysPath = (folder: string, first: number, last: number) =>
  join(folder, `keys-${digits(first)}-${digits(last)}`);
export const tailPath = (folder: string) => join(folder, 'tail');

/** Makes the folder if it is not there. @returns the secret of its hashes */
export async function openFolder(folder: string, chance: Chance): Promise<number> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'archive.json');
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  });
  if (text !== undefined) {
    const { format, seed } = JSON.parse(text) as { format: number; seed: number };
    if (format !== 1) throw new DamagedArchiveError(`${path} is of format ${format}, not 1`);
    return seed;
  }
  const seed = new DataView(Uint8Array.from(chance.bytes(4)).buffer).getUint32(0);
  const handle = await open(`${path}.unfinished`, 'w', 0o600);
  try {
    await handle.writeFile(JSON.stringify({ format: 1, seed }));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${path}.unfinished`, path);
  await flushFolder(folder);
  return seed;
}

/** Numbers of the closed segments, ascending. @throws DamagedArchiveError when one is missing between others */
export async function segmentNumbers(folder: string): Promise<number[]> {
  const numbers = (await readdir(folder))
    .map((name) => /^segment-(\d{8})$/.exec(name)?.[1])
    .filter((number) => number !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
  numbers.forEach((number, index) => {
    if (index > 0 && number !== numbers[index - 1] + 1) {
      throw new DamagedArchiveError(`${segmentPath(folder, number - 1)} is missing`);
    }
  });
  return numbers;
}

/** Closed segments, oldest first, and removes what a crash left unfinished. */
export async function openSegments(folder: string, files: OpenFiles): Promise<Segment[]> {
  for (const name of await readdir(folder)) if (name.endsWith('.unfinished')) await rm(join(folder, name));
  return (await segmentNumbers(folder)).map((number) => new Segment(files, segmentPath(folder, number)));
}

/**
 * The runs that cover the segments from `first` to `last`, oldest first; others are removed: they were merged, or are
 * of segments that were dropped or never finished.
 */
export async function openRuns(folder: string, files: OpenFiles, first: number, last: number): Promise<KeyRun[]> {
  const spans = (await readdir(folder))
    .map((name) => /^keys-(\d{8})-(\d{8})$/.exec(name))
    .filter((match) => match !== null)
    .map(([, from, to]) => ({ first: Number(from), last: Number(to) }))
    .sort((a, b) => a.first - b.first || b.last - a.last);
  const runs: KeyRun[] = [];
  let covered = first - 1;
  for (const span of spans) {
    const path = keysPath(folder, span.first, span.last);
    if (span.last <= covered || span.first > last) await rm(path);
    else if (span.first > covered + 1) break;
    else {
      runs.push(new KeyRun(files, path));
      covered = span.last;
    }
  }
  if (covered < last) throw new DamagedArchiveError(`${folder} has no keys of segment ${covered + 1}`);
  return runs;
}

/** The tail, unless there is none or it is contained in the last segment. */
export function openTail(folder: string, files: OpenFiles, lastSequence: number): Segment | undefined {
  try {
    const tail = new Segment(files, tailPath(folder));
    return tail.head.sequence > lastSequence ? tail : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
