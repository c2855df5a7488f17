/**
 * Keeps the shares of caps and float where they are needed: what an account may still pay is spread over the cells by
 * their weight in the routing list. Every cell but the home tells it at short intervals what headroom it has; the home
 * gives where less than half of what is due is left, and asks back what it lacks itself. The core alone decides what may
 * be given, and a gift is told only when it is durable.
 */
import {
  type AccountHeadroom,
  accountsIn,
  encodeGiveShare,
  encodeTakeShare,
  findAccount,
  headroom,
  type Share,
  sharesIn,
  shareWith,
} from '@clearway/core';
import type { SchemeConfiguration } from '@clearway/gateway';
import type { Cancel, Clock } from '@clearway/ports';
import { routingNumber } from '@clearway/store';
import type { RunningCell } from '../cell.ts';
import type { Peer, ShareMessage, ShareReply, ShareReport, ShareWish } from './peer.ts';

/** What the keeper needs of its cell. */
export type ShareHolder = Pick<RunningCell, 'state' | 'command' | 'durable' | 'configuration'>;

export interface ShareKeeperOptions {
  readonly cell: ShareHolder;
  readonly clock: Clock;
  /** The home cell; absent in the home itself. */
  readonly home?: Pick<Peer, 'cell' | 'exchangeShares'>;
  log(event: string, fields: Record<string, unknown>): void;
}

export interface ShareKeeper {
  /** Resolves when the home cell has answered once; at once in the home. */
  readonly begun: Promise<void>;
  /** What the home answers to another cell. */
  exchange(report: ShareReport): Promise<ShareReply>;
  stop(): void;
}

const everyMs = 250;

