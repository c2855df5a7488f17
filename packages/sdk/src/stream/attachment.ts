/** One life of a link, from its welcome to its end: a stream of its own, with places counted anew. */
import type { FrameWriter, Welcome } from '@clearway/contract';
import type { Link } from '@clearway/ports';
import { Coverage } from './coverage.ts';

export class Attachment {
  /** Among all of a client. */
  readonly number: number;
  readonly link: Link;
  readonly welcome: Welcome;
  readonly writer: FrameWriter;
  /** Payments without an outcome that may be under way, and those that are. */
  window: number;
  underWay = 0;
  /** More waits to leave than the peer has read. */
  isBlocked = false;
  hasEnded = false;
  /** Something stands in the writer, and its leaving is arranged. */
  isDue = false;
  /** By number of the signer. */
  readonly coverages: Coverage[] = [];
  /** What stands in the writer and is not hashed yet, in order. */
  readonly writtenAt: number[] = [];
  readonly writtenBy: Coverage[] = [];

  constructor(number: number, link: Link, welcome: Welcome, writer: FrameWriter) {
    this.number = number;
    this.link = link;
    this.welcome = welcome;
    this.window = welcome.window;
    this.writer = writer;
  }

  /** Messages of the signer on this stream without a signature that has left. */
  unsignedOf(signer: number): number {
    return this.coverages[signer]?.unsigned ?? 0;
  }

  coverageOf(signer: number): Coverage {
    this.coverages[signer] ??= new Coverage(signer, this.welcome.stream);
    return this.coverages[signer];
  }
}
