/**
 * From what happened to frames: messages are written into their link's frames when a batch is applied, and leave when it
 * is durable. What waits for one link is sent together: the more links were written to, the longer the next ones gather.
 */
import {
  copyBytes,
  coveredMessage,
  coveredMessageBytes,
  type Goodbye,
  heldMessage,
  heldMessageBytes,
  LotBytes,
  outcomeMessageBytes,
  questionPrefix,
  questionPrefixBytes,
  type Welcome,
} from '@clearway/contract';
import { writeUint64 } from '@clearway/core';
import type { Clock } from '@clearway/ports';
import type { StreamLink } from './stream-link.ts';

/** A write costs both ends some 30 µs whatever its size: 32 busy links are written to every 4 ms, 3000 every 375. */
const writesPerMs = 8;
const longestLingerMs = 400;
/** A peer that leaves so much unread is cut off: it does not keep what its window allows. */
const mostUnread = 64 * 2 ** 20;

interface Sealed {
  readonly sequence: number;
  readonly link: StreamLink;
  readonly bytes: Uint8Array;
}

/** How far a signer's messages on one stream are covered, and how many were taken; `reason`: code, 0 for none. */
export interface Covered {
  readonly signer: number;
  readonly stream: number;
  readonly to: number;
  readonly taken: number;
  readonly reason: number;
  /** Known by the journal alone. */
  readonly recall: boolean;
}

/** Commands of one lot whose effects are ready to leave. */
interface Departing {
  readonly messages: number;
  readonly arrivedAt: number;
}

export interface Outlet {
  /** Room for an outcome to write at the given offset of the link's writer; all 64 bytes are zero. */
  outcome(link: StreamLink): number;
  /** A question: prefix and the payment's `size` bytes from `source`. */
  question(
    link: StreamLink,
    type: number,
    duplicate: boolean,
    remainingMs: number,
    source: DataView,
    at: number,
    size: number,
  ): void;
  covered(link: StreamLink, about: Covered): void;
  /** One place of an ended stream; without a hash nothing that was taken stands there. */
  held(link: StreamLink, signer: number, stream: number, position: number, hash: Uint8Array | undefined): void;
  welcome(link: StreamLink, welcome: Welcome): void;
  /** Says why and ends the link. */
  goodbye(link: StreamLink, goodbye: Goodbye): void;
  alive(link: StreamLink): void;
  /** Everything written since the last call may leave when batch `sequence` is durable. */
  seal(sequence: number): void;
  /** All batches up to this one are durable. */
  release(sequence: number): void;
  /** All that so many messages brought about, which arrived together, is released. */
  departing(messages: number, arrivedAt: number): void;
  stop(): void;
}

export interface OutletOptions {
  readonly clock: Clock;
  overrun(link: StreamLink): void;
  /** How long messages and what they brought about were here, ms. */
  turnedAround(messages: number, ms: number): void;
}

