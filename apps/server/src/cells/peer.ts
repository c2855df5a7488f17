/** What cells ask of each other. In production over the link (peer-link.ts); in tests they may stand in one process. */
import type { CycleState, KnowAgreement } from '@clearway/core';
import type { SubmitResult } from '@clearway/gateway';
import type { PositionRecord } from '@clearway/store';
import type { ParticipantsDocument, SchemeDocument } from '../documents.ts';

/** A sum of all that one cell has given another of an account, which makes all earlier ones void. */
export interface ShareMessage {
  /** Code. */
  readonly participant: number;
  /** ISO 4217 numeric. */
  readonly currency: number;
  readonly number: number;
  /** Minor units. */
  readonly total: number;
}

/** Part of an account's headroom that the home cell wants back, minor units. */
export interface ShareWish {
  readonly participant: number;
  readonly currency: number;
  readonly amount: number;
}

export interface ShareReport {
  /** Routing digits of the reporting cell as a number. */
  readonly cell: number;
  /** Of every account in use: participant and currency as one number, headroom; one after the other as float64. */
  readonly headrooms: Uint8Array;
  /** Gifts that the other side has not said to have taken. */
  readonly given: readonly ShareMessage[];
  /** Gifts of the other side that are taken, durably. */
  readonly took: readonly Omit<ShareMessage, 'total'>[];
}

export interface ShareReply {
  readonly given: ShareReport['given'];
  readonly took: ShareReport['took'];
  readonly wanted: readonly ShareWish[];
}

export interface FollowRequest {
  /** Routing digits of the asking cell as a number. */
  readonly cell: number;
  /** Of the answering cell's agreements, those changed before this batch are known. */
  readonly agreementsFrom: number;
  readonly schemeVersion: number;
  readonly participantsVersion: number;
}

export interface News {
  readonly agreements: readonly KnowAgreement[];
  /** What to ask from next. */
  readonly agreementsFrom: number;
  /** Newer than what was named. */
  readonly scheme?: SchemeDocument;
  readonly participants?: ParticipantsDocument;
  /** Serial of the cycle that is open. */
  readonly cycle: number;
}

export interface CycleStanding {
  readonly cycle: number;
  readonly state: CycleState;
}

/** All of it may be asked again. Rejects when the other cell cannot be reached, or is not in a state to answer. */
export interface Peer {
  /** Routing digits as a number. */
  readonly cell: number;
  /** Resolves when there is something new, or after a while. */
  follow(request: FollowRequest): Promise<News>;
  /** Asked of the home cell. */
  exchangeShares(report: ShareReport): Promise<ShareReply>;
  /** Cycles that are not settled or were just now; the last is open. */
  cycles(): Promise<readonly CycleStanding[]>;
  /** Of a cycle that is cut, or settled long ago. */
  positions(cycle: number): Promise<readonly PositionRecord[]>;
  command(command: Uint8Array): Promise<SubmitResult>;
  /** What it has taken over the stream by now is signed. */
  covered(): Promise<void>;
  recordsWritten(): Promise<void>;
  /** Asked of the home cell: nothing is taken from this participant any more. */
  suspend(participant: string): Promise<SubmitResult>;
}
