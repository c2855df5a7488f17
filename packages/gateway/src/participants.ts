/** Participants by their code. */
import type { Configuration, ParticipantConfiguration } from './port.ts';

/** One index for each list of participants, made at first use; it goes away with its snapshot. */
const indexes = new WeakMap<Configuration['participants'], Map<string, ParticipantConfiguration>>();

export function participantOf({ participants }: Configuration, code: string): ParticipantConfiguration | undefined {
  let index = indexes.get(participants);
  if (!index) {
    index = new Map(participants.map((participant) => [participant.code, participant]));
    indexes.set(participants, index);
  }
  return index.get(code);
}
