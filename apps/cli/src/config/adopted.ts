/** The documents in force, found by the newest snapshot and the journal after it. */
import { type ParticipantsDocument, parseDocument, type SchemeDocument } from '@clearway/server';
import type { Store } from '@clearway/store';
import { CommandError } from '../given.ts';
import { type AdoptConfigurationFact, readFacts } from '../journal/fact.ts';

export interface Adopted {
  readonly scheme: SchemeDocument;
  readonly participants: ParticipantsDocument;
}

/** @throws CommandError when nothing has been adopted yet, or a document is not kept */
export async function readAdopted(store: Store): Promise<Adopted> {
  const versions = await adoptedVersions(store);
  const [scheme, participants] = await Promise.all([
    readDocument(store, 'scheme', versions.scheme),
    readDocument(store, 'participants', versions.participants),
  ]);
  return { scheme: scheme as SchemeDocument, participants: participants as ParticipantsDocument };
}

export async function readDocument(
  store: Store,
  kind: 'scheme' | 'participants',
  version: number,
): Promise<SchemeDocument | ParticipantsDocument> {
  const bytes = version === 0 ? undefined : await store.configurations.get(kind, version);
  if (bytes === undefined) {
    throw new CommandError(
      version === 0
        ? `No ${kind} has been adopted yet: the cell adopts it at its first start.`
        : `${kind} ${version} is not kept.`,
    );
  }
  return parseDocument(bytes);
}

async function adoptedVersions({ snapshots, journal }: Store): Promise<Record<'scheme' | 'participants', number>> {
  const versions = { scheme: 0, participants: 0 };
  let from = 1;
  const snapshot = await snapshots.latest();
  if (snapshot !== undefined) {
    for await (const page of snapshots.read(snapshot.sequence)) {
      const { schemeVersion, participantsVersion } = JSON.parse(Buffer.from(page).toString('utf8'));
      versions.scheme = schemeVersion;
      versions.participants = participantsVersion;
      break;
    }
    from = snapshot.sequence + 1;
  }
  for await (const { facts } of journal.read(from)) {
    for (const { kind, version } of adoptions(facts)) versions[kind] = version;
  }
  return versions;
}

/** What a batch adopted. */
export function adoptions(facts: Uint8Array): AdoptConfigurationFact[] {
  return readFacts(facts).filter(
    (fact): fact is AdoptConfigurationFact => fact.type === 'adoptConfiguration' && fact.outcome === 'accepted',
  );
}
