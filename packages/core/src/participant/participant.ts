/** Participants as the core needs them: role, status, accounts. Names, keys and endpoints are the edge's. */
import { assert } from '../assert.ts';
import type { ParticipantsContent } from '../configuration.ts';
import type { Reason } from '../reject.ts';
import { accountFields, accountOf, currencySlots, type State, settlementFundingAccount } from '../state.ts';

/** Takes over an adopted list: new ones are added, known ones get their new status and caps, none is removed. */
export function adoptParticipants(state: State, content: ParticipantsContent): void {
  state.home = homeOf(state, content);
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
      if (role === 'bank') setCap(state, accountOf(state, place, currency), cap);
    }
  }
}

/** A cap that is raised or lowered raises or lowers the home cell's share; it gives and takes back what others have. */
function setCap(state: State, account: number, cap: number): void {
  const { accounts } = state;
  const raised = cap - accounts.i64(account, accountFields.netDebitCap);
  accounts.setI64(account, accountFields.netDebitCap, cap);
  if (state.home !== 0) return;
  accounts.setI64(account, accountFields.capShare, accounts.i64(account, accountFields.capShare) + raised);
}

/** 0 for this cell. */
function homeOf({ centre, cell }: State, { home = 0 }: ParticipantsContent): number {
  return home === centre * 10_000 + cell ? 0 : home;
}

/** Why this list cannot follow what is there, or `none`: a participant keeps its role for ever. */
export function checkParticipants(state: State, content: ParticipantsContent): Reason {
  if (state.participantsVersion > 0 && homeOf(state, content) !== state.home) return 'configurationInvalid';
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
