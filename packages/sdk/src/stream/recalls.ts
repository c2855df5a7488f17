/**
 * Ended streams whose messages have to be asked for before they are signed: those of an earlier run of this program, and
 * those of which the platform has only what is in its journal. What was never sent from here is not signed.
 */
import { heldMessage, heldMessageBytes, recallMessage, recallMessageBytes, recallVersion } from '@clearway/contract';
import type { Clock } from '@clearway/ports';
import type { Attachment } from './attachment.ts';
import { Coverage } from './coverage.ts';
import type { Departure } from './departure.ts';
import { readUint64, writeUint64 } from './payment-message.ts';
import type { SentHashes } from './sent-hashes.ts';

/** An ended stream, and where in it the next checkpoint begins and ends. */
export interface EndedStream {
  readonly signer: number;
  readonly stream: number;
  readonly from: number;
  readonly to: number;
}

export interface Recalls {
  /** Asks for the stream's messages, unless that is under way; `own`: what this run has sent on it. */
  recall(over: Attachment, ended: EndedStream, own: Coverage | undefined): void;
  takeHeld(view: DataView, count: number): void;
  detached(attachment: Attachment): void;
}

export interface RecallsOptions extends Pick<Departure, 'leave'> {
  readonly clock: Clock;
  /** Codes of the signers. */
  readonly codes: readonly number[];
  readonly sent: SentHashes | undefined;
  /** Everything in it was sent from here: it can be signed. */
  recalled(over: Attachment, coverage: Coverage, own: Coverage | undefined): void;
  failed(error: Error): void;
}

interface Recall extends EndedStream {
  readonly over: Attachment;
  readonly own: Coverage | undefined;
  readonly leaves: Uint8Array;
  /** 1 for a message, 0 for a place without one. */
  readonly known: Uint8Array;
  count: number;
}

const hashBytes = 32;
/** A stream that this run knows nothing of may be another process's of the same participant, which signs it itself, ms. */
const strangeMs = 2_000;

export function createRecalls(options: RecallsOptions): Recalls {
  const { codes, sent, leave } = options;
  const underWay = new Map<string, Recall>();
  const keyOf = (code: number, stream: number) => `${code}/${stream}`;

  function ask({ over, signer, stream }: Recall): void {
    if (over.hasEnded) return;
    const at = over.writer.message('recalls', recallMessageBytes);
    over.writer.view.setUint32(at + recallMessage.signer, codes[signer]);
    writeUint64(over.writer.view, at + recallMessage.stream, stream);
    leave(over);
  }

  /** The first message that was not sent from here, or undefined. */
  async function findStranger({ own, from, leaves, known }: Recall): Promise<number | undefined> {
    const places: number[] = [];
    const unproved: Uint8Array[] = [];
    for (let i = 0; i < known.length; i++) {
      if (known[i] === 0) continue;
      const leaf = leaves.subarray(i * hashBytes, (i + 1) * hashBytes);
      const mine = own?.leafAt(from + i);
      if (mine !== undefined && Buffer.compare(mine, leaf) !== 0) return from + i;
      if (mine !== undefined) continue;
      places.push(from + i);
      unproved.push(leaf);
    }
    if (places.length === 0) return undefined;
    const stranger = sent === undefined ? 0 : await sent.findStranger(Buffer.concat(unproved));
    return stranger === undefined ? undefined : places[stranger];
  }

  async function judge(recall: Recall): Promise<void> {
    const { over, signer, stream, from, leaves, own } = recall;
    const stranger = await findStranger(recall);
    if (stranger === undefined) return options.recalled(over, Coverage.recalled(signer, stream, from, leaves), own);
    const code = String(codes[signer]).padStart(5, '0');
    throw new Error(
      `the platform has message ${stranger} of stream ${stream} of ${code}, which was not sent from here: it is not signed`,
    );
  }

  return {
    recall(over, ended, own) {
      if (over.welcome.version < recallVersion) return;
      const { signer, stream, from, to } = ended;
      const key = keyOf(codes[signer], stream);
      const before = underWay.get(key);
      if (before && before.from === from && before.to === to && !before.over.hasEnded) return;
      const places = to - from;
      const recall = {
        over,
        own,
        ...ended,
        leaves: new Uint8Array(places * hashBytes),
        known: new Uint8Array(places),
        count: 0,
      };
      underWay.set(key, recall);
      if (own) ask(recall);
      else
        options.clock.after(strangeMs, () => {
          if (underWay.get(key) === recall) ask(recall);
        });
    },
    takeHeld(view, count) {
      for (let i = 0, at = 0; i < count; i++, at += heldMessageBytes) {
        const key = keyOf(view.getUint32(at + heldMessage.signer), readUint64(view, at + heldMessage.stream));
        const recall = underWay.get(key);
        const place = recall === undefined ? -1 : view.getUint32(at + heldMessage.position) - recall.from;
        if (recall === undefined || place !== recall.count) continue;
        recall.count++;
        recall.known[place] = view.getUint8(at + heldMessage.known);
        if (recall.known[place] === 1)
          recall.leaves.set(
            new Uint8Array(view.buffer, view.byteOffset + at + heldMessage.hash, hashBytes),
            place * hashBytes,
          );
        if (recall.count < recall.known.length) continue;
        underWay.delete(key);
        judge(recall).catch(options.failed);
      }
    },
    detached(attachment) {
      for (const [key, { over }] of underWay) if (over === attachment) underWay.delete(key);
    },
  };
}
