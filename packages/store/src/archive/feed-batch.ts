/** From a batch that the core has just applied to what the archive is told of it. */
import {
  commandTypes,
  type Effects,
  effectKinds,
  emptyChange,
  readChange,
  type State,
} from '@clearway/core';
import type { ArchiveFeed } from './feed.ts';
import { finalStates } from './record.ts';

export interface BatchToArchive {
  readonly sequence: number;
  readonly at: number;
  readonly facts: Uint8Array;
  readonly bodies: readonly Uint8Array[];
  readonly effects: Effects;
}

const change = emptyChange();
let offsets = new Uint32Array(1024);

/**
 * Writes into the feed what the batch has done to payments. To be called right after `applyBatch`, on its thread:
 * the state is read as the batch has left it. Publish the batch when it is durable.
 *
 * @returns false when the feed has no room; nothing is written then
 */
export function feedBatch(feed: ArchiveFeed, state: State, batch: BatchToArchive): boolean {
  const { facts, bodies, effects } = batch;
  const view = new DataView(facts.buffer, facts.byteOffset, facts.byteLength);
  if (!feed.begin(batch.sequence, batch.at, facts, effects.count)) return false;
  findCommands(view, bodies.length);
  for (let i = 0; i < effects.count; i++) {
    if (effects.kinds[i] !== effectKinds.paymentChanged) continue;
    const index = effects.commands[i];
    const type = view.getUint8(offsets[index]);
    if (type === commandTypes.submitPayment) feed.submitted(index, bodies[index]);
    else {
      readChange(state, effects.subjects[i], change);
      const byAnswer = type === commandTypes.recordAnswer;
      // Time ends no payment: this one was ended by an answer of the same batch, which is told by itself.
      if (!byAnswer && finalStates[change.state] === 1) continue;
      feed.changed(change.id, 0, change.state, change.reason, change.cycle, index, byAnswer);
    }
  }
  feed.end();
  return true;
}

function findCommands(view: DataView, count: number): void {
  if (offsets.length < count) offsets = new Uint32Array(count * 2);
  for (let index = 0, offset = 0; offset < view.byteLength; index++) {
    offsets[index] = offset;
    offset += view.getUint32(offset + 4);
  }
}
