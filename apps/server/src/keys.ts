/** Keys of an institution: two at a time, so that one takes over from the other without a gap; ended ones are kept. */
import type { Reason } from '@clearway/core';
import type { ParticipantConfiguration } from '@clearway/gateway';

type Participants = readonly ParticipantConfiguration[];
type Key = ParticipantConfiguration['keys'][number];

/** Keys of an institution that are valid at once. */
export const mostKeys = 2;

export function addKey(participants: Participants, code: string, key: Key): Participants | Reason {
  return withKeys(participants, code, (keys) => {
    if (keys.some(({ version }) => version === key.version)) return 'keyVersionTaken';
    if (keys.filter(({ endedAt }) => endedAt === undefined).length >= mostKeys) return 'keyLimitReached';
    return [...keys, key];
  });
}

/** The last valid key cannot be ended: nobody could sign for the institution any more. */
export function endKey(participants: Participants, code: string, version: number, at: number): Participants | Reason {
  return withKeys(participants, code, (keys) => {
    const valid = keys.filter(({ endedAt }) => endedAt === undefined);
    if (!valid.some((key) => key.version === version)) return 'keyUnknown';
    if (valid.length === 1) return 'keyLimitReached';
    return keys.map((key) => (key.version === version ? { ...key, endedAt: at } : key));
  });
}

function withKeys(
  participants: Participants,
  code: string,
  change: (keys: readonly Key[]) => readonly Key[] | Reason,
): Participants | Reason {
  const participant = participants.find((one) => one.code === code);
  if (participant === undefined) return 'participantUnknown';
  const keys = change(participant.keys);
  if (typeof keys === 'string') return keys;
  return participants.map((one) => (one === participant ? { ...participant, keys } : one));
}
