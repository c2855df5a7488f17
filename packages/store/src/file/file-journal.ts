/**
 * The journal in files of its own: appended to in segments, several batches to a flush, one writer at a time.
 *
 * record.ts has the layout, reigns.ts how a writer is fenced, file-writer.ts how batches are flushed together. Nothing
 * is ever changed or cut: what a crash left half written behind the end of an epoch stays where it is, unread.
 *
 * A claim believes what later records prove durable. What it can read beyond that may be in the memory of the system
 * alone, after a failed flush even marked as written; so it writes those bytes once more, to the same place, and
 * flushes them before it says that the epoch ended there.
 */
import type { Clock, Crypto, Disk, DiskFile } from '@clearway/ports';
import { type CellPlace, headerHash } from '../batch.ts';
import { checkAppend, DamagedJournalError, fenced, missingBatch } from '../journal-law.ts';
import {
  type BatchFacts,
  type Claim,
  FencedError,
  IndeterminateError,
  type Journal,
  type JournalBatch,
  NewerJournalError,
  UnavailableError,
} from '../port.ts';
import { openFactsReader } from './facts-reader.ts';
import { type FileWriter, fileWriter } from './file-writer.ts';
import { type EpochEnd, reignsOver, type Survey } from './reigns.ts';
import { findEnd, openReader, type RecordStart, type Segment, type SegmentEnd, segmentOf } from './segment.ts';

export interface FileJournalOptions {
  /** Of this cell alone, on a local file system; made if it is not there. */
  readonly folder: string;
  readonly place: CellPlace;
  readonly disk: Disk;
  readonly clock: Pick<Clock, 'after'>;
  readonly crypto: Pick<Crypto, 'sha256'>;
  /** A new segment begins when one would become larger. Default 256 MiB. */
  readonly segmentBytes?: number;
  /** How long another's claim is waited for that has begun and not ended. Default 10,000. */
  readonly claimDeadlineMs?: number;
}

/** The batches of one epoch that are valid, both ends included. */
interface Range {
  readonly epoch: number;
  readonly first: number;
  readonly last: number;
}

type ReadPart<T> = (segment: Segment, from: number, to: number) => AsyncGenerator<T>;

interface Surveyed {
  readonly list: readonly Range[];
  readonly segments: readonly Segment[];
  /** How many epochs have ended. */
  readonly ended: number;
}

/** Where batches begin in segments that were read before; a few million entries at most. */
const indexedSegments = 64;
const pollMs = 5;

