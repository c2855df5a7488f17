/** What the cell's thread and the archive's worker say to each other; the batches themselves go through shared memory. */
import type { ArchiveSettings } from './archive-engine.ts';
import type { SharedRing } from './feed.ts';
import type { ArchiveSearch, ArchiveTally, ParticipantQuery } from './port.ts';

export interface WorkerStart {
  readonly settings: ArchiveSettings;
  readonly seed: number;
  readonly ring: SharedRing;
}

export type Question =
  | { readonly ask: 'payment'; readonly paymentId: string }
  | {
      readonly ask: 'byReference';
      readonly participant: number;
      readonly endToEndId: string;
      readonly limit: number;
    }
  | { readonly ask: 'byParticipant'; readonly query: ParticipantQuery }
  | { readonly ask: 'search'; readonly query: ArchiveSearch }
  | { readonly ask: 'tally'; readonly query: ArchiveTally }
  | { readonly ask: 'found'; readonly sequence: number }
  | { readonly ask: 'kept'; readonly sequence: number }
  | { readonly ask: 'close' };

export interface Asked {
  readonly id: number;
  readonly question: Question;
}

export type Told =
  /** First of all: where the archive stands. */
  | { readonly kind: 'opened'; readonly cursor: number }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'refusal'; readonly id: number; readonly message: string }
  /** Nothing is taken any more. */
  | { readonly kind: 'failed'; readonly name: string; readonly message: string }
  | { readonly kind: 'log'; readonly event: string; readonly fields: Record<string, unknown> };
