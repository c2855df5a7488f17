/**
 * The writer of one epoch: what is handed over while a flush is under way is written and flushed together after it.
 * One flush at a time, so whatever is written later proves that what came before it is durable.
 */
import { assert } from '@clearway/core';
import type { Disk, DiskFile } from '@clearway/ports';
import type { CellPlace } from '../batch.ts';
import { IndeterminateError, type JournalBatch, UnavailableError } from '../port.ts';
import { blockBytes, encodeRecord, encodeSegmentHead, nextBlock } from './record.ts';
import { type Segment, segmentAt } from './segment.ts';

export interface FileWriterOptions {
  readonly disk: Disk;
  readonly folder: string;
  readonly place: CellPlace;
  readonly epoch: number;
  /** The durable batch that the epoch begins after. */
  readonly last: number;
  /** A new segment begins when one would become larger. */
  readonly segmentBytes: number;
  /** Asked of each batch that is flushed, before anyone is told. @throws if it does not count: then no other is written */
  confirm(batch: JournalBatch): Promise<void>;
}

export interface FileWriter {
  /**
   * Resolves when the batch is durable with all before it. Batches come in order of their sequence.
   * @throws FlushFailedError, UnavailableError for a batch that was not written, and what `confirm` throws
   */
  write(batch: JournalBatch): Promise<void>;
  /** Last batch that is durable. */
  readonly frontier: number;
  /** Where batches begin in the segments of this epoch, by path. */
  readonly positions: ReadonlyMap<string, readonly number[]>;
  readonly segments: readonly Segment[];
  /** Waits for a flush that is under way; what was not written is refused with this error. */
  stop(reason: Error): Promise<void>;
}

/**
 * The disk refused a write or a flush. What is on it now is not known, and a second flush that succeeds would mean
 * nothing: after an error the system may call pages clean that it has not written. So this writer is over; a claim
 * reads what is there and writes it again before it believes it.
 */
export class FlushFailedError extends IndeterminateError {
  override name = 'FlushFailedError';
}

interface OpenSegment {
  readonly file: DiskFile;
  readonly segment: Segment;
}

interface Waiting {
  readonly batch: JournalBatch;
  resolve(): void;
  reject(error: Error): void;
}

/** More than this is not flushed together: whoever waits for the first would wait for the last. */
const flushBytes = 8 << 20;

export function fileWriter(options: FileWriterOptions): FileWriter {
  const { disk, folder, place, epoch, segmentBytes } = options;
  const waiting: Waiting[] = [];
  const positions = new Map<string, number[]>();
  const segments: Segment[] = [];
  let frontier = options.last;
  let handedOver = options.last;
  let open: OpenSegment | undefined;
  let position = 0;
  let running: Promise<void> | undefined;
  let stoppedBy: Error | undefined;

  function take(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (; count < waiting.length; count++) {
      const { header, facts, bodies } = waiting[count].batch;
      bytes += header.length + facts.length + bodies.length;
      if (count > 0 && bytes > flushBytes) break;
    }
    return waiting.splice(0, count);
  }

  async function run(): Promise<void> {
    while (waiting.length > 0 && !stoppedBy) {
      const group = take();
      const failure = await flush(group.map(({ batch }) => batch)).then(
        () => undefined,
        (cause: Error) => flushFailed(group[0].batch, cause),
      );
      for (const one of group) await settle(one, failure);
    }
    if (stoppedBy) for (const { reject } of waiting.splice(0)) reject(stoppedBy);
    running = undefined;
  }

  async function settle({ batch, resolve, reject }: Waiting, failure: Error | undefined): Promise<void> {
    try {
      if (failure) throw failure;
      await options.confirm(batch);
      frontier = batch.sequence;
      resolve();
    } catch (error) {
      stoppedBy ??= notWritten;
      reject(error as Error);
    }
  }

  async function flush(batches: readonly JournalBatch[]): Promise<void> {
    const parts = batches.map((batch) => encodeRecord(batch, frontier));
    const lengths = parts.map((record) => record.reduce((sum, { length }) => sum + length, 0));
    const bytes = lengths.reduce((sum, length) => sum + length, 0);
    const isNew = open === undefined || (position > blockBytes && position + bytes > segmentBytes);
    const { file, segment } = isNew ? await begin(batches[0].sequence) : open!;
    const head = isNew ? [encodeSegmentHead(place, epoch, segment.first)] : [];
    await file.write([...head, ...parts.flat()], isNew ? 0 : position);
    await file.flush();
    if (isNew) await disk.flushFolder(folder);
    for (const length of lengths) {
      positions.get(segment.path)!.push(position);
      position += length;
    }
    position = nextBlock(position);
  }

  async function begin(first: number): Promise<OpenSegment> {
    const full = open?.file;
    open = undefined;
    await full?.close();
    const segment = segmentAt(folder, epoch, first);
    const file = await disk.create(segment.path);
    if (!file) throw new Error(`${segment.path} is there already: nobody but this writer may make it.`);
    open = { file, segment };
    positions.set(segment.path, []);
    segments.push(segment);
    position = blockBytes;
    return open;
  }

  return {
    write(batch) {
      if (stoppedBy) return Promise.reject(stoppedBy);
      assert(batch.sequence === handedOver + 1, `batch ${batch.sequence} does not follow ${handedOver}`);
      handedOver = batch.sequence;
      return new Promise((resolve, reject) => {
        waiting.push({ batch, resolve, reject });
        running ??= run();
      });
    },
    get frontier() {
      return frontier;
    },
    positions,
    segments,
    async stop(reason) {
      stoppedBy ??= reason;
      await running;
      const file = open?.file;
      open = undefined;
      // Every flush has been waited for; what closing says after that changes nothing.
      await file?.close().catch(() => {});
    },
  };
}

const notWritten = new UnavailableError(
  'An earlier batch failed: the journal must be claimed before this one; it was not written.',
);

const flushFailed = (batch: JournalBatch, cause: Error) =>
  new FlushFailedError(
    `It is not known whether batch ${batch.sequence} is durable (${cause.message}). Claim again and read; this writer is over.`,
    { cause },
  );
