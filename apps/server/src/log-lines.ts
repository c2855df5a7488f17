/**
 * Lines of the log that neither hold up nor end the program. What cannot be written (a full disk, a reader who is gone
 * or too slow) is dropped, and how much that was is told before the next line that can be.
 */
import { write, writeSync } from 'node:fs';

export interface LogLines {
  /** A whole line, its end included. */
  write(line: string): void;
  /** Writes at once what waits; for the end of the process. */
  flush(): void;
  /** Lines dropped and not told of yet. */
  readonly dropped: number;
}

/** Characters that wait for a slow reader; what comes beyond is dropped. */
const mostWaiting = 1024 * 1024;
const retryMs = 50;

/** `file`: its descriptor. `after` runs something once, later. */
export function logLines(file: number, after: (delayMs: number, run: () => void) => void): LogLines {
  let waiting: string[] = [];
  let size = 0;
  let writing = false;
  let dropped = 0;

  const noticeOf = (lines: number) => (lines === 0 ? '' : `${JSON.stringify({ event: 'log.dropped', lines })}\n`);

  function next(): void {
    writing = waiting.length > 0;
    if (!writing) return;
    const told = dropped;
    const lines = waiting.length;
    const bytes = Buffer.from(noticeOf(told) + waiting.join(''));
    waiting = [];
    size = 0;
    put(bytes, (written) => {
      dropped += written ? -told : lines;
      next();
    });
  }

  function put(bytes: Uint8Array, done: (written: boolean) => void): void {
    write(file, bytes, (error, count) => {
      if (error?.code === 'EAGAIN') after(retryMs, () => put(bytes, done));
      else if (error !== null) done(false);
      else if (count < bytes.length) put(bytes.subarray(count), done);
      else done(true);
    });
  }

  return {
    write(line) {
      if (size + line.length > mostWaiting) {
        dropped++;
        return;
      }
      waiting.push(line);
      size += line.length;
      if (!writing) next();
    },
    flush() {
      try {
        if (waiting.length > 0) writeSync(file, noticeOf(dropped) + waiting.join(''));
        dropped = 0;
      } catch {
        // The process ends, and there is nowhere left to say so.
        dropped += waiting.length;
      }
      waiting = [];
      size = 0;
    },
    get dropped() {
      return dropped;
    },
  };
}