export function createShareKeeper({ cell, clock, home, log }: ShareKeeperOptions): ShareKeeper {
  const { state } = cell;
  const own = routingNumber(state);
  /** By cell and account: gifts that are not said to be taken, at the number of the last one. */
  const untaken = new Map<string, Share>();
  for (const share of sharesIn(state)) if (share.givenNumber > 0) untaken.set(keyOf(share), share);
  /** In the home: headroom that the other cells had last, by cell. */
  const headrooms = new Map<number, ReadonlyMap<number, number>>();
  let took: ShareReport['took'] = [];
  let timer: Cancel | undefined;
  let stopped = false;
  let isAway = false;
  let began: () => void = () => {};
  const begun = home === undefined ? Promise.resolve() : new Promise<void>((resolve) => (began = resolve));

  const refresh = (peer: number, participant: number, currency: number) => {
    const share = shareWith(state, peer, participant, currency)!;
    untaken.set(keyOf(share), share);
  };

  /** Gives as much of it as there is. */
  const give = async (peer: number, { participant, currency, amount: wished }: ShareWish): Promise<void> => {
    const amount = Math.min(wished, headroom(state, findAccount(state, participant, currency)));
    if (amount < 1) return;
    const number = (shareWith(state, peer, participant, currency)?.givenNumber ?? 0) + 1;
    const { outcome } = await cell.command(encodeGiveShare({ participant, currency, number, to: peer, amount }));
    if (outcome === 'accepted') refresh(peer, participant, currency);
  };

  const take = async (peer: number, messages: readonly ShareMessage[]): Promise<ShareReport['took']> => {
    await Promise.all(
      messages.map(async (message) => {
        const result = await cell.command(encodeTakeShare({ ...message, from: peer }));
        if (result.outcome === 'refused') throw new Error(`a share of ${message.participant}: ${result.reason}`);
      }),
    );
    return messages.map(({ participant, currency, number }) => ({ participant, currency, number }));
  };

  const giftsTo = (peer: number): ShareMessage[] =>
    [...untaken.values()]
      .filter((share) => share.peer === peer)
      .map(({ participant, currency, givenNumber, given }) => ({
        participant,
        currency,
        number: givenNumber,
        total: given,
      }));

  const confirm = (peer: number, taken: ShareReport['took']) => {
    for (const { participant, currency, number } of taken) {
      const key = keyOf({ peer, participant, currency });
      if ((untaken.get(key)?.givenNumber ?? 0) <= number) untaken.delete(key);
    }
  };

  // ---- in the home ----

  /** How the headroom of an account is to be spread, and what that asks of the home and of this other cell. */
  const balance = (peer: number, weights: ReadonlyMap<number, number>): { gifts: ShareWish[]; wanted: ShareWish[] } => {
    const gifts: ShareWish[] = [];
    const wanted: ShareWish[] = [];
    const reported = headrooms.get(peer)!;
    const sum = [...weights.values()].reduce((all, weight) => all + weight, 0);
    for (const { participant, currency, headroom } of accountsIn(state)) {
      // What is on its way there is not in what was reported.
      if (untaken.size > 0 && untaken.has(keyOf({ peer, participant, currency }))) continue;
      const account = accountKey(participant, currency);
      const there = reported.get(account) ?? 0;
      let total = headroom;
      for (const other of headrooms.values()) total += other.get(account) ?? 0;
      const due = (cell: number) => (sum === 0 ? 0 : Math.floor((Math.max(0, total) * (weights.get(cell) ?? 0)) / sum));
      const [mine, theirs] = [due(own), due(peer)];
      if (there < theirs / 2) {
        gifts.push({ participant, currency, amount: theirs - there });
      } else if (there > theirs && (headroom < mine / 2 || headroom < 0 || theirs === 0)) {
        wanted.push({ participant, currency, amount: there - theirs });
      }
    }
    return { gifts, wanted };
  };

  const exchange = async (report: ShareReport): Promise<ShareReply> => {
    const { cell: peer } = report;
    confirm(peer, report.took);
    const taken = await take(peer, report.given);
    headrooms.set(peer, readHeadrooms(report.headrooms));
    const { gifts, wanted } = balance(peer, weightsOf(cell.configuration().scheme));
    await Promise.all(gifts.map((gift) => give(peer, gift)));
    const given = giftsTo(peer);
    await cell.durable();
    return { given, took: taken, wanted };
  };

  // ---- in every other cell ----

  const report = async (to: Pick<Peer, 'cell' | 'exchangeShares'>) => {
    const given = giftsTo(to.cell);
    const report = { cell: own, headrooms: writeHeadrooms(accountsIn(state)), given, took };
    await cell.durable();
    const reply = await to.exchangeShares(report);
    confirm(to.cell, reply.took);
    took = await take(to.cell, reply.given);
    await Promise.all(reply.wanted.map((wish) => give(to.cell, wish)));
  };

  const keep = (to: Pick<Peer, 'cell' | 'exchangeShares'>) => {
    report(to)
      .then(
        () => {
          if (isAway) log('shares.move', {});
          isAway = false;
          began();
        },
        (error: Error) => {
          // What is here may be spent on; nothing comes or goes until the home answers again.
          if (!isAway) log('shares.wait', { detail: error.message });
          isAway = true;
        },
      )
      .finally(() => {
        if (!stopped) timer = clock.after(everyMs, () => keep(to));
      });
  };
  if (home !== undefined) keep(home);

  return {
    begun,
    exchange,
    stop() {
      stopped = true;
      timer?.();
    },
  };
}

const keyOf = ({ peer, participant, currency }: Pick<Share, 'peer' | 'participant' | 'currency'>) =>
  `${peer}/${participant}/${currency}`;

function weightsOf({ routing }: SchemeConfiguration): ReadonlyMap<number, number> {
  return new Map(routing.map(({ centre, cell, weight }) => [routingNumber({ centre, cell }), weight]));
}

const accountKey = (participant: number, currency: number) => participant * 1000 + currency;

function writeHeadrooms(accounts: Iterable<AccountHeadroom>): Uint8Array {
  const numbers: number[] = [];
  for (const { participant, currency, headroom } of accounts) numbers.push(accountKey(participant, currency), headroom);
  return new Uint8Array(Float64Array.from(numbers).buffer);
}

function readHeadrooms(bytes: Uint8Array): ReadonlyMap<number, number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headrooms = new Map<number, number>();
  for (let at = 0; at + 16 <= bytes.length; at += 16)
    headrooms.set(view.getFloat64(at, true), view.getFloat64(at + 8, true));
  return headrooms;
}
