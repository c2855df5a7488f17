declare module 'pg-copy-streams' {
  import type { Readable } from 'node:stream';
  import type { Submittable } from 'pg';

  /** What COPY … TO STDOUT sends, as bytes. */
  export function to(text: string): Readable & Submittable;
}
