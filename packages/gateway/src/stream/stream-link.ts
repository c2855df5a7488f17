/** One link as the platform sees it: who speaks over it, what waits for it. */
import { FrameReader, FrameWriter } from '@clearway/contract';
import { assert } from '@clearway/core';
import type { Link } from '@clearway/ports';
import type { SignerStream } from './coverage.ts';

export class StreamLink {
  readonly link: Link;
  /** Number of the stream, unique for ever in this cell. */
  readonly stream: number;
  readonly reader = new FrameReader();
  readonly writer = new FrameWriter(true);
  /** By code of the participant. */
  readonly signers = new Map<number, SignerStream>();
  greeted = false;
  /** Of the protocol, as the welcome said. */
  version = 0;
  open = true;
  /** Payments taken and not told an outcome yet, and how many that may be. */
  underWay = 0;
  share = 0;
  /** Questions that the banks on this link take at once, and those that they have not answered. */
  window = 0;
  asked = 0;
  /** Something is in the writer that no batch has sealed yet. */
  touched = false;
  /** What may leave. */
  ready: Uint8Array[] = [];
  lastReadAt = 0;
  lastWriteAt = 0;
  /** Bytes that wait for durability. */
  held = 0;

  constructor(link: Link, stream: number) {
    this.link = link;
    this.stream = stream;
  }

  /** A payment that was under way is told its outcome. */
  leaveWindow(): void {
    assert(this.underWay > 0, 'no more payments leave a window than have come into it');
    this.underWay--;
  }
}
