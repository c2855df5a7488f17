/** Changes that operators make to one participant, each only if the participant still is what they looked at. */
import type { Reason } from '@clearway/core';
import type { ParticipantConfiguration, SubmitResult } from '@clearway/gateway';
import type { RunningCell } from './cell.ts';
import { endKey } from './keys.ts';

export interface Administration {
  /** Code of five digits. */
  readonly participant: string;
  /** {@link describeParticipant} of what was looked at. */
  readonly expected: string;
  readonly change:
    | { readonly kind: 'netDebitCap'; readonly currency: number /** Minor units as digits. */; readonly amount: string }
    | { readonly kind: 'status'; readonly status: ParticipantConfiguration['status'] }
    | { readonly kind: 'endKey'; readonly version: number /** ms */; readonly at: number };
}

/** `changed`: the participant is not as expected any more; nothing was done. */
export type Administered = { readonly outcome: 'changed' } | Pick<SubmitResult, 'outcome'> | Refused;
type Refused = Extract<SubmitResult, { readonly outcome: 'refused' }>;

type Participants = readonly ParticipantConfiguration[];

/** What of a participant an operator decides by; equal texts stand for equal participants. */
export function describeParticipant({ code, status, netDebitCaps, keys }: ParticipantConfiguration): string {
  const caps = netDebitCaps.map(({ currency, amount }) => `${currency}:${amount}`).sort();
  const versions = keys.map(({ version, endedAt }) => `${version}:${endedAt ?? ''}`).sort();
  return JSON.stringify({ code, status, caps, versions });
}

export async function administer(
  cell: Pick<RunningCell, 'changeParticipants'>,
  { participant: code, expected, change }: Administration,
): Promise<Administered> {
  let isChanged = false;
  const result = await cell.changeParticipants((all) => {
    const participant = all.find((one) => one.code === code);
    if (participant === undefined) return 'participantUnknown';
    isChanged = describeParticipant(participant) !== expected;
    // Any refusal ends it; which one is told below.
    return isChanged ? 'configurationVersionInvalid' : changed(all, participant, change);
  });
  return isChanged ? { outcome: 'changed' } : result;
}

function changed(
  all: Participants,
  participant: ParticipantConfiguration,
  change: Administration['change'],
): Participants | Reason {
  const put = (next: ParticipantConfiguration) => all.map((one) => (one === participant ? next : one));
  switch (change.kind) {
    case 'status':
      return put({ ...participant, status: change.status });
    case 'endKey':
      return endKey(all, participant.code, change.version, change.at);
    case 'netDebitCap': {
      if (participant.role !== 'bank') return 'roleNotAllowed';
      const { currency, amount } = change;
      const others = participant.netDebitCaps.filter((cap) => cap.currency !== currency);
      return put({ ...participant, netDebitCaps: [...others, { currency, amount }] });
    }
  }
}
