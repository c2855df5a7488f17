/** Participants as the core needs them: role, status, accounts. Names, keys and endpoints are the edge's. */
import { assert } from '../assert.ts';
import type { ParticipantsContent } from '../configuration.ts';
import type { Reason } from '../reject.ts';
import { accountFields, accountOf, currencySlots, type State, settlementFundingAccount } from '../state.ts';

/** Takes over an adopted list: new ones are added, known ones get their new status and caps, none is removed. */
export function adoptParticipants(state: State, content: ParticipantsContent): void {
  for (const { code, role, status, netDebitCaps } of content.participants) {
    let place = state.participantByCode[code] - 1;
    if (place < 0) {
      place = state.participants.length;
      state.participants.push({ code, role, status });
      state.participantByCode[code] = place + 1;
      addAccounts(state, code, role === 'bank');
    }
    const participant = state.participants[place];
    participant.status = status;
    for (let currency = 0; currency < state.scheme!.currencies.length; currency++) {
      const cap = netDebitCaps.find((one) => one.currency === state.scheme!.currencies[currency])?.amount ?? 0;
      state.accounts.setI64(accountOf(state, place, currency), accountFields.netDebitCap, role === 'bank' ? cap : 0);
    }
  }
}

/** Why this list cannot follow what is there, or `none`: a participant keeps its role for ever. */
export function checkParticipants(state: State, content: ParticipantsContent): Reason {
  for (const { code, role } of content.participants) {
    const place = state.participantByCode[code] - 1;
    if (place >= 0 && state.participants[place].role !== role) return 'configurationInvalid';
  }
  return 'none';
}

function addAccounts(state: State, code: number, isCapped: boolean): void {
  for (let currency = 0; currency < currencySlots; currency++) {
    const row = state.accounts.add();
    state.accounts.setU32(row, accountFields.participant, code);
    state.accounts.setU16(row, accountFields.fundingAccount, settlementFundingAccount);
    state.accounts.setU8(row, accountFields.currency, currency);
    state.accounts.setU8(row, accountFields.capped, isCapped ? 1 : 0);
  }
  assert(state.accounts.count === state.participants.length * currencySlots, 'accounts lie in order of participants');
}
