/** Makes an archive anew, or goes on with it, from the journal alone. */
import { applyBatch, createState, Effects } from '@clearway/core';
import type { Crypto } from '@clearway/ports';
import { type CellPlace, decodeHeader, decryptPacked } from '../batch.ts';
import type { BodyKeyStore, Journal } from '../port.ts';
import { feedBatch } from './feed-batch.ts';
import type { PaymentArchive } from './port.ts';

/**
 * Replays the whole journal and feeds the archive with what it does not hold yet; resolves when that is kept. A cell
 * that recovers from a snapshot behind the archive's cursor need not do this: it feeds while it replays.
 *
 * @param pause resolves a little later; asked when the archive is behind
 * @returns sequence of the last batch
 */
export async function rebuildArchive(
  archive: PaymentArchive,
  options: {
    readonly journal: Pick<Journal, 'read'>;
    readonly bodyKeys: BodyKeyStore;
    readonly crypto: Crypto;
    readonly place: CellPlace;
    /** UTC day of a time, yyyymmdd: which key the bodies of a batch are under. */
    dayOf(at: number): number;
    pause(): Promise<void>;
  },
): Promise<number> {
  const { journal, bodyKeys, crypto, place, dayOf, pause } = options;
  const state = createState(place.centre, place.cell);
  const effects = new Effects();
  for await (const { sequence, header, facts, bodies } of journal.read(1)) {
    const { at } = decodeHeader(header);
    const replayed = facts.slice();
    effects.clear();
    applyBatch(state, sequence, at, replayed, effects);
    if (sequence < archive.feed.next) continue;
    const packedBodies = [decryptPacked(crypto, await bodyKeys.key(dayOf(at)), { ...place, sequence }, bodies)];
    while (!feedBatch(archive.feed, state, { sequence, at, facts: replayed, packedBodies, effects })) await pause();
    archive.feed.publish(sequence);
  }
  await archive.kept(state.sequence);
  return state.sequence;
}
