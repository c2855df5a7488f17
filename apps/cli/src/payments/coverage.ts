/** How a message of a payment is signed: on its own, or by a checkpoint over many of the same signer's stream. */
import {
  formatTime,
  isStreamMessage,
  readAnswerMessage,
  readPaymentMessage,
  type StreamPlace,
} from '@clearway/contract';
import { commandTypes, layout, readUint64 } from '@clearway/core';
import { decodeHeader, type Journal } from '@clearway/store';
import { type RecordCheckpointFact, readFacts } from '../journal/fact.ts';
import type { ReadBody } from './stages.ts';

export interface Coverage extends StreamPlace {
  /** Undefined while there is none. */
  readonly checkpoint?: CoveringCheckpoint;
}

export interface CoveringCheckpoint
  extends Pick<RecordCheckpointFact, 'index' | 'from' | 'to' | 'suite' | 'keyVersion'> {
  readonly sequence: number;
  /** Of its batch, and by the signer, ms since 1970. */
  readonly at: number;
  readonly signedAt: number;
}

/** A checkpoint comes within seconds; who has not signed in so many batches has been stopped. */
const mostBatches = 200_000;

/**
 * The checkpoint over the message that stands at this place of the journal.
 * @returns undefined for what is signed on its own, or cannot be opened by this user
 */
export async function findCoverage(
  journal: Pick<Journal, 'readOne' | 'readFacts'>,
  readBody: ReadBody,
  { sequence, index }: { readonly sequence: number; readonly index: number },
  signal: AbortSignal,
): Promise<Coverage | undefined> {
  const batch = await journal.readOne(sequence);
  const body = batch && (await readBody(batch, index));
  if (batch === undefined || body === undefined || !isStreamMessage(body)) return undefined;
  const type = readFacts(batch.facts)[index]?.type;
  const { signer, stream, position } = type === 'recordAnswer' ? readAnswerMessage(body) : readPaymentMessage(body);
  const place = { signer, stream, position };
  for await (const later of journal.readFacts(sequence)) {
    signal.throwIfAborted();
    if (later.sequence - sequence > mostBatches) break;
    if (!holdsCheckpoint(later.facts, place)) continue;
    const fact = readFacts(later.facts).find((one) => one.type === 'recordCheckpoint' && covers(one, place));
    if (fact?.type !== 'recordCheckpoint') continue;
    const { index, from, to, suite, keyVersion, signedAt } = fact;
    const { at } = decodeHeader(later.header);
    return { ...place, checkpoint: { sequence: later.sequence, index, from, to, suite, keyVersion, signedAt, at } };
  }
  return place;
}

function covers(fact: RecordCheckpointFact, { signer, stream, position }: StreamPlace): boolean {
  return (
    fact.outcome === 'accepted' &&
    fact.signer === signer &&
    fact.stream === stream &&
    fact.from <= position &&
    fact.to > position
  );
}

/** At a glance, since almost no batch does. */
function holdsCheckpoint(facts: Uint8Array, { signer, stream }: StreamPlace): boolean {
  const view = new DataView(facts.buffer, facts.byteOffset, facts.byteLength);
  const field = layout.recordCheckpoint;
  for (let at = 0; at < facts.length; at += view.getUint32(at + 4)) {
    if (view.getUint8(at) !== commandTypes.recordCheckpoint) continue;
    if (view.getUint32(at + field.signer) === Number(signer) && readUint64(view, at + field.stream) === stream)
      return true;
  }
  return false;
}

export function coverageView(coverage: Coverage | undefined) {
  if (coverage?.checkpoint === undefined) return coverage ?? null;
  const { at, signedAt, ...checkpoint } = coverage.checkpoint;
  return { ...coverage, checkpoint: { ...checkpoint, at: formatTime(at), signedAt: formatTime(signedAt) } };
}

/** `message 5 of stream 7 of 00101, by the checkpoint over 0 to 8 in batch 12`. */
export function coverageWords({ signer, stream, position, checkpoint }: Coverage): string {
  const message = `message ${position} of stream ${stream} of ${signer}`;
  if (checkpoint === undefined) return `${message}, not covered by a checkpoint yet`;
  const { from, to, sequence, keyVersion, suite } = checkpoint;
  return `${message}, by the checkpoint over ${from} to ${to - 1} in batch ${sequence}, key ${keyVersion} (${suite})`;
}
