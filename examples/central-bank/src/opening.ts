import { parseSigned } from '@clearway/contract';
import type { Book, BookRecord } from './book.ts';
import type { CentralBankSettings } from './settings.ts';

/** Opens all accounts of the settings. */
export function openAccounts(book: Book, accounts: CentralBankSettings['accounts']): void {
  for (const { participant, currency } of accounts) book.open(participant, currency);
}

/**
 * Records that book the opening balances; none for those booked in an earlier run.
 * @throws Error for a balance that is no amount, or another than was booked
 */
export function decideOpening(book: Book, accounts: CentralBankSettings['accounts'], at: number): BookRecord[] {
  return accounts.flatMap(({ participant, currency, openingBalance }) => {
    const amount = parseSigned(openingBalance, currency);
    if (amount === 0n) return [];
    const decision = book.decideDeposit({ participant, currency, reference: 'opening', amount }, at);
    if (decision.outcome === 'refused')
      throw new Error(`opening balance of ${participant} in ${currency}: ${decision.detail}`);
    return decision.outcome === 'booked' ? decision.records : [];
  });
}
