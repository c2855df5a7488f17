/** From a batch that the core has just applied to what the archive is told of it. */
import { commandTypes, type Effects, effectKinds, Glance, type State, writePaymentId } from '@clearway/core';
import type { ArchiveFeed } from './feed.ts';
import { finalStates } from './record.ts';

export interface BatchToArchive {
  readonly sequence: number;
  readonly at: number;
  readonly facts: Uint8Array;
  /** As batch.ts packs them, in the clear, in pieces of whole bodies that follow one another. */
  readonly packedBodies: readonly Uint8Array[];
  readonly effects: Effects;
}

const glance = new Glance();
const id = new DataView(new ArrayBuffer(16));
/** Where each command begins, and each body in its piece. */
let factPlaces = new Uint32Array(1024);
let bodyPieces = new Uint32Array(1024);
let bodyPlaces = new Uint32Array(1024);

/**
 * Writes into the feed what the batch has done to payments. To be called right after `applyBatch`, on its thread:
 * the state is read as the batch has left it. Publish the batch when it is durable.
 *
 * @returns false when the feed has no room; nothing is written then
 */
export function feedBatch(feed: ArchiveFeed, state: State, batch: BatchToArchive): boolean {
  const { facts, packedBodies, effects } = batch;
  const view = new DataView(facts.buffer, facts.byteOffset, facts.byteLength);
  if (!feed.begin(batch.sequence, batch.at, facts, effects.count)) return false;
  findFacts(view);
  findBodies(packedBodies);
  for (let i = 0; i < effects.count; i++) {
    if (effects.kinds[i] !== effectKinds.paymentChanged) continue;
    const index = effects.commands[i];
    const type = view.getUint8(factPlaces[index]);
    if (type === commandTypes.submitPayment) {
      const at = bodyPlaces[index];
      const piece = packedBodies[bodyPieces[index]];
      feed.submitted(index, piece, at + 4, lengthAt(piece, at));
      continue;
    }
    const handle = effects.subjects[i];
    glance.read(state, handle);
    const byAnswer = type === commandTypes.recordAnswer;
    // Time ends no payment: this one was ended by an answer of the same batch, which is told by itself.
    if (!byAnswer && finalStates[glance.state] === 1) continue;
    writePaymentId(state, handle, id, 0);
    feed.changed(id, 0, glance.state, glance.reason, glance.cycle, index, byAnswer);
  }
  feed.end();
  return true;
}

function findFacts(facts: DataView): void {
  for (let index = 0, at = 0; at < facts.byteLength; index++) {
    if (index === factPlaces.length) {
      factPlaces = doubled(factPlaces);
      bodyPieces = doubled(bodyPieces);
      bodyPlaces = doubled(bodyPlaces);
    }
    factPlaces[index] = at;
    at += facts.getUint32(at + 4);
  }
}

function findBodies(pieces: readonly Uint8Array[]): void {
  let index = 0;
  for (let number = 0; number < pieces.length; number++) {
    const piece = pieces[number];
    for (let at = 0; at < piece.length; at += 4 + lengthAt(piece, at)) {
      bodyPieces[index] = number;
      bodyPlaces[index++] = at;
    }
  }
}

const lengthAt = (bytes: Uint8Array, at: number) =>
  ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;

function doubled(array: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(array.length * 2);
  larger.set(array);
  return larger;
}
