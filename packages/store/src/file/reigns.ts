/**
 * Who reigns over a journal's folder, as names in it. There is no lock to hold and none to lose: every name is made
 * once, by whoever comes first, and stays.
 *
 * `<epoch>.claim` is there from the moment that a writer has claimed the epoch; of several that try, one gets the name.
 * `<epoch>.end` says where the epoch ended: `{"last":12,"hash":"…"}`, last batch and hash of its header. It is linked
 * into place whole and durable; whoever finds another's has to take it.
 *
 * A claim makes its name and then reads how far the old epoch got. The old writer flushes and then looks for that name.
 * Whichever comes second sees the other: either the claim reads the batch, or the writer learns that its reign is over
 * and takes what the end file says. So a writer that was stopped in between can write whatever it likes into its own
 * segments; nothing behind the end is ever read.
 */
import { join } from 'node:path';
import type { Disk } from '@clearway/ports';
import { DamagedJournalError } from '../journal-law.ts';
import { parseSegment, type Segment } from './segment.ts';

export interface EpochEnd {
  readonly last: number;
  /** Hash of the header of batch `last`, hex; zeros before the first. */
  readonly hash: string;
}

export interface Survey {
  /** Highest epoch that is claimed, 0 for none. */
  readonly claimed: number;
  /** Epochs that have ended, in order without a gap: the first of them is 1. */
  readonly ends: readonly EpochEnd[];
  /** By epoch, then by first sequence. */
  readonly segments: readonly Segment[];
}

export interface Reigns {
  survey(): Promise<Survey>;
  /** Makes the next free epoch's name; durable only after {@link Disk.flushFolder}. */
  claim(): Promise<number>;
  /** Whether anyone has claimed after this epoch. */
  isOver(epoch: number): Promise<boolean>;
  /** Undefined while a claim is under way. */
  endOf(epoch: number): Promise<EpochEnd | undefined>;
  /** Durable when it resolves. Gives what stands there, which is another's if that was first. */
  end(epoch: number, by: number, end: EpochEnd): Promise<EpochEnd>;
}

const name = (epoch: number, kind: 'claim' | 'end') => `${String(epoch).padStart(10, '0')}.${kind}`;

export function reignsOver(disk: Disk, folder: string): Reigns {
  const path = (epoch: number, kind: 'claim' | 'end') => join(folder, name(epoch, kind));
  /** Ends never change. */
  const known = new Map<number, EpochEnd>();

  async function endOf(epoch: number): Promise<EpochEnd | undefined> {
    const found = known.get(epoch);
    if (found) return found;
    const file = path(epoch, 'end');
    if (!(await disk.exists(file))) return undefined;
    const end = parseEnd(file, await readWhole(disk, file));
    known.set(epoch, end);
    return end;
  }

  async function survey(): Promise<Survey> {
    const names = await disk.list(folder);
    const claimed = names.reduce(
      (highest, one) => Math.max(highest, Number(/^(\d{10})\.claim$/.exec(one)?.[1] ?? 0)),
      0,
    );
    const ends: EpochEnd[] = [];
    for (let epoch = 1; epoch < claimed; epoch++) {
      const end = await endOf(epoch);
      if (!end) break;
      ends.push(end);
    }
    const segments = names.flatMap((one) => parseSegment(folder, one) ?? []);
    segments.sort((a, b) => a.epoch - b.epoch || a.first - b.first);
    return { claimed, ends, segments };
  }

  return {
    survey,
    endOf,
    async claim() {
      for (let epoch = (await survey()).claimed + 1; ; epoch++) {
        const file = await disk.create(path(epoch, 'claim'));
        if (!file) continue;
        await file.close();
        return epoch;
      }
    },
    isOver: (epoch) => disk.exists(path(epoch + 1, 'claim')),
    async end(epoch, by, end) {
      const draft = join(folder, `${name(epoch, 'end')}.of-${by}`);
      const file = await disk.create(draft);
      if (!file) throw new Error(`${draft} is there already: two claims have the same epoch.`);
      try {
        await file.write([new TextEncoder().encode(`${JSON.stringify(end)}\n`)], 0);
        await file.flush();
        await disk.link(draft, path(epoch, 'end'));
        await disk.flushFolder(folder);
      } finally {
        await file.close();
        await disk.remove(draft);
      }
      return (await endOf(epoch))!;
    },
  };
}

async function readWhole(disk: Disk, path: string): Promise<string> {
  const file = await disk.open(path, 'read');
  try {
    const bytes = new Uint8Array(await file.size());
    await file.read(bytes, 0);
    return new TextDecoder().decode(bytes);
  } finally {
    await file.close();
  }
}

function parseEnd(path: string, text: string): EpochEnd {
  const found = /^\{"last":(\d{1,16}),"hash":"([0-9a-f]{64})"\}\n$/.exec(text);
  if (!found) throw new DamagedJournalError(`${path} does not say where its epoch ended: the file is damaged.`);
  return { last: Number(found[1]), hash: found[2] };
}
