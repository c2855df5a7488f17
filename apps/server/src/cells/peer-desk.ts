/** What a cell answers to those that follow it, and how it knows what they know. */
import { agreementsChangedFrom, currentCycle, identifierToBytes } from '@clearway/core';
import type { Clock } from '@clearway/ports';
import type { RunningCell } from '../cell.ts';
import type { ParticipantsDocument, SchemeDocument } from '../documents.ts';
import type { FollowRequest, News } from './peer.ts';

/** Whoever is told of something here may act on it in any cell that serves. */
export interface Spread {
  /** Resolves when every cell that follows knows the agreements as they were at this batch. */
  agreements(sequence: number): Promise<void>;
  /** Resolves when every cell that follows has adopted this version or a later one. */
  participants(version: number): Promise<void>;
}

export interface PeerDesk {
  readonly spread: Spread;
  attach(cell: RunningCell): void;
  follow(request: FollowRequest): Promise<News>;
  /** The link has ended over which this came last: unless the cell has come back over another, it is not waited for any more. */
  left(request: FollowRequest): void;
}

/** How long a follower is kept waiting for news, ms. */
const longestWaitMs = 5_000;
/** A cell that has not come back for so long may be dead: it is not waited for, and learns when it is there again. */
const patienceMs = 2_000;

interface Waiting {
  isMet(follower: FollowRequest): boolean;
  resolve(): void;
}

export function createPeerDesk(clock: Pick<Clock, 'after'>): PeerDesk {
  let cell: RunningCell | undefined;
  const followers = new Map<number, FollowRequest>();
  const waiting = new Set<Waiting>();
  const wakers = new Set<() => void>();

  const look = () => {
    for (const one of [...waiting]) if ([...followers.values()].every(one.isMet)) one.resolve();
  };

  const allOf = (isMet: Waiting['isMet']): Promise<void> => {
    if ([...followers.values()].every(isMet)) return Promise.resolve();
    return new Promise((done) => {
      const resolve = () => {
        cancel();
        waiting.delete(one);
        done();
      };
      const one = { isMet, resolve };
      const cancel = clock.after(patienceMs, resolve);
      waiting.add(one);
    });
  };

  const wake = () => {
    for (const run of [...wakers]) run();
  };

  const newsFor = ({ agreementsFrom, schemeVersion, participantsVersion }: FollowRequest): News => {
    const { state, frontier } = cell!;
    const { scheme, participants, ...versions } = cell!.configuration();
    const isNew = cell!.agreementsChangedAt >= agreementsFrom;
    const changed = isNew ? agreementsChangedFrom(state, agreementsFrom) : [];
    return {
      agreements: changed
        .filter(({ sequence }) => sequence <= frontier)
        .map((agreement) => ({
          ...agreement,
          id: identifierToBytes(agreement.id),
          state: agreement.state as 'active' | 'rescinded',
        })),
      agreementsFrom: frontier + 1,
      ...(versions.schemeVersion > schemeVersion && { scheme: scheme as SchemeDocument }),
      ...(versions.participantsVersion > participantsVersion && {
        participants: { version: versions.participantsVersion, participants } satisfies ParticipantsDocument,
      }),
      cycle: currentCycle(state).number,
    };
  };

  const hasNews = (news: News) =>
    news.agreements.length > 0 || news.scheme !== undefined || news.participants !== undefined;

  return {
    spread: {
      agreements: (sequence) => allOf(({ agreementsFrom }) => agreementsFrom > sequence),
      participants: (version) => allOf(({ participantsVersion }) => participantsVersion >= version),
    },
    attach(running) {
      cell = running;
      cell.onConfiguration(wake);
      cell.onAgreement(wake);
    },
    async follow(request) {
      if (cell === undefined) throw new Error('the cell is starting');
      const isFirst = !followers.has(request.cell);
      followers.set(request.cell, request);
      look();
      const news = newsFor(request);
      // Who comes anew is told at once where things stand.
      if (isFirst || hasNews(news)) return news;
      return new Promise((resolve) => {
        const run = () => {
          cancel();
          wakers.delete(run);
          resolve(newsFor(request));
        };
        const cancel = clock.after(longestWaitMs, run);
        wakers.add(run);
      });
    },
    left(request) {
      if (followers.get(request.cell) !== request) return;
      followers.delete(request.cell);
      look();
    },
  };
}