export function createOutlet(options: OutletOptions): Outlet {
  const { clock } = options;
  const sealed: Sealed[] = [];
  let first = 0;
  let released = 0;
  let touched: StreamLink[] = [];
  let ready: StreamLink[] = [];
  let departing: Departing[] = [];
  let timer: (() => void) | undefined;
  let lastFlush = Number.NEGATIVE_INFINITY;
  /** ms from the last flush to the next. */
  let lingerMs = 0;

  /** Of what does not lie in one piece and leaves together. */
  const copies = new LotBytes(1 << 18);

  const touch = (link: StreamLink) => {
    if (link.touched) return;
    link.touched = true;
    touched.push(link);
  };

  const flush = () => {
    timer = undefined;
    lastFlush = clock.elapsed();
    const links = ready;
    ready = [];
    lingerMs = Math.min(longestLingerMs, links.length / writesPerMs);
    for (const link of links) {
      const pieces = link.ready;
      link.ready = [];
      if (!link.open) continue;
      link.lastWriteAt = lastFlush;
      const whole = adjacent(pieces);
      const giveBack = () => {
        for (const piece of pieces) link.writer.giveBack(piece);
      };
      if (whole !== undefined) link.link.write(whole, giveBack);
      else {
        const copy = joined(pieces, (size) => copies.whole(size));
        giveBack();
        link.link.write(copy, () => copies.giveBack(copy));
      }
      if (link.link.waiting > mostUnread) options.overrun(link);
    }
    if (departing.length === 0) return;
    const now = clock.elapsed();
    for (const { messages, arrivedAt } of departing) options.turnedAround(messages, now - arrivedAt);
    departing = [];
  };

  const letOut = (link: StreamLink, bytes: Uint8Array) => {
    if (!link.open) return;
    if (link.ready.push(bytes) === 1) ready.push(link);
    if (timer !== undefined) return;
    const wait = lastFlush + lingerMs - clock.elapsed();
    timer = clock.after(Math.max(0, wait), flush);
  };

  const seal = (sequence: number) => {
    if (touched.length === 0) return;
    for (const link of touched) {
      link.touched = false;
      const bytes = link.writer.take();
      if (sequence <= released && link.held === 0) letOut(link, bytes);
      else {
        link.held++;
        sealed.push({ sequence, link, bytes });
      }
    }
    touched = [];
  };

  return {
    outcome(link) {
      touch(link);
      const { writer } = link;
      return writer.message('outcomes', outcomeMessageBytes);
    },
    question(link, type, duplicate, remainingMs, source, from, size) {
      touch(link);
      const { writer } = link;
      const at = writer.message('questions', questionPrefixBytes + size);
      const { view } = writer;
      view.setUint32(at, (type << 24) | (duplicate ? 1 << 16 : 0));
      view.setUint32(at + questionPrefix.remainingMs, remainingMs);
      copyBytes(source, from, view, at + questionPrefixBytes, size);
    },
    covered(link, { signer, stream, to, taken, reason, recall }) {
      touch(link);
      const { writer } = link;
      const at = writer.message('covered', coveredMessageBytes);
      const { view } = writer;
      view.setUint32(at + coveredMessage.signer, signer);
      if (recall) view.setUint8(at + coveredMessage.recall, 1);
      view.setUint16(at + coveredMessage.reason, reason);
      writeUint64(view, at + coveredMessage.stream, stream);
      view.setUint32(at + coveredMessage.to, to);
      view.setUint32(at + coveredMessage.taken, taken);
    },
    held(link, signer, stream, position, hash) {
      touch(link);
      const { writer } = link;
      const at = writer.message('held', heldMessageBytes);
      writer.view.setUint32(at + heldMessage.signer, signer);
      writeUint64(writer.view, at + heldMessage.stream, stream);
      writer.view.setUint32(at + heldMessage.position, position);
      if (hash === undefined) return;
      writer.view.setUint8(at + heldMessage.known, 1);
      writer.bytes.set(hash, at + heldMessage.hash);
    },
    welcome(link, welcome) {
      touch(link);
      link.writer.text('welcome', welcome);
    },
    goodbye(link, goodbye) {
      if (!link.open) return;
      // What was promised for later batches is told when the peer comes back: nothing may follow a goodbye.
      link.writer.text('goodbye', goodbye);
      link.link.write(joined([...link.ready, link.writer.take()], (size) => new Uint8Array(size)));
      link.open = false;
      link.link.end();
    },
    alive(link) {
      touch(link);
      link.writer.empty('alive');
    },
    seal,
    release(sequence) {
      released = sequence;
      for (; first < sealed.length && sealed[first].sequence <= sequence; first++) {
        const { link, bytes } = sealed[first];
        link.held--;
        letOut(link, bytes);
      }
      if (first > 4096 || first === sealed.length) {
        sealed.splice(0, first);
        first = 0;
      }
    },
    departing(messages, arrivedAt) {
      if (ready.length > 0) departing.push({ messages, arrivedAt });
      else options.turnedAround(messages, clock.elapsed() - arrivedAt);
    },
    stop() {
      timer?.();
      flush();
    },
  };
}

/** Pieces of one writer mostly lie one behind the other already: then all of them as one. */
function adjacent(pieces: readonly Uint8Array[]): Uint8Array | undefined {
  const [{ buffer, byteOffset }] = pieces;
  let end = byteOffset;
  for (const piece of pieces)
    end = piece.buffer === buffer && piece.byteOffset === end ? end + piece.length : Number.NaN;
  return Number.isNaN(end) ? undefined : new Uint8Array(buffer, byteOffset, end - byteOffset);
}

function joined(pieces: readonly Uint8Array[], room: (size: number) => Uint8Array): Uint8Array {
  const whole = room(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