export function fileJournal(options: FileJournalOptions): Journal {
  const { folder, place, disk, clock, crypto, segmentBytes = 256 << 20, claimDeadlineMs = 10_000 } = options;
  const reigns = reignsOver(disk, folder);
  const indexes = new Map<string, readonly number[]>();
  let claimed: Claim | undefined;
  let writer: FileWriter | undefined;
  let isIndeterminate = false;
  let isFenced = false;
  /** Claimed by a claim that then failed: the next one goes on with it, so that a full disk is not filled with names. */
  let unfinished: number | undefined;
  /** What the last survey found; epochs that have ended stay as they are. */
  let surveyed: Surveyed = { list: [], segments: [], ended: 0 };
  /** Claims of this handle, one after the other. */
  let claiming: Promise<unknown> = Promise.resolve();

  // ---- append ----

  async function append(batch: JournalBatch): Promise<void> {
    checkAppend(batch, claimed, isIndeterminate);
    if (isFenced) throw fenced(batch);
    const own = writer!;
    try {
      await own.write(batch);
    } catch (error) {
      if (own !== writer) throw error;
      isFenced ||= error instanceof FencedError;
      isIndeterminate ||= error instanceof IndeterminateError;
      throw isFenced ? fenced(batch) : error;
    }
  }

  /** Whether a flushed batch counts: it does unless another has claimed and ended the epoch before it. */
  async function confirm(batch: JournalBatch): Promise<void> {
    if (!(await reigns.isOver(batch.epoch))) return;
    const end = await eventually(() => reigns.endOf(batch.epoch));
    if (!end) {
      throw new IndeterminateError(
        `It is not known whether batch ${batch.sequence} counts: a claim of epoch ${batch.epoch + 1} has begun and not ended.`,
      );
    }
    if (batch.sequence > end.last) throw fenced(batch);
  }

  /** What `ask` gives, or undefined if it still gives nothing at the deadline. */
  async function eventually<T>(ask: () => Promise<T | undefined>): Promise<T | undefined> {
    for (let waited = 0; ; waited += pollMs) {
      const found = await ask();
      if (found !== undefined || waited >= claimDeadlineMs) return found;
      await new Promise<void>((resolve) => clock.after(pollMs, resolve));
    }
  }

  // ---- claim ----

  async function claim(): Promise<Claim> {
    const before = claiming;
    const mine = before.then(() => take());
    claiming = mine.catch(() => {});
    return mine;
  }

  async function take(): Promise<Claim> {
    await writer?.stop(notSent);
    try {
      await disk.makeFolder(folder);
      const epoch = unfinished !== undefined && !(await reigns.isOver(unfinished)) ? unfinished : await reigns.claim();
      unfinished = epoch;
      await disk.flushFolder(folder);
      const end = await endAllBefore(epoch);
      claimed = { epoch, last: end.last, lastHash: new Uint8Array(Buffer.from(end.hash, 'hex')) };
    } catch (cause) {
      if (cause instanceof DamagedJournalError || cause instanceof NewerJournalError) throw cause;
      throw new UnavailableError(`The journal in ${folder} cannot be claimed: ${(cause as Error).message}`, { cause });
    }
    const { epoch, last } = claimed;
    unfinished = undefined;
    writer = fileWriter({ disk, folder, place, epoch, last, segmentBytes, confirm });
    isIndeterminate = false;
    isFenced = false;
    return claimed;
  }

  /** Ends every epoch before `epoch` that has not ended, and gives the last end. */
  async function endAllBefore(epoch: number): Promise<EpochEnd> {
    const { ends, segments } = await reigns.survey();
    let end = ends.at(-1) ?? nothing;
    for (let old = ends.length + 1; old < epoch; old++) {
      end = await reigns.end(old, epoch, await secureEnd(old, end, segments));
    }
    return end;
  }

  /** Finds where the epoch ends and makes sure that all of it is on the disk. */
  async function secureEnd(epoch: number, before: EpochEnd, segments: readonly Segment[]): Promise<EpochEnd> {
    const own = segments.filter((segment) => segment.epoch === epoch);
    const newest = own.at(-1);
    if (!newest) return before;
    const found = await withFile(newest.path, 'write', async (file) => {
      const at = await findEnd(file, newest, place);
      await writeAgain(file, at.unproven);
      return at;
    });
    if (found.header) return { last: found.last, hash: hex(headerHash(crypto, found.header)) };
    if (found.last === before.last) return before;
    const last = await readFrom(own, epoch, found.last);
    return { last: found.last, hash: hex(headerHash(crypto, last.header)) };
  }

  async function writeAgain(file: DiskFile, { from, to }: SegmentEnd['unproven']): Promise<void> {
    const bytes = Buffer.allocUnsafeSlow(to - from);
    const count = await file.read(bytes, from);
    await file.write([bytes.subarray(0, count)], from);
    await file.flush();
    await disk.flushFolder(folder);
  }

  // ---- read ----

  /** The valid batches by epoch, as far as they are durable now. */
  async function survey(): Promise<Surveyed> {
    await eventually(async () => {
      const found = await reigns.survey();
      const ended = found.ends.length;
      const open = await openEnd(found, ended + 1);
      surveyed = {
        list: rangesOf([...found.ends.map(({ last }) => last), open.last]),
        segments: found.segments,
        ended,
      };
      return open.isSure ? true : undefined;
    });
    return surveyed;
  }

  /**
   * How far the epoch that has not ended can be read. Sure only if nobody has claimed meanwhile: whoever does so later
   * will find all of it. Otherwise what its own records say was durable.
   */
  async function openEnd(survey: Survey, epoch: number): Promise<{ readonly last: number; readonly isSure: boolean }> {
    const before = survey.ends.at(-1)?.last ?? 0;
    if (writer && claimed?.epoch === epoch && !(await reigns.isOver(epoch)))
      return { last: writer.frontier, isSure: true };
    const newest = segmentOf(survey.segments, epoch, Number.MAX_SAFE_INTEGER);
    if (!newest) return { last: before, isSure: !(await reigns.isOver(epoch)) };
    const { last, frontier } = await withFile(newest.path, 'read', async (file) => {
      const end = await findEnd(file, newest, place);
      await file.flush();
      return end;
    });
    const isSure = !(await reigns.isOver(epoch));
    return { last: isSure ? last : Math.max(before, frontier), isSure };
  }

  /** Batches from `from` on, by what reads a part of one segment. */
  async function* readAll<T extends BatchFacts>(from: number, readPart: ReadPart<T>): AsyncGenerator<T> {
    const { list, segments } = await inPortWords(survey());
    for (const range of list) {
      let expected = Math.max(range.first, from);
      while (expected <= range.last) {
        const segment = segmentOf(segments, range.epoch, expected);
        if (!segment) throw missingBatch(expected, range.epoch);
        const next = segments[segments.indexOf(segment) + 1];
        const end = next?.epoch === range.epoch ? Math.min(range.last, next.first - 1) : range.last;
        for await (const batch of readPart(segment, expected, end)) {
          yield batch;
          expected = batch.sequence + 1;
        }
        if (expected <= end) throw missingBatch(expected, range.epoch);
      }
    }
  }

  const read = (from: number) => readAll(from, readWhole);
  const readFacts = (from: number) => readAll(from, readFactsAlone);

  /** As many of the batches from `from` to `to` as can be read without a gap. */
  async function* readWhole(segment: Segment, from: number, to: number): AsyncGenerator<JournalBatch> {
    const reader = (file: DiskFile) => openReader(file, segment, place, startOf(segment, from), from !== to);
    for await (const { batch } of readPart(segment, from, to, reader, ({ batch }) => batch.sequence)) yield batch;
  }

  function readFactsAlone(segment: Segment, from: number, to: number): AsyncGenerator<BatchFacts> {
    const reader = (file: DiskFile) => openFactsReader(file, segment, place, startOf(segment, from));
    return readPart(segment, from, to, reader, ({ sequence }) => sequence);
  }

  async function* readPart<T>(
    segment: Segment,
    from: number,
    to: number,
    open: (file: DiskFile) => Promise<{ next(): Promise<T | undefined>; idle(): Promise<void> }>,
    sequenceOf: (found: T) => number,
  ): AsyncGenerator<T> {
    const file = await inPortWords(disk.open(segment.path, 'read'));
    try {
      const reader = await inPortWords(open(file));
      try {
        for (let found = await inPortWords(reader.next()); found; found = await inPortWords(reader.next())) {
          const sequence = sequenceOf(found);
          if (sequence < from) continue;
          yield found;
          if (sequence === to) return;
        }
      } finally {
        await reader.idle();
      }
    } finally {
      await file.close();
    }
  }

  function startOf(segment: Segment, sequence: number): RecordStart | undefined {
    const position = positionsOf(segment)?.[sequence - segment.first];
    return position === undefined ? undefined : { position, sequence };
  }

  async function readOne(sequence: number): Promise<JournalBatch | undefined> {
    const found = locate(surveyed, surveyed.ended, sequence) ?? ownSegment(sequence);
    if (found) return readFrom(found.segments, found.epoch, sequence);
    const all = await inPortWords(survey());
    const one = locate(all, all.ended + 1, sequence);
    return one && readFrom(one.segments, one.epoch, sequence);
  }

  /** What this handle has written and been told is durable is valid, whoever reigns now. */
  function ownSegment(sequence: number): { readonly epoch: number; readonly segments: readonly Segment[] } | undefined {
    if (!writer || !claimed || sequence <= claimed.last || sequence > writer.frontier) return undefined;
    return { epoch: claimed.epoch, segments: writer.segments };
  }

  async function readFrom(segments: readonly Segment[], epoch: number, sequence: number): Promise<JournalBatch> {
    const segment = segmentOf(segments, epoch, sequence);
    if (!segment) throw missingBatch(sequence, epoch);
    await inPortWords(index(segment));
    for await (const batch of readWhole(segment, sequence, sequence)) return batch;
    throw missingBatch(sequence, epoch);
  }

  function positionsOf(segment: Segment): readonly number[] | undefined {
    return writer?.positions.get(segment.path) ?? indexes.get(segment.path);
  }

  /** So that the next batch that is asked for by itself is found at once. */
  async function index(segment: Segment): Promise<void> {
    if (positionsOf(segment)) return;
    const positions: number[] = [];
    await withFile(segment.path, 'read', async (file) => {
      const reader = await openReader(file, segment, place);
      for (let found = await reader.next(); found; found = await reader.next()) positions.push(found.position);
      await reader.idle();
    });
    indexes.set(segment.path, positions);
    if (indexes.size > indexedSegments) indexes.delete(indexes.keys().next().value as string);
  }

  async function withFile<T>(path: string, mode: 'read' | 'write', use: (file: DiskFile) => Promise<T>): Promise<T> {
    const file = await disk.open(path, mode);
    try {
      return await use(file);
    } finally {
      await file.close();
    }
  }

  /** Errors of the disk in the words of the port. */
  async function inPortWords<T>(asked: Promise<T>): Promise<T> {
    try {
      return await asked;
    } catch (cause) {
      if (cause instanceof DamagedJournalError) throw cause;
      throw new UnavailableError(`The journal in ${folder} cannot be read: ${(cause as Error).message}`, { cause });
    }
  }

  async function close(): Promise<void> {
    await claiming;
    await writer?.stop(notSent);
  }

  return { claim, append, read, readFacts, readOne, close };
}

const nothing: EpochEnd = { last: 0, hash: '00'.repeat(32) };
const notSent = new UnavailableError('The journal must be claimed before this batch; it was not written.');
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** `ends`: last batch of each epoch from the first on. */
function rangesOf(ends: readonly number[]): Range[] {
  const list: Range[] = [];
  let before = 0;
  ends.forEach((last, place) => {
    if (last > before) list.push({ epoch: place + 1, first: before + 1, last });
    before = Math.max(before, last);
  });
  return list;
}

/** In which of the epochs up to `epochs` the batch lies. */
function locate({ list, segments }: Surveyed, epochs: number, sequence: number) {
  const range = list.find(({ epoch, first, last }) => epoch <= epochs && first <= sequence && sequence <= last);
  return range && { epoch: range.epoch, segments };
}
