/**
 * The files of an archive: `archive.json` (format and seed), `segment-N`, `keys-A-B` (the index of segments A to B) and
 * `tail`, which is what holds after a crash: it says up to which batch and below which segment, and has the records that
 * are in none of those, ended or in flight. What a crash leaves beside it is whole, or known to be superfluous.
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
  const known = await readSeed(folder);
  if (known !== undefined) return known;
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

/** The secret of an archive's hashes; undefined when there is no archive. */
export async function readSeed(folder: string): Promise<number | undefined> {
  const path = join(folder, 'archive.json');
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  });
  if (text === undefined) return undefined;
  const { format, seed } = JSON.parse(text) as { format: number; seed: number };
  if (format !== 1) throw new DamagedArchiveError(`${path} is of format ${format}, not 1`);
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

/**
 * Whether what a crash or a merge left superfluous is removed; a reader beside the cell leaves everything as it is, since
 * to a cell at work it is not superfluous.
 */
export type Tidying = 'removes' | 'leaves';

/** Segments below `kept`, oldest first. Later ones, and unfinished ones, are superfluous: they are fed again. */
export async function openSegments(
  folder: string,
  files: OpenFiles,
  kept: number,
  tidying: Tidying,
): Promise<Segment[]> {
  const numbers = await segmentNumbers(folder);
  if (tidying === 'removes') {
    for (const name of await readdir(folder)) if (name.endsWith('.unfinished')) await rm(join(folder, name));
    for (const number of numbers) if (number >= kept) await rm(segmentPath(folder, number));
  }
  const rest = numbers.filter((number) => number < kept);
  if (kept > 0 && rest.at(-1) !== kept - 1) {
    throw new DamagedArchiveError(`${segmentPath(folder, kept - 1)} is missing`);
  }
  return rest.map((number) => new Segment(files, segmentPath(folder, number)));
}

/**
 * The runs that cover the segments from `first` to `last`, oldest first; others are superfluous: they were merged, or are
 * of segments that were dropped or never finished.
 */
export async function openRuns(
  folder: string,
  files: OpenFiles,
  first: number,
  last: number,
  tidying: Tidying,
): Promise<KeyRun[]> {
  const spans = (await readdir(folder))
    .map((name) => /^keys-(\d{8})-(\d{8})$/.exec(name))
    .filter((match) => match !== null)
    .map(([, from, to]) => ({ first: Number(from), last: Number(to) }))
    .sort((a, b) => a.first - b.first || b.last - a.last);
  const runs: KeyRun[] = [];
  let covered = first - 1;
  for (const span of spans) {
    const path = keysPath(folder, span.first, span.last);
    if (span.last <= covered || span.first > last) {
      if (tidying === 'removes') await rm(path);
    } else if (span.first > covered + 1) break;
    else {
      runs.push(new KeyRun(files, path));
      covered = span.last;
    }
  }
  if (covered < last) throw new DamagedArchiveError(`${folder} has no keys of segment ${covered + 1}`);
  return runs;
}

/** The tail, or undefined when nothing was kept yet. */
export function openTail(folder: string, files: OpenFiles): Segment | undefined {
  try {
    return new Segment(files, tailPath(folder));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
