/** From a batch that the core has just applied to what the archive is told of it. */
import { commandTypes, type Effects, effectKinds, Glance, type State, writePaymentId } from '@clearway/core';
import type { ArchiveFeed } from './feed.ts';
import { finalStates } from './record.ts';

export interface BatchToArchive {
  readonly sequence: number;
  readonly at: number;
  readonly facts: Uint8Array;
  /** As batch.ts packs them, in the clear. */
  readonly packedBodies: Uint8Array;
  readonly effects: Effects;
}

const glance = new Glance();
const id = new DataView(new ArrayBuffer(16));
/** Where each command and each body begins. */
let factPlaces = new Uint32Array(1024);
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
  const bodies = new DataView(packedBodies.buffer, packedBodies.byteOffset, packedBodies.byteLength);
  if (!feed.begin(batch.sequence, batch.at, facts, effects.count)) return false;
  findPlaces(view, bodies);
  for (let i = 0; i < effects.count; i++) {
    if (effects.kinds[i] !== effectKinds.paymentChanged) continue;
    const index = effects.commands[i];
    const type = view.getUint8(factPlaces[index]);
    if (type === commandTypes.submitPayment) {
      const at = bodyPlaces[index];
      feed.submitted(index, packedBodies, at + 4, bodies.getUint32(at));
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

function findPlaces(facts: DataView, bodies: DataView): void {
  for (let index = 0, fact = 0, body = 0; fact < facts.byteLength; index++) {
    if (index === factPlaces.length) {
      factPlaces = doubled(factPlaces);
      bodyPlaces = doubled(bodyPlaces);
    }
    factPlaces[index] = fact;
    bodyPlaces[index] = body;
    fact += facts.getUint32(fact + 4);
    body += 4 + bodies.getUint32(body);
  }
}

function doubled(array: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(array.length * 2);
  larger.set(array);
  return larger;
}
