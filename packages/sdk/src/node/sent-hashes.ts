import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { SentHashes } from '../stream/sent-hashes.ts';

const hashBytes = 32;
/** In one file. The last two are kept: far more than a platform lets anybody leave unsigned. */
const hashesInFile = 1 << 20;
const chunkBytes = 1 << 20;
const name = /^sent-([0-9]{10})$/;

/**
 * Hashes of what was sent over streams, in files of their own folder, readable by their owner alone. They survive the end
 * of the program, however sudden, and take at most 64 MiB. They are not flushed: a machine that loses its power may
 * forget the last second, and an operator of the platform will ask.
 * @throws Error when the folder cannot be written to; so does `add`, and then the program must end
 */
export function openSentHashes(folder: string, most = hashesInFile): SentHashes & { close(): void } {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const numbers = () =>
    readdirSync(folder)
      .flatMap((file) => Number(name.exec(file)?.[1] ?? []))
      .sort((a, b) => a - b);
  const pathOf = (number: number) => join(folder, `sent-${String(number).padStart(10, '0')}`);
  let number = Math.max(1, ...numbers());
  let file = openSync(pathOf(number), 'a', 0o600);
  let length = fstatSync(file).size;
  // A hash that was cut off stands for a message that never left.
  length -= length % hashBytes;
  ftruncateSync(file, length);

  function turn(): void {
    closeSync(file);
    number++;
    file = openSync(pathOf(number), 'a', 0o600);
    length = 0;
    for (const old of numbers()) if (old < number - 1) rmSync(pathOf(old));
  }

  return {
    add(hashes) {
      for (let at = 0; at < hashes.length; ) at += writeSync(file, hashes, at);
      length += hashes.length;
      if (length >= most * hashBytes) turn();
    },
    async findStranger(hashes) {
      const wanted = new Map<string, number>();
      const bytes = Buffer.from(hashes.buffer, hashes.byteOffset, hashes.byteLength);
      for (let at = 0; at < bytes.length; at += hashBytes)
        wanted.set(bytes.toString('latin1', at, at + hashBytes), at / hashBytes);
      for (const one of numbers()) {
        const reader = await open(pathOf(one));
        const chunk = Buffer.alloc(chunkBytes);
        try {
          for (let from = 0; wanted.size > 0; from += chunkBytes) {
            const { bytesRead } = await reader.read(chunk, 0, chunkBytes, from);
            for (let at = 0; at + hashBytes <= bytesRead; at += hashBytes)
              wanted.delete(chunk.toString('latin1', at, at + hashBytes));
            if (bytesRead < chunkBytes) break;
          }
        } finally {
          await reader.close();
        }
      }
      return wanted.size === 0 ? undefined : Math.min(...wanted.values());
    },
    close: () => closeSync(file),
  };
}
