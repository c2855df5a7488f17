/** What happened, in order: hashed whole, so that two runs can be compared, and kept by payment, to be read. */
import { createHash } from 'node:crypto';
import type { Time } from './time.ts';

export interface Story {
  /** `subject`: payment, cycle or process that it is about. */
  tell(subject: string, what: string): void;
  /** Everything about a subject, oldest first. */
  about(subject: string): readonly string[];
  readonly events: number;
  /** SHA-256 of all lines so far, hex. */
  hash(): string;
}

/** More lines than this about one subject are counted and hashed, but not kept. */
const mostLines = 400;
/** Of more subjects than this the oldest are forgotten. */
const mostSubjects = 5_000;
/** Lines are hashed so many at a time. */
const linesAtOnce = 256;

export function createStory(time: Time, onLine?: (line: string) => void): Story {
  const hash = createHash('sha256');
  const lines = new Map<string, string[]>();
  let unhashed = '';
  let events = 0;
  const hashLines = () => {
    hash.update(unhashed);
    unhashed = '';
  };
  return {
    tell(subject, what) {
      const line = `${(time.elapsed / 1000).toFixed(6)} ${subject} ${what}`;
      unhashed += line;
      if (++events % linesAtOnce === 0) hashLines();
      onLine?.(line);
      const known = lines.get(subject);
      if (known === undefined) {
        lines.set(subject, [line]);
        if (lines.size > mostSubjects) lines.delete(lines.keys().next().value!);
      } else if (known.length < mostLines) known.push(line);
    },
    about: (subject) => lines.get(subject) ?? [],
    get events() {
      return events;
    },
    hash() {
      hashLines();
      return hash.copy().digest('hex');
    },
  };
}
