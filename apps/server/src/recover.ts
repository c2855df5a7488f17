/** Brings a core to the end of its journal: from the newest snapshot, or from nothing, and then batch by batch. */
import {
  applyBatch,
  assert,
  createState,
  Effects,
  newestRules,
  readsSnapshot,
  restoreSnapshot,
  rulesInForce,
  type State,
} from '@clearway/core';
import type { Crypto } from '@clearway/ports';
import {
  type BatchFacts,
  type BatchHeader,
  type BodyKeyStore,
  type CellPlace,
  type Claim,
  decodeHeader,
  decryptBodies,
  decryptPacked,
  headerHash,
  NewerJournalError,
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

/** What is around the core and has to follow a replay. */
export interface Edge {
  /** The last batch that is in its records and archives: later ones are handed over with their bodies. */
  readonly recordedTo: number;
  /** The last batch that anything was made of, here or there: a journal that ends before it has lost its end. */
  readonly madeTo: number;
  /** Called once, with the snapshot's state or an empty one. */
  restored(state: State, edge: EdgePage | undefined): void;
  /** Called right after a batch was applied that is recorded already; its bodies are not there. */
  passed(effects: Effects, facts: Uint8Array): void;
  /** Called once, when the state is that of the records. */
  reached(): Promise<void>;
  /** Called right after any later batch was applied; a promise when the next one has to wait. */
  replayed(batch: AppliedBatch): Promise<void> | undefined;
}

/**
 * Claims the journal and replays it. Every outcome is decided again and compared with the one in the facts. Chain and
 * facts are checked of every batch, bodies only of those that are read; `clearway verify` checks all of them.
 *
 * @throws JournalDamagedError when chain, columns or outcomes do not fit, or when the journal ends before what snapshot
 * or records were made of: nothing may be served then
 * @throws NewerJournalError when a newer program has written it, if that is seen before the claim: its cell goes on
 */
export async function recover(
  options: { readonly store: Store; readonly crypto: Crypto; readonly place: CellPlace; elapsed(): number },
  edge: Edge,
): Promise<Recovered> {
  const { store, crypto, place } = options;
  const { journal } = store;
  const started = options.elapsed();
  for await (const { sequence, header } of journal.readFacts(Math.max(edge.madeTo, 1)))
    mustKnowRules(sequence, decodeHeader(header));
  const claim = await journal.claim();
  const { state, page } = await restore(store, crypto, place);
  const snapshot = state.sequence;
  checkReaches(claim, snapshot, 'a snapshot was taken');
  checkReaches(claim, edge.madeTo, 'records were made');
  edge.restored(state, page);
  const effects = new Effects();
  /** Where a batch is decided again; used for each. */
  let scratch = new Uint8Array(0);
  let previous = snapshot === 0 ? new Uint8Array(32) : await hashOf(store, crypto, snapshot);

  /** Applies the batch as it was applied at first; gives when that was. */
  const replay = ({ sequence, header, facts }: BatchFacts): BatchHeader => {
    const head = decodeHeader(header);
    mustKnowRules(sequence, head);
    if (!same(head.previousHash, previous))
      throw new JournalDamagedError(`batch ${sequence} does not follow the one before`);
    if (!same(head.factsHash, crypto.sha256(facts))) throw otherColumns(sequence);
    previous = headerHash(crypto, header);
    if (scratch.length < facts.length) scratch = new Uint8Array(facts.length * 2);
    const replayed = scratch.subarray(0, facts.length);
    replayed.set(facts);
    effects.clear();
    applyBatch(state, sequence, head.at, replayed, effects);
    if (!same(replayed, facts))
      throw new JournalDamagedError(
        `batch ${sequence} is decided otherwise than it was: ${difference(replayed, facts)}`,
      );
    if (head.rulesVersion !== rulesInForce(state))
      throw new JournalDamagedError(
        `batch ${sequence} says rules ${head.rulesVersion}, and ${rulesInForce(state)} are in force`,
      );
    return head;
  };

  if (edge.recordedTo > snapshot) {
    for await (const batch of journal.readFacts(snapshot + 1)) {
      replay(batch);
      edge.passed(effects, batch.facts);
      if (batch.sequence === edge.recordedTo) break;
    }
  }
  await edge.reached();
  for await (const batch of journal.read(state.sequence + 1)) {
    const { sequence, facts, bodies } = batch;
    if (sequence > claim.last) break;
    const { at, bodiesHash } = replay(batch);
    if (!same(bodiesHash, crypto.sha256(bodies))) throw otherColumns(sequence);
    const key = await store.bodyKeys.key(dayOf(at));
    const open = () => [decryptPacked(crypto, key, { ...place, sequence }, bodies)];
    const waits = edge.replayed(new Applied(sequence, at, facts, effects, [], open));
    if (waits !== undefined) await waits;
  }
  assert(state.sequence === claim.last, 'the journal is read to where the claim says it ends');
  assert(same(previous, claim.lastHash), 'the last batch is the one that the claim names');
  return { claim, state, snapshot, replayed: claim.last - snapshot, elapsedMs: options.elapsed() - started };
}

/** Rules that are not known here may decide otherwise without its showing in any outcome. */
function mustKnowRules(sequence: number, { rulesVersion }: BatchHeader): void {
  if (rulesVersion <= newestRules) return;
  throw new NewerJournalError(
    `batch ${sequence} was decided by rules ${rulesVersion}, this program knows ${newestRules}: start the newer one`,
  );
}

/** A journal whose end is lost looks as if it had never been longer; what was made of it knows better. */
function checkReaches(claim: Claim, sequence: number, what: string): void {
  if (sequence <= claim.last) return;
  throw new JournalDamagedError(
    `the journal ends at batch ${claim.last}, but ${what} at batch ${sequence}: its end is lost, restore it from a copy`,
  );
}

const otherColumns = (sequence: number) =>
  new JournalDamagedError(`the columns of batch ${sequence} are not those that its header names`);

async function restore(
  store: Store,
  crypto: Crypto,
  place: CellPlace,
): Promise<{ state: State; page: EdgePage | undefined }> {
  const latest = await store.snapshots.latest();
  if (latest === undefined) return { state: createState(place.centre, place.cell), page: undefined };
  const pages: Uint8Array[] = [];
  for await (const page of store.snapshots.read(latest.sequence)) pages.push(page);
  const hash = crypto.sha256(...pages.map((page) => crypto.sha256(page)));
  if (!same(hash, latest.hash)) {
    throw new JournalDamagedError(
      `the pages of the snapshot at batch ${latest.sequence} are not those that were sealed: drop it and replay from an older one`,
    );
  }
  // Records have changed their layout since: the journal tells everything once more.
  if (!readsSnapshot(pages[0]!)) return { state: createState(place.centre, place.cell), page: undefined };
  const page = JSON.parse(Buffer.from(pages.pop()!).toString('utf8')) as EdgePage;
  return { state: restoreSnapshot(pages), page };
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
