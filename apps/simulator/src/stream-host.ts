/** The stream as a cell's program opens it, and what it leaves behind: who was stopped, and by what right. */
import { createStream, type Stream } from '@clearway/gateway';
import type { Crypto } from '@clearway/ports';
import type { RunningCell } from '@clearway/server';
import type { CellPlace } from '@clearway/store';
import type { Oracle } from './oracle.ts';
import { numberOf } from './peer-lines.ts';
import type { Process } from './process.ts';
import type { Story } from './story.ts';
import type { StreamNetwork } from './stream-network.ts';
import type { Time } from './time.ts';

/** Where links of the stream to a cell go. */
const hostOf = ({ cell }: CellPlace) => `stream-${cell}.test`;

/** How long an operator takes to look into a false signature, ms. */
const lookMs = 10_000;

/** As participants are told them: with the digits of their cells, where there are several. */
export function streamAddresses(places: readonly CellPlace[]): string[] {
  const addresses = places.map((place) => `${hostOf(place)}:7100`);
  if (places.length === 1) return addresses;
  return addresses.map((address, index) => `${String(numberOf(places[index])).padStart(6, '0')}@${address}`);
}

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
  /** Whether it has given a signature that does not hold: an operator looks, then lets it go on. */
  mayBeFalse(participant: string): boolean;
  lookedInto(participant: string): Promise<void>;
  /** It has signed. */
  signed(participant: string): void;
}

/** Opens the stream of a cell that serves from now on. */
export function openStream(cell: RunningCell, process: Process, place: CellPlace, around: StreamSurroundings): Stream {
  const { links, time, story, oracle, crypto, window, uncoveredMessages } = around;
  const stream = createStream({
    cell: cell.streamCell,
    ports: { clock: process.clock, crypto },
    settings: { window, uncoveredMessages },
    log(event, fields) {
      const { participant, detail } = fields as { participant?: string; detail?: string };
      story.tell(participant ?? process.name, `${event}${detail === undefined ? '' : `: ${detail}`}`);
      if (event !== 'stream.signerStopped') return;
      const code = String(participant);
      if (fields.reason !== 'checkpointFalse') return around.stopped(code, String(detail));
      oracle.check(around.mayBeFalse(code), code, () => `has signed what it sent, and is stopped: ${detail}`);
      // What it left open is asked for again by a cell that starts anew.
      time.after(lookMs, () => void around.lookedInto(code).then(process.die));
    },
  });
  cell.attachStream(stream);
  links.listen(hostOf(place), process, stream.accept);
  return stream;
}
