/**
 * The chain of the audit log, checked here: each hash is SHA-256 of the hash before, a line feed, and the entry's own
 * text as it was hashed. Whoever sends the log cannot take an entry out or change one without it being seen.
 */
import type { AuditEntry } from '@clearway/console-api';
import type { Ports } from '../ports.ts';

export interface ChainCheck {
  readonly from: number;
  readonly to: number;
  /** The first entry that does not follow, or whose text does not give its hash. */
  readonly brokenAt: number | undefined;
}

/** @param entries in any order; they have to follow each other without a gap */
export async function checkChain(entries: readonly AuditEntry[], ports: Pick<Ports, 'digest'>): Promise<ChainCheck> {
  const ordered = [...entries].sort((a, b) => a.sequence - b.sequence);
  const ends = { from: ordered[0]?.sequence ?? 0, to: ordered.at(-1)?.sequence ?? 0 };
  for (const [index, entry] of ordered.entries()) {
    const before = ordered[index - 1];
    const follows =
      before === undefined || (entry.sequence === before.sequence + 1 && entry.previousHash === before.hash);
    const bytes = new TextEncoder().encode(`${entry.previousHash}\n${entry.content}`);
    const hash = hex(await ports.digest(bytes));
    if (!follows || hash !== entry.hash) return { ...ends, brokenAt: entry.sequence };
  }
  return { ...ends, brokenAt: undefined };
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
