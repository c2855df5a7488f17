/** What a network does to the bytes of a connection, as data, and the drawing of it: pure, so that a seed tells all. */
import type { Random } from '../fuzz/random.ts';

/** Chances are of each chunk as it arrives, 0 to 1; what is left out does not happen. */
export interface Conditions {
  /** How long a chunk is on its way, ms, drawn between these two; the order stays. */
  readonly delayMs?: readonly [least: number, most: number];
  /** As a lost segment looks to TCP: what follows it waits as well. */
  readonly stall?: number;
  /** How long such a stall takes, ms. */
  readonly stallMs?: readonly [least: number, most: number];
  /** The chunk arrives in two pieces. */
  readonly split?: number;
  /** The chunk waits for the next one, and both arrive as one. */
  readonly merge?: number;
  /** Of all connections together. */
  readonly bytesPerSecond?: number;
  /** A chunk above this many bytes does not get through, nor does what follows it on its connection. */
  readonly stuckAbove?: number;
  /** One bit is another. */
  readonly flip?: number;
  /** The chunk arrives twice. */
  readonly repeat?: number;
  /** Its second half arrives first. */
  readonly reorder?: number;
  /** Its end is missing. */
  readonly truncate?: number;
  /** The connection is reset, for both ends. */
  readonly reset?: number;
  /** The receiving end is gone, and the sending one does not hear of it. */
  readonly halfOpen?: number;
  /** After so many bytes of a connection nothing gets through: a black hole, behind the handshake if it is large enough. */
  readonly heldAfter?: number;
  /** Nothing is read from whoever sends, until its window is full. */
  readonly unread?: boolean;
}

export type Kind = keyof Conditions;

export interface Treated {
  /** In the order of their arrival. */
  readonly pieces: readonly Buffer[];
  readonly waitMs: number;
  /** To be put before the chunk that comes next. */
  readonly isMerged: boolean;
  readonly ending: 'reset' | 'halfOpen' | undefined;
  readonly struck: readonly Kind[];
}

/** Of a limited line: what leaves at once is no more than a packet. */
const packetBytes = 1400;
const mostMerged = 64 * 1024;

export function treat(chunk: Buffer, conditions: Conditions, random: Random): Treated {
  const struck: Kind[] = [];
  const strikes = (kind: Kind, isPossible = true) => {
    const chance = conditions[kind];
    if (typeof chance !== 'number' || !isPossible || !random.chance(chance)) return false;
    struck.push(kind);
    return true;
  };

  if (strikes('reset')) return { pieces: [], waitMs: 0, isMerged: false, ending: 'reset', struck };
  if (strikes('halfOpen')) return { pieces: [], waitMs: 0, isMerged: false, ending: 'halfOpen', struck };

  let bytes = chunk;
  if (strikes('flip')) {
    bytes = Buffer.from(bytes);
    bytes[random.below(bytes.length)] ^= 1 << random.below(8);
  }
  if (strikes('truncate')) bytes = bytes.subarray(0, random.below(bytes.length));
  if (strikes('repeat')) bytes = Buffer.concat([bytes, bytes]);
  const middle = Math.ceil(bytes.length / 2);
  if (strikes('reorder', bytes.length > 1)) bytes = Buffer.concat([bytes.subarray(middle), bytes.subarray(0, middle)]);

  let waitMs = 0;
  if (conditions.delayMs) {
    waitMs += random.from(...conditions.delayMs);
    struck.push('delayMs');
  }
  if (strikes('stall')) waitMs += random.from(...(conditions.stallMs ?? [200, 200]));

  const isMerged = strikes('merge', bytes.length < mostMerged);
  const most = conditions.bytesPerSecond === undefined ? bytes.length : packetBytes;
  if (conditions.bytesPerSecond !== undefined) struck.push('bytesPerSecond');
  const pieces =
    bytes.length > 1 && strikes('split') ? cut(bytes, 1 + random.below(bytes.length - 1)) : packets(bytes, most);
  return { pieces, waitMs, isMerged, ending: undefined, struck };
}

const cut = (bytes: Buffer, at: number) => [bytes.subarray(0, at), bytes.subarray(at)];

function packets(bytes: Buffer, most: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += most) pieces.push(bytes.subarray(at, at + most));
  return pieces;
}
