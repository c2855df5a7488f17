/** Public keys and scheme as the journal adopted them. Keys are never forgotten: what they signed stays signed. */
import type { Scheme, VerifyingKey } from '@clearway/contract';
import type { ParticipantsDocument, SchemeDocument } from '@clearway/server';

export interface Keyring {
  /** Undefined before the first scheme is adopted. */
  readonly scheme: Scheme | undefined;
  adoptScheme(document: SchemeDocument): void;
  adoptParticipants(document: ParticipantsDocument): void;
  keysOf(participant: string): readonly VerifyingKey[];
}

export function createKeyring(): Keyring {
  const keys = new Map<string, VerifyingKey[]>();
  let scheme: Scheme | undefined;
  return {
    get scheme() {
      return scheme;
    },
    adoptScheme({ schemeId, environment }) {
      scheme = { schemeId, environment };
    },
    adoptParticipants({ participants }) {
      for (const participant of participants) {
        const known = keys.get(participant.code) ?? [];
        const ended = known.map((key) => ({ ...key, endedAt: endOf(key, participant.keys) }));
        const later = participant.keys.filter((key) => !known.some(({ version }) => version === key.version));
        keys.set(participant.code, [...ended, ...later]);
      }
    },
    keysOf: (participant) => keys.get(participant) ?? [],
  };
}

/** An end once told stays. */
function endOf({ version, endedAt }: VerifyingKey, told: readonly VerifyingKey[]): number | undefined {
  return told.find((key) => key.version === version)?.endedAt ?? endedAt;
}
