/** Brings a core to the end of its journal: from the newest snapshot, or from nothing, and then batch by batch. */
import { applyBatch, assert, createState, Effects, readsSnapshot, restoreSnapshot, type State } from '@clearway/core';
import type { Crypto } from '@clearway/ports';
import {
  type BodyKeyStore,
  type CellPlace,
  type Claim,
  decodeHeader,
  decryptBodies,
  decryptPacked,
  headerHash,
  type Store,
} from '@clearway/store';
import { commandOffsets } from './projector.ts';
import { Applied, type AppliedBatch, dayOf } from './sequencer.ts';

export interface Recovered {
  readonly claim: Claim;
  readonly state: State;
  /** Sequence of the snapshot that it began with, 0 for none. */
  readonly snapshot: number;
  readonly replayed: number;
  readonly elapsedMs: number;
}

/** What the edge keeps in a snapshot, after the core's pages. */
export interface EdgePage {
  readonly pendingNotices: readonly unknown[];
}

export class JournalDamagedError extends Error {
  override name = 'JournalDamagedError';
}

/**
 * Claims the journal and replays it. Every outcome is decided again and compared with the one in the facts.
 *
 * @param begin called once with the restored state and the edge's page, before the first batch of the tail
 * @param batch called with each batch of the tail, right after it was applied
 * @throws JournalDamagedError when chain, columns or outcomes do not fit: nothing may be served then
 */
export async function recover(
  options: { readonly store: Store; readonly crypto: Crypto; readonly place: CellPlace; elapsed(): number },
  begin: (state: State, edge: EdgePage | undefined) => Promise<void>,
  batch: (state: State, batch: AppliedBatch) => Promise<void> | undefined,
): Promise<Recovered> {
  const { store, crypto, place } = options;
  const started = options.elapsed();
  const claim = await store.journal.claim();
  const { state, edge } = await restore(store, crypto, place);
  assert(state.sequence <= claim.last, 'a snapshot is sealed only behind the durable frontier');
  await begin(state, edge);
  const snapshot = state.sequence;
  const effects = new Effects();
  let previous = snapshot === 0 ? new Uint8Array(32) : await hashOf(store, crypto, snapshot);
  for await (const { sequence, header, facts, bodies } of store.journal.read(snapshot + 1)) {
    if (sequence > claim.last) break;
    const head = decodeHeader(header);
    if (!same(head.previousHash, previous))
      throw new JournalDamagedError(`batch ${sequence} does not follow the one before`);
    if (!same(head.factsHash, crypto.sha256(facts)) || !same(head.bodiesHash, crypto.sha256(bodies))) {
      throw new JournalDamagedError(`the columns of batch ${sequence} are not those that its header names`);
    }
    previous = headerHash(crypto, header);
    const replayed = facts.slice();
    effects.clear();
    applyBatch(state, sequence, head.at, replayed, effects);
    if (!same(replayed, facts))
      throw new JournalDamagedError(
        `batch ${sequence} is decided otherwise than it was: ${difference(replayed, facts)}`,
      );
    const key = await store.bodyKeys.key(dayOf(head.at));
    const open = () => decryptPacked(crypto, key, { ...place, sequence }, bodies);
    const waits = batch(state, new Applied(sequence, head.at, facts, effects, [], open));
    if (waits !== undefined) await waits;
  }
  assert(state.sequence === claim.last, 'the journal is read to where the claim says it ends');
  assert(same(previous, claim.lastHash), 'the last batch is the one that the claim names');
  return { claim, state, snapshot, replayed: claim.last - snapshot, elapsedMs: options.elapsed() - started };
}

async function restore(
  store: Store,
  crypto: Crypto,
  place: CellPlace,
): Promise<{ state: State; edge: EdgePage | undefined }> {
  const latest = await store.snapshots.latest();
  if (latest === undefined) return { state: createState(place.centre, place.cell), edge: undefined };
  const pages: Uint8Array[] = [];
  for await (const page of store.snapshots.read(latest.sequence)) pages.push(page);
  const hash = crypto.sha256(...pages.map((page) => crypto.sha256(page)));
  if (!same(hash, latest.hash)) {
    throw new JournalDamagedError(
      `the pages of the snapshot at batch ${latest.sequence} are not those that were sealed: drop it and replay from an older one`,
    );
  }
  // Records have changed their layout since: the journal tells everything once more.
  if (!readsSnapshot(pages[0]!)) return { state: createState(place.centre, place.cell), edge: undefined };
  const edge = JSON.parse(Buffer.from(pages.pop()!).toString('utf8')) as EdgePage;
  return { state: restoreSnapshot(pages), edge };
}

async function hashOf(store: Store, crypto: Crypto, sequence: number): Promise<Uint8Array> {
  const batch = await store.journal.readOne(sequence);
  if (batch === undefined)
    throw new JournalDamagedError(`batch ${sequence} is missing, which a snapshot was taken after`);
  return headerHash(crypto, batch.header);
}

/** Body `index` of batch `sequence`, opened. */
export async function readBody(
  store: { readonly journal: Store['journal']; readonly bodyKeys: BodyKeyStore },
  crypto: Crypto,
  place: CellPlace,
  sequence: number,
  index: number,
): Promise<Uint8Array> {
  const bodies = await readBodies(store, crypto, place, sequence);
  if (index >= bodies.length) throw new JournalDamagedError(`batch ${sequence} has no body ${index}`);
  return bodies[index].slice();
}

/** All bodies of batch `sequence`, opened. */
export async function readBodies(
  store: { readonly journal: Store['journal']; readonly bodyKeys: BodyKeyStore },
  crypto: Crypto,
  place: CellPlace,
  sequence: number,
): Promise<readonly Uint8Array[]> {
  const batch = await store.journal.readOne(sequence);
  if (batch === undefined) throw new JournalDamagedError(`batch ${sequence} is not in the journal`);
  const { at } = decodeHeader(batch.header);
  return decryptBodies(crypto, await store.bodyKeys.key(dayOf(at)), { ...place, sequence }, batch.bodies);
}

function difference(replayed: Uint8Array, facts: Uint8Array): string {
  const view = new DataView(facts.buffer, facts.byteOffset, facts.byteLength);
  const other = new DataView(replayed.buffer, replayed.byteOffset, replayed.byteLength);
  const index = commandOffsets(view).findIndex((offset) => view.getUint32(offset) !== other.getUint32(offset));
  const offset = commandOffsets(view)[index];
  const told = (one: DataView) => `outcome ${one.getUint8(offset + 1)} reason ${one.getUint16(offset + 2)}`;
  return `command ${index} had ${told(view)}, now has ${told(other)}`;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
