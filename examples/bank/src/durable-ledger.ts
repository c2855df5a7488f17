import type { JournalFile } from '@clearway/sdk/node';
import type { Ledger, LedgerRecord } from './ledger.ts';

/** Takes records that the ledger decided; what they say may be told when it resolves. */
export type Write = (records: readonly LedgerRecord[]) => Promise<void>;

/**
 * Applies at once, so that the next question sees it, and resolves when the journal has it. With no records it still
 * waits for all before it: a decision that is repeated may not be durable yet.
 */
export function createWrite(ledger: Ledger, journal: JournalFile<LedgerRecord>): Write {
  return async (records) => {
    for (const record of records) {
      ledger.apply(record);
      void journal.append(record);
    }
    await journal.durable();
  };
}
