/** Which messages of the stream no signature covers at the end of the journal: their senders are asked to sign them. */
import { answerMessage, isStreamMessage, messageHashes, paymentMessage, type Scheme } from '@clearway/contract';
import { commandTypes, layout, outcomes, readUint64 } from '@clearway/core';
import type { UncoveredStream } from '@clearway/gateway';
import type { Journal } from '@clearway/store';
import { commandOffsets } from './projector.ts';

export interface UncoveredOptions {
  readonly journal: Pick<Journal, 'read' | 'readFacts'>;
  readonly scheme: Scheme;
  /** Bodies of a batch in the clear, in the order of its commands. */
  bodies(sequence: number): Promise<readonly Uint8Array[]>;
  /** Batches up to this one hold nothing uncovered, but for what stopped signers sent. */
  readonly behind: number;
  /** The uncovered messages of these signers come behind this batch. */
  readonly stopped: { readonly behind: number; readonly signers: ReadonlySet<number> } | undefined;
}

/** Where the next start begins to look; it only shortens the search. */
export interface CoverageHint {
  /** Batches up to this one hold nothing uncovered, but for what stopped signers sent. */
  readonly behind: number;
  /** One more than the batch behind which the uncovered messages of stopped signers come; 0: there are none. */
  readonly stopped: number;
}

/**
 * The hint after all up to batch `behind` was found covered, but for what stopped signers sent, which comes behind
 * `behindStopped`. What lies before the earlier hint is of those who were stopped before this start, and have not signed
 * yet: the hint for all never goes back, and that for them takes it up.
 */
export function hintAfter(hinted: CoverageHint, behind: number, behindStopped: number | undefined): CoverageHint {
  const least = behind < hinted.behind ? Math.min(behind, behindStopped ?? behind) : behindStopped;
  return { behind: Math.max(behind, hinted.behind), stopped: least === undefined ? 0 : least + 1 };
}

/** What one signer sent on one stream. */
interface Sent {
  readonly signer: number;
  readonly stream: number;
  /** Where the last checkpoint seen ended; undefined when none was. */
  covered: number | undefined;
  /** By place. */
  messages: Map<number, { readonly leaf: Uint8Array; readonly batch: number }>;
}

const hashBytes = 32;

export async function findUncovered(options: UncoveredOptions): Promise<UncoveredStream[]> {
  const { journal, behind, stopped } = options;
  const hashes = messageHashes(options.scheme);
  const sent = new Map<string, Sent>();

  const sentOn = (signer: number, stream: number): Sent => {
    const key = `${signer}/${stream}`;
    const known = sent.get(key) ?? { signer, stream, covered: undefined, messages: new Map() };
    sent.set(key, known);
    return known;
  };

  const takeMessages = async (sequence: number, indexes: readonly number[]) => {
    const bodies = await options.bodies(sequence);
    const found = indexes.map((index) => bodies[index]).filter((body) => isStreamMessage(body));
    hashes.start();
    const places = found.map((body) => {
      const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
      // A payment begins with its size, which no answer's number reaches.
      if (view.getUint16(0) === body.length) {
        hashes.addPayment(view, 0);
        const signer = view.getUint32(paymentMessage.id + 4) & 0xffffff;
        return {
          signer,
          stream: readUint64(view, paymentMessage.stream),
          position: view.getUint32(paymentMessage.position),
        };
      }
      hashes.addAnswer(view, 0);
      const signer = view.getUint32(answerMessage.bank);
      return {
        signer,
        stream: readUint64(view, answerMessage.stream),
        position: view.getUint32(answerMessage.position),
      };
    });
    const digests = hashes.finish();
    places.forEach(({ signer, stream, position }, i) => {
      const leaf = digests.slice(i * hashBytes, (i + 1) * hashBytes);
      sentOn(signer, stream).messages.set(position, { leaf, batch: sequence });
    });
  };

  /** Commands of the batch that came over the stream, from one of the signers; notes its checkpoints. */
  const lookAt = (facts: Uint8Array, signers: ReadonlySet<number> | undefined): number[] => {
    const view = new DataView(facts.buffer, facts.byteOffset, facts.byteLength);
    const indexes: number[] = [];
    commandOffsets(view).forEach((at, index) => {
      const type = view.getUint8(at);
      if (type === commandTypes.submitPayment || type === commandTypes.recordAnswer) {
        // What is not signed on its own came over the stream. Both layouts have the suite at the same place.
        if (view.getUint8(at + layout.submitPayment.suite) !== 0) return;
        const isAnswer = type === commandTypes.recordAnswer;
        const signer = isAnswer
          ? view.getUint32(at + layout.recordAnswer.bank) >>> 8
          : view.getUint32(at + 12) & 0xffffff;
        if (signers === undefined || signers.has(signer)) indexes.push(index);
      }
    });
    return indexes;
  };

  const cover = (facts: Uint8Array) => {
    const view = new DataView(facts.buffer, facts.byteOffset, facts.byteLength);
    const field = layout.recordCheckpoint;
    for (const at of commandOffsets(view)) {
      if (view.getUint8(at) !== commandTypes.recordCheckpoint || view.getUint8(at + 1) !== outcomes.accepted) continue;
      const one = sentOn(view.getUint32(at + field.signer), readUint64(view, at + field.stream));
      one.covered = view.getUint32(at + field.to);
      for (const position of one.messages.keys()) if (position < one.covered) one.messages.delete(position);
    }
  };

  const from = Math.min(behind, stopped?.behind ?? behind);
  for await (const { sequence, facts } of journal.readFacts(from + 1)) {
    const indexes = lookAt(facts, sequence <= behind ? stopped!.signers : undefined);
    const kept = indexes.length > 0 ? facts.slice() : facts;
    if (indexes.length > 0) await takeMessages(sequence, indexes);
    // A checkpoint covers what is in its own batch too.
    cover(kept);
  }
  return [...sent.values()].filter(({ messages }) => messages.size > 0).map(uncoveredOf);
}

function uncoveredOf({ signer, stream, covered, messages }: Sent): UncoveredStream {
  const positions = [...messages.keys()].sort((a, b) => a - b);
  const from = covered ?? positions[0];
  const count = positions.at(-1)! + 1 - from;
  const leaves = new Uint8Array(count * hashBytes);
  const missing: number[] = [];
  let first = Number.POSITIVE_INFINITY;
  for (let position = from; position < from + count; position++) {
    const message = messages.get(position);
    if (message === undefined) missing.push(position);
    else {
      leaves.set(message.leaf, (position - from) * hashBytes);
      first = Math.min(first, message.batch);
    }
  }
  return { signer, stream, from, leaves, missing, behind: first - 1 };
}
