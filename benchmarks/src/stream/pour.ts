import type { Link } from '@clearway/ports';

/** Writes so many bytes a second, all that is due every `everyMs`; the way to stop it. */
export function pour(link: Link, bytesPerSecond: number, everyMs: number): () => void {
  const began = performance.now();
  let written = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - began) / 1000) * bytesPerSecond) - written;
    if (due === 0) return;
    written += due;
    link.write(new Uint8Array(due));
  }, everyMs);
  return () => clearInterval(timer);
}
