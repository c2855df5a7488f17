/**
 * The index of a run of segments: for every record two entries, one by identifier and one by institution and reference,
 * sorted by hash. An entry is the hash and a locator (segment, counted from the run's first, and row), u32 each.
 *
 * A segment has a run of its own; sixteen neighbours are merged into one, and sixteen of those again, so that a look-up
 * asks few runs however many records there are. Of each block the first hash is kept in memory (a fence): a look-up
 * reads one block of a run.
 */
import { blocksOf, contentBytes, DamagedArchiveError, type OpenFiles, Section, writeBlockFile } from './block-file.ts';
import { numbersUpTo, sortByKey } from './radix-sort.ts';
import { rowBits } from './segment.ts';

const entryBytes = 8;
const entriesPerBlock = contentBytes / entryBytes;
/** How many runs become one, and the most segments in one: beyond it merging costs more than look-ups gain. */
export const mergeWidth = 16;
export const largestRun = mergeWidth * mergeWidth;

interface RunHead {
  readonly format: 1;
  readonly first: number;
  readonly last: number;
  readonly entries: number;
}

export interface Locator {
  readonly segment: number;
  readonly row: number;
}

export class KeyRun {
  readonly path: string;
  readonly first: number;
  readonly last: number;
  readonly entries: number;
  private readonly files: OpenFiles;
  private readonly fences: Uint32Array;

  constructor(files: OpenFiles, path: string) {
    const head = files.head(path) as RunHead;
    if (head.format !== 1) throw new DamagedArchiveError(`${path} is of format ${head.format}, not 1`);
    this.files = files;
    this.path = path;
    this.first = head.first;
    this.last = head.last;
    this.entries = head.entries;
    const blocks = blocksOf(head.entries, entryBytes);
    const bytes = new Section(files, path, 1 + blocks).slice(0, blocks * 4);
    const view = new DataView(bytes.buffer);
    this.fences = new Uint32Array(blocks);
    for (let block = 0; block < blocks; block++) this.fences[block] = view.getUint32(block * 4);
  }

  /** Where records with this hash may be, the newest segment first. */
  *find(hash: number): Generator<Locator> {
    const { fences } = this;
    // The last block that begins at or before the hash; what begins with it may have more of it in the one before.
    let low = 0;
    let high = fences.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (fences[middle] <= hash) low = middle + 1;
      else high = middle;
    }
    const section = new Section(this.files, this.path, 1);
    for (let block = low - 1; block >= 0; block--) {
      const from = block * entriesPerBlock;
      for (let entry = Math.min(from + entriesPerBlock, this.entries) - 1; entry >= from; entry--) {
        const at = section.item(entry, entryBytes);
        const found = section.view.getUint32(at);
        if (found > hash) continue;
        if (found < hash) return;
        const locator = section.view.getUint32(at + 4);
        yield { segment: this.first + (locator >>> rowBits), row: locator & (2 ** rowBits - 1) };
      }
      if (fences[block] < hash) return;
    }
  }
}

/** The run of one segment: `idHashes` and `referenceHashes` by row. */
export async function writeRun(
  path: string,
  segment: number,
  idHashes: Uint32Array,
  referenceHashes: Uint32Array,
): Promise<void> {
  const rows = idHashes.length;
  const hashes = new Uint32Array(rows * 2);
  hashes.set(idHashes);
  hashes.set(referenceHashes, rows);
  // By row first, so that equal hashes stand in order of rows.
  const order = sortByKey(numbersUpTo(rows * 2), new Uint32Array(rows * 2), hashes);
  const head: RunHead = { format: 1, first: segment, last: segment, entries: rows * 2 };
  await writeBlockFile(path, head, async (writer) => {
    const fences = new Uint32Array(blocksOf(rows * 2, entryBytes));
    const { view } = writer;
    await writer.items(order.length, entryBytes, (i, to) => {
      const entry = order[i];
      view.setUint32(to, hashes[entry]);
      view.setUint32(to + 4, entry < rows ? entry : entry - rows);
      if (i % entriesPerBlock === 0) fences[i / entriesPerBlock] = hashes[entry];
    });
    writer.endSection();
    await writer.numbers(fences);
  });
}

/** Entries that are sorted at once; as many as fit into a core's own cache. */
const sortedAtOnce = 1 << 16;

/** One run of what several neighbours hold. They are read in slices of the hash space, so memory stays small. */
export async function mergeRuns(
  files: OpenFiles,
  path: string,
  runs: readonly KeyRun[],
  first: number,
  last: number,
): Promise<void> {
  const entries = runs.reduce((sum, run) => sum + run.entries, 0);
  const slices = 2 ** Math.min(20, Math.max(0, Math.ceil(Math.log2(entries / sortedAtOnce))));
  const head: RunHead = { format: 1, first, last, entries };
  const readers = runs.map((run) => new RunReader(files, run, first));
  const taken = new Entries();
  await writeBlockFile(path, head, async (writer) => {
    const fences = new Uint32Array(blocksOf(entries, entryBytes));
    let written = 0;
    const { view } = writer;
    for (let slice = 1; slice <= slices; slice++) {
      const count = taken.take(readers, (2 ** 32 / slices) * slice);
      const { hashes, locators } = taken;
      const order = sortByKey(numbersUpTo(count), new Uint32Array(count), hashes);
      await writer.items(count, entryBytes, (i, to) => {
        view.setUint32(to, hashes[order[i]]);
        view.setUint32(to + 4, locators[order[i]]);
        if (written % entriesPerBlock === 0) fences[written / entriesPerBlock] = hashes[order[i]];
        written++;
      });
    }
    writer.endSection();
    await writer.numbers(fences);
  });
}

/** Entries of one slice of the hash space, run after run. */
class Entries {
  hashes = new Uint32Array(sortedAtOnce * 2);
  locators = new Uint32Array(sortedAtOnce * 2);

  /** Takes from each reader what is below `end`. @returns how many */
  take(readers: readonly RunReader[], end: number): number {
    let count = 0;
    for (const reader of readers) {
      for (; reader.hash < end; reader.advance()) {
        if (count === this.hashes.length) this.grow();
        this.hashes[count] = reader.hash;
        this.locators[count++] = reader.locator;
      }
    }
    return count;
  }

  private grow(): void {
    const { hashes, locators } = this;
    this.hashes = new Uint32Array(hashes.length * 2);
    this.hashes.set(hashes);
    this.locators = new Uint32Array(locators.length * 2);
    this.locators.set(locators);
  }
}

/** Entries of a run one by one, with locators counted from the merged run's first segment. */
class RunReader {
  hash = 0;
  locator = 0;
  private readonly section: Section;
  private readonly entries: number;
  private readonly base: number;
  private next = 0;

  constructor(files: OpenFiles, run: KeyRun, first: number) {
    this.section = new Section(files, run.path, 1);
    this.entries = run.entries;
    this.base = (run.first - first) * 2 ** rowBits;
    this.advance();
  }

  advance(): void {
    if (this.next === this.entries) {
      this.hash = Number.POSITIVE_INFINITY;
      return;
    }
    const at = this.section.item(this.next++, entryBytes);
    this.hash = this.section.view.getUint32(at);
    this.locator = this.section.view.getUint32(at + 4) + this.base;
  }
}
