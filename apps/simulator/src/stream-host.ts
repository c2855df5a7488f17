/** The stream as a cell's program opens it, and what it leaves behind: who was stopped, and by what right. */
import { createStream, type Stream } from '@clearway/gateway';
import type { Crypto } from '@clearway/ports';
import type { RunningCell } from '@clearway/server';
import type { Oracle } from './oracle.ts';
import type { Process } from './process.ts';
import type { Story } from './story.ts';
import type { StreamNetwork } from './stream-network.ts';
import type { Time } from './time.ts';

/** Where links of the stream go to. */
export const streamHost = 'stream.test';
export const streamAddress = `${streamHost}:7100`;

export interface StreamSurroundings {
  readonly links: StreamNetwork;
  readonly time: Time;
  readonly story: Story;
  readonly oracle: Oracle;
  readonly crypto: Crypto;
  /** Payments that one link may have under way, and messages that may be unsigned. */
  readonly window: number;
  readonly uncoveredMessages: number;
  /** Somebody was stopped until it signs. */
  stopped(participant: string, why: string): void;
  /** It has signed. */
  signed(participant: string): void;
}

/** Opens the stream of a cell that serves from now on. */
export function openStream(cell: RunningCell, process: Process, around: StreamSurroundings): Stream {
  const { links, story, oracle, crypto, window, uncoveredMessages } = around;
  const stream = createStream({
    cell: cell.streamCell,
    ports: { clock: process.clock, crypto },
    settings: { window, uncoveredMessages },
    log(event, fields) {
      const { participant, detail } = fields as { participant?: string; detail?: string };
      story.tell(participant ?? process.name, `${event}${detail === undefined ? '' : `: ${detail}`}`);
      if (event !== 'stream.signerStopped') return;
      // Nobody signs here what it has not sent: a signature that does not hold is a mistake of platform or client.
      oracle.check(fields.reason === 'checkpointMissing', String(participant), () => `is stopped: ${detail}`);
      around.stopped(String(participant), String(detail));
    },
  });
  cell.attachStream(stream);
  links.listen(streamHost, process, stream.accept);
  return stream;
}
