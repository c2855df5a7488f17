/** What the stream asks of a cell. The stream lives in the cell's process: nothing is copied or translated between. */
import type { Configuration } from '../port.ts';
import type { CheckpointToRecord } from './coverage.ts';
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
  /** Nobody reads facts and bodies of this lot any more: their memory is used again. */
  giveBack(lot: StreamLot): void;
}

/** What a signer has sent on one stream before the cell started, as far as it is in the journal and not covered. */
export interface UncoveredStream {
  readonly signer: number;
  readonly stream: number;
  /** Place of its first message that is not covered. */
  readonly from: number;
  /** 32 bytes for each place from there on; of places that are not in the journal zeros. */
  readonly leaves: Uint8Array;
  /** The places that are not in the journal. */
  readonly missing: readonly number[];
  /** Batches up to this one hold none of these messages. */
  readonly behind: number;
}

export interface StreamCell {
  configuration(): Configuration;
  /** What was left uncovered when the cell started. */
  readonly uncovered: readonly UncoveredStream[];
  /** Under which it writes its journal: above that of every cell that was here before. */
  readonly epoch: number;
  /** The last batch that is durable: what is taken from now on comes behind it. */
  readonly durable: number;
  /**
   * Every message in batches up to `batch` is covered, but for those of stopped signers; theirs come behind batch
   * `stopped`, if there are any. A restart looks for uncovered messages from there on.
   */
  coveredTo(batch: number, stopped: number | undefined): void;
  /** Sequences the lot and tells what came of it through the outlet; refuses definitely what it cannot take. */
  take(lot: StreamLot): void;
  /** Tells over the link what the cell knows of this payment at the durable frontier. `id` is valid during the call. */
  enquire(link: StreamLink, participant: number, id: Uint8Array): void;
  /** Resolves when all are durable; for each the reason why it was refused, or undefined. */
  record(checkpoints: readonly CheckpointToRecord[]): Promise<readonly (string | undefined)[]>;
  /** So long after so many messages arrived together, ms, what they brought about has left, or there was nothing to tell. */
  turnedAround(messages: number, ms: number): void;
  /** A bank can be reached: asks it again what it has not answered. */
  reached(bank: number): void;
  /** Stops this participant on all rails and raises a work item: it has not signed what was taken from it. */
  stopSigner(participant: number, reason: 'checkpointMissing' | 'checkpointFalse', detail: string): void;
  /** It has signed all that it had left open, and may have been stopped for that. */
  signed(participant: number): void;
}
