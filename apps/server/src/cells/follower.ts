/**
 * Follows another cell: its agreements are known here as soon as they are journaled here, and of the home cell every new
 * version of the configuration is adopted too.
 */
import { encodeKnowAgreement } from '@clearway/core';
import type { Cancel, Clock } from '@clearway/ports';
import { routingNumber } from '@clearway/store';
import type { RunningCell } from '../cell.ts';
import type { News, Peer } from './peer.ts';

export interface FollowerOptions {
  readonly cell: Pick<RunningCell, 'state' | 'command' | 'configuration' | 'adopt'>;
  readonly peer: Pick<Peer, 'cell' | 'follow'>;
  /** Whether its configuration counts here. */
  readonly isHome: boolean;
  readonly clock: Clock;
  /** How long after its journaling in its home cell an agreement was known here, ms. */
  lagged(lagMs: number): void;
  log(event: string, fields: Record<string, unknown>): void;
}

export interface Follower {
  /** Resolves when all that the other cell had to tell at first is known here. */
  readonly caughtUp: Promise<void>;
  stop(): void;
}

const againMs = 100;

export function startFollower({ cell, peer, isHome, clock, lagged, log }: FollowerOptions): Follower {
  const { state } = cell;
  let agreementsFrom = state.agreementsKnownTo.get(peer.cell) ?? 0;
  let stopped = false;
  let isAway = false;
  let cancel: Cancel | undefined;
  let isKnown: () => void = () => {};
  const caughtUp = new Promise<void>((resolve) => {
    isKnown = resolve;
  });

  const learn = async (news: News) => {
    // A scheme that only a newer program can live by waits for that; agreements do not, nor their ends.
    let refused: Error | undefined;
    if (isHome && news.scheme !== undefined) {
      await cell.adopt('scheme', news.scheme).catch((error: Error) => {
        refused = error;
      });
    }
    if (isHome && news.participants !== undefined) await cell.adopt('participants', news.participants);
    for (const agreement of news.agreements) {
      const { outcome, ...result } = await cell.command(encodeKnowAgreement(agreement));
      if (outcome === 'accepted') lagged(clock.now() - agreement.changedAt);
      if (outcome !== 'refused' || !('reason' in result)) continue;
      // A bank or currency that the next configuration brings: it is told again.
      if (result.reason !== 'identifierReused') throw new Error(`an agreement is refused: ${result.reason}`);
      log('agreements.twice', { cell: peer.cell });
    }
    agreementsFrom = news.agreementsFrom;
    isKnown();
    if (refused !== undefined) throw refused;
  };

  const follow = async () => {
    const { schemeVersion, participantsVersion } = cell.configuration();
    await learn(await peer.follow({ cell: routingNumber(state), agreementsFrom, schemeVersion, participantsVersion }));
  };

  const goOn = () => {
    if (stopped) return;
    follow().then(
      () => {
        if (isAway) log('cells.followed', { cell: peer.cell });
        isAway = false;
        goOn();
      },
      (error: Error) => {
        if (!isAway) log('cells.away', { cell: peer.cell, detail: error.message });
        isAway = true;
        cancel = clock.after(againMs, goOn);
      },
    );
  };
  goOn();

  return {
    caughtUp,
    stop() {
      stopped = true;
      cancel?.();
    },
  };
}
