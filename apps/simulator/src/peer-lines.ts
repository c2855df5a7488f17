/**
 * The lines between cells, at the port of peer.ts. What goes over them is lost, late, doubled and out of order, and a
 * line may be cut for a while, one way or both, while both cells live. As over the real link, a call that is not answered
 * in time ends the connection: whatever else waits on it fails, and the other cell hears that its follower has left.
 */
import type { State } from '@clearway/core';
import type { FollowRequest, Peer, ServedPeer } from '@clearway/server';
import type { CellPlace } from '@clearway/store';
import type { Fault, Faults } from './faults.ts';
import type { Process } from './process.ts';
import type { Time } from './time.ts';

/** A cell's process that answers the others. */
export interface Answering {
  readonly process: Process;
  readonly served: ServedPeer;
  readonly state: State;
}

/** A cell as the others reach it: whichever of its processes listens now. */
export interface Reachable {
  /** Routing digits as a number. */
  readonly number: number;
  readonly answering: Answering | undefined;
}

export interface PeerLines {
  /** The other cell as this process of the cell `own` sees it. */
  from(own: Reachable, process: Process, there: Reachable): Peer;
  /** Nothing passes from one cell to another until the time is over. */
  cut(from: number, to: number, forMs: number): void;
  /** Something is about to happen to a cell, or does: for so long others may not hear from it, nor it from them, ms. */
  disturb(cell: number, forMs: number): void;
  /**
   * Whether one cell may not know yet what another has said since then (ms since the beginning): it has not come back
   * for more since that answered, and something was or may be in the way.
   */
  mayNotKnow(cell: number, of: number, since: number): boolean;
  heal(): void;
}

export const numberOf = ({ centre, cell }: CellPlace) => centre * 10_000 + cell;

/** As openPeerLink has them, ms. */
const callMs = 20_000;
const quickMs = 2_000;
/** So long after something was in the way a call of before may still wait, ms. */
const lingerMs = callMs + 5_000;

export function createPeerLines(time: Time, faults: Faults): PeerLines {
  const cuts = new Map<string, number>();
  const { draw } = faults;
  const isCut = (from: number, to: number) => (cuts.get(`${from}>${to}`) ?? 0) > time.elapsed;
  const disturbed = new Map<number, number>();
  const disturb = (cell: number, forMs: number) =>
    void disturbed.set(cell, Math.max(disturbed.get(cell) ?? 0, time.elapsed + forMs + lingerMs));
  /** By follower and followed: when the last answer was made that the follower has learned, ms since the beginning. */
  const learned = new Map<string, number>();
  const strikes = (fault: Fault, ...cells: number[]) => {
    if (!faults.strikes(fault)) return false;
    for (const cell of cells) disturb(cell, 0);
    return true;
  };

  function from(own: Reachable, process: Process, there: Reachable): Peer {
    const here = own.number;
    /** What waits on the connection that is open now. */
    let waiting = new Set<(why: string) => void>();
    let connectedTo: Answering | undefined;
    const both = [here, there.number];
    const delay = () => draw.between(0.05, 0.5) + (strikes('peerSlow', ...both) ? 10 ** draw.between(1, 4) : 0);
    /** What it asked last as a follower, as the other cell got it. */
    let lastRequest: FollowRequest | undefined;
    /** When the last answer to a follower was made. */
    let answeredAt = 0;

    /** The connection ends; who served on it hears so, if anything still gets there. */
    const end = (why: string) => {
      const failing = waiting;
      waiting = new Set();
      for (const fail of failing) fail(why);
      const left = connectedTo;
      connectedTo = undefined;
      if (left === undefined || isCut(here, there.number)) return;
      const request = lastRequest;
      if (request !== undefined) time.after(delay(), () => left.process.enter(() => left.served.left(request)));
    };
    disturb(here, 0);
    process.onDeath(() => {
      disturb(here, 0);
      end('the asking process is dead');
    });

    const call = <T>(what: string, ask: (served: ServedPeer) => Promise<T>, patienceMs = callMs): Promise<T> =>
      process.outside(
        `peer: ${what}`,
        () =>
          new Promise<T>((resolve, reject) => {
            const fail = (why: string) => {
              waiting.delete(fail);
              giveUp();
              reject(new Error(`cell ${there.number}: ${why}`));
            };
            waiting.add(fail);
            const giveUp = time.after(patienceMs, () => {
              if (waiting.has(fail)) end('no answer in time');
            });
            const answered = (run: () => void) => {
              if (strikes('peerAnswerLost', ...both)) return;
              time.after(delay(), () => {
                if (isCut(there.number, here) || !waiting.delete(fail)) return;
                giveUp();
                run();
              });
            };
            const arrive = () => {
              if (isCut(here, there.number)) return;
              const { answering } = there;
              if (answering === undefined || !answering.process.isAlive) {
                answered(() => fail('it is not there'));
                return;
              }
              if (process.isAlive) connectedTo = answering;
              const { process: other, served } = answering;
              const forget = other.onDeath(() => answered(() => fail('it died')));
              other.enter(() => {
                other
                  .outside(`serve peer ${what}`, () => ask(served))
                  .finally(forget)
                  .then(
                    (value) => answered(() => resolve(structuredClone(value))),
                    (error: Error) => answered(() => reject(new Error(error.message))),
                  );
              });
            };
            if (strikes('peerCallLost', ...both)) return;
            time.after(delay(), arrive);
            if (faults.strikes('peerCallDoubled')) time.after(delay() + draw.between(0, 3000), arrive);
          }),
      );

    return {
      cell: there.number,
      async follow(request) {
        // Who asks for more has journaled what it was told, unless another has taken its cell over.
        if (own.answering?.process === process) learned.set(`${here}<${there.number}`, answeredAt);
        const received = structuredClone(request);
        const { news, madeAt } = await call('follow', async (served) => {
          lastRequest = received;
          const news = await served.follow(received);
          return { news, madeAt: time.elapsed };
        });
        answeredAt = madeAt;
        return news;
      },
      exchangeShares: (report) => call('exchangeShares', (served) => served.exchangeShares(structuredClone(report))),
      cycles: () => call('cycles', (served) => served.cycles(), quickMs),
      positions: (cycle) => call('positions', (served) => served.positions(cycle)),
      command: (command) => call('command', (served) => served.command(command.slice())),
      covered: () => call('covered', (served) => served.covered()),
      recordsWritten: () => call('recordsWritten', (served) => served.recordsWritten()),
      suspend: (participant) => call('suspend', (served) => served.suspend(participant)),
    };
  }

  return {
    from,
    cut(here, there, forMs) {
      cuts.set(`${here}>${there}`, time.elapsed + forMs);
      for (const cell of [here, there]) disturb(cell, forMs);
    },
    disturb,
    mayNotKnow(cell, of, since) {
      if (cell === of || (learned.get(`${cell}<${of}`) ?? 0) >= since) return false;
      return [cell, of].some((one) => (disturbed.get(one) ?? 0) > time.elapsed);
    },
    heal: () => cuts.clear(),
  };
}
