/**
 * Files of the archive: blocks of 8 KiB, of which 8160 bytes are content and the last four the CRC-32 of all before, so
 * that whatever is read is checked, and a record is read with one block. 8160 is a multiple of every size of item that
 * the archive writes (160, 12, 8 and 4): no item lies in two blocks. A file begins with a block of JSON, its head, and
 * goes on with sections, each from a block of its own.
 *
 * A file is written under another name, flushed, and only then takes its own name: there is no half one.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

export const blockBytes = 8192;
export const contentBytes = 8160;
const checkAt = blockBytes - 4;
const blocksAtOnce = 128;

/** The archive's files are not what was written. It is remade from the journal: throw the folder away. */
export class DamagedArchiveError extends Error {
  override name = 'DamagedArchiveError';
}

/** Blocks that a section of so many items takes. */
export const blocksOf = (items: number, itemBytes: number): number => Math.ceil((items * itemBytes) / contentBytes);

export class BlockWriter {
  readonly bytes = new Uint8Array(blocksAtOnce * blockBytes);
  readonly view = new DataView(this.bytes.buffer);
  readonly words = new Uint32Array(this.bytes.buffer);
  private readonly handle: FileHandle;
  private block = 0;
  private used = 0;

  constructor(handle: FileHandle) {
    this.handle = handle;
  }

  /** Items of one size; `write` puts item `index` into {@link bytes} from `at` on. */
  async items(count: number, size: number, write: (index: number, at: number) => void): Promise<void> {
    for (let next = 0; next < count; ) {
      next = this.fill(next, count, size, write);
      if (this.isFull) await this.flush();
    }
  }

  /** Bytes of any length, over as many blocks as they take. */
  async append(bytes: Uint8Array): Promise<void> {
    for (let from = 0; from < bytes.length; ) {
      if (this.isFull) await this.flush();
      if (this.used === contentBytes) this.endBlock();
      const size = Math.min(bytes.length - from, contentBytes - this.used);
      this.bytes.set(bytes.subarray(from, from + size), this.reserve(size));
      from += size;
    }
  }

  numbers(numbers: Uint32Array): Promise<void> {
    const { view } = this;
    return this.items(numbers.length, 4, (index, at) => view.setUint32(at, numbers[index]));
  }

  /** The next item begins a new block. */
  endSection(): void {
    if (this.used > 0) this.endBlock();
  }

  /** Writes all whole blocks. */
  async flush(): Promise<void> {
    const whole = this.block * blockBytes;
    for (let from = 0; from < whole; ) {
      const { bytesWritten } = await this.handle.write(this.bytes, from, whole - from);
      from += bytesWritten;
    }
    this.bytes.copyWithin(0, whole, whole + this.used);
    this.bytes.fill(0, this.used);
    this.block = 0;
  }

  private get isFull(): boolean {
    return this.block >= blocksAtOnce - 1;
  }

  /** @returns the first item that had no room */
  private fill(from: number, count: number, size: number, write: (index: number, at: number) => void): number {
    let next = from;
    for (; next < count && !this.isFull; next++) write(next, this.reserve(size));
    return next;
  }

  private reserve(size: number): number {
    if (this.used + size > contentBytes) this.endBlock();
    const at = this.block * blockBytes + this.used;
    this.used += size;
    return at;
  }

  private endBlock(): void {
    const from = this.block * blockBytes;
    this.view.setUint32(from + checkAt, crc32(this.bytes.subarray(from, from + checkAt)));
    this.block++;
    this.used = 0;
  }
}

/** Writes a file whole or not at all. `write` leaves its last section to be ended here. */
export async function writeBlockFile(
  path: string,
  head: object,
  write: (writer: BlockWriter) => Promise<void>,
): Promise<void> {
  const unfinished = `${path}.unfinished`;
  const handle = await open(unfinished, 'w', 0o600);
  try {
    const writer = new BlockWriter(handle);
    const json = Buffer.from(JSON.stringify(head));
    if (json.length > contentBytes) throw new Error(`the head of ${path} has ${json.length} bytes`);
    await writer.append(json);
    writer.endSection();
    await write(writer);
    writer.endSection();
    await writer.flush();
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(unfinished, path);
}

/** Makes what was renamed or removed in a folder durable. */
export async function flushFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Files being read: as many as needed, at most so many open at once. */
export class OpenFiles {
  private readonly most: number;
  private readonly descriptors = new Map<string, number>();

  constructor(most = 256) {
    this.most = most;
  }

  /** Reads `count` blocks from block `first` on into `into`, and checks each. */
  read(path: string, first: number, count: number, into: Uint8Array): void {
    const size = count * blockBytes;
    const got = readSync(this.descriptor(path), into, 0, size, first * blockBytes);
    if (got !== size)
      throw new DamagedArchiveError(`${path} ends within block ${first + Math.floor(got / blockBytes)}`);
    const view = new DataView(into.buffer, into.byteOffset, size);
    for (let from = 0; from < size; from += blockBytes) {
      if (view.getUint32(from + checkAt) !== crc32(into.subarray(from, from + checkAt))) {
        throw new DamagedArchiveError(`block ${first + from / blockBytes} of ${path} is not what was written`);
      }
    }
  }

  head(path: string): unknown {
    const block = new Uint8Array(blockBytes);
    this.read(path, 0, 1, block);
    const end = block.indexOf(0);
    return JSON.parse(Buffer.from(block.buffer, 0, end).toString('utf8'));
  }

  /** A file that goes away, or is replaced. */
  forget(path: string): void {
    const descriptor = this.descriptors.get(path);
    if (descriptor === undefined) return;
    this.descriptors.delete(path);
    closeSync(descriptor);
  }

  close(): void {
    for (const path of [...this.descriptors.keys()]) this.forget(path);
  }

  private descriptor(path: string): number {
    let descriptor = this.descriptors.get(path);
    if (descriptor === undefined) {
      if (this.descriptors.size >= this.most) this.forget(this.descriptors.keys().next().value!);
      descriptor = openSync(path, 'r');
    } else this.descriptors.delete(path);
    // The last one used is the last one to be closed.
    this.descriptors.set(path, descriptor);
    return descriptor;
  }
}

/** One section, read as the bytes that were appended to it. */
export class Section {
  private readonly files: OpenFiles;
  private readonly path: string;
  private readonly first: number;
  private readonly block = new Uint8Array(blockBytes);
  readonly view = new DataView(this.block.buffer);
  private held = -1;

  constructor(files: OpenFiles, path: string, first: number) {
    this.files = files;
    this.path = path;
    this.first = first;
  }

  /** Place of item `index` in {@link view}, valid until the next is asked for. */
  item(index: number, itemBytes: number): number {
    const perBlock = contentBytes / itemBytes;
    const block = Math.floor(index / perBlock);
    this.hold(block);
    return (index - block * perBlock) * itemBytes;
  }

  /** A copy of any bytes of the section. */
  slice(from: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const block = Math.floor((from + done) / contentBytes);
      const at = from + done - block * contentBytes;
      const size = Math.min(length - done, contentBytes - at);
      this.hold(block);
      bytes.set(this.block.subarray(at, at + size), done);
      done += size;
    }
    return bytes;
  }

  private hold(block: number): void {
    if (this.held === block) return;
    this.held = -1;
    this.files.read(this.path, this.first + block, 1, this.block);
    this.held = block;
  }
}
