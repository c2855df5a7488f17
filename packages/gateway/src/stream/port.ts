/** What the stream asks of a cell. The stream lives in the cell's process: nothing is copied or translated between. */
import type { Configuration } from '../port.ts';
import type { StreamLink } from './stream-link.ts';

/** Commands that arrived in one turn, over any links. */
export interface StreamLot {
  /** Fixed-layout commands (core/command.ts), one after the other. */
  readonly facts: Uint8Array;
  /** The messages as received, packed as in a batch of the journal. */
  readonly bodies: Uint8Array;
  readonly commands: number;
  /** When the first of its messages arrived, by the duration clock. */
  readonly arrivedAt: number;
  /** For each command the link that it came over. */
  readonly links: readonly StreamLink[];
  /** Nothing of it was sequenced: the tree that its messages are leaves of has to be told. */
  unjournaled(): void;
}

export interface StreamCell {
  configuration(): Configuration;
  /** Sequences the lot and tells what came of it through the outlet; refuses definitely what it cannot take. */
  take(lot: StreamLot): void;
  /** Tells over the link what the cell knows of this payment at the durable frontier. `id` is valid during the call. */
  enquire(link: StreamLink, participant: number, id: Uint8Array): void;
  /** Resolves when the command is durable; the reason when it was refused. `body` is asked for at each attempt. */
  record(command: Uint8Array, body: () => Uint8Array): Promise<string | undefined>;
  /** So long after so many messages arrived together, ms, what they brought about has left, or there was nothing to tell. */
  turnedAround(messages: number, ms: number): void;
  /** A bank can be reached: asks it again what it has not answered. */
  reached(bank: number): void;
  /** Stops this participant on all rails and raises a work item: it has not signed what was taken from it. */
  stopSigner(participant: number, reason: 'checkpointMissing' | 'checkpointFalse', detail: string): void;
}
