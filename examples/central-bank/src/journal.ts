import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** One JSON record a line, only ever appended to. */
export interface Journal<R> {
  /** Returns when all records are durable. After a throw the journal is of no more use: end the process. */
  append(records: readonly R[]): void;
  close(): void;
}

/**
 * Opens or makes the journal and hands what it holds to `restore`, oldest first.
 * A last line without its line feed was never durable and never told: it is cut off.
 * @throws Error for a damaged line before the last
 */
export function openJournal<R>(file: string, restore: (record: R) => void): Journal<R> {
  mkdirSync(dirname(file), { recursive: true });
  const descriptor = openSync(file, 'a+', 0o600);
  const content = readFileSync(descriptor);
  const whole = content.lastIndexOf('\n') + 1;
  const lines = content.subarray(0, whole).toString('utf8').split('\n').slice(0, -1);
  lines.forEach((line, index) => {
    let record: R;
    try {
      record = JSON.parse(line);
    } catch {
      throw new Error(`${file} is damaged in line ${index + 1}: restore it from a copy`);
    }
    restore(record);
  });
  if (whole < content.length) ftruncateSync(descriptor, whole);
  fdatasyncSync(descriptor);
  syncFolder(dirname(file));

  return {
    append(records) {
      const bytes = Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(''));
      for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
      fdatasyncSync(descriptor);
    },
    close: () => closeSync(descriptor),
  };
}

/** Makes a new file's name durable too. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}
