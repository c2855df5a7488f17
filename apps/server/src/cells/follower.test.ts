import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandTypes, type KnowAgreement } from '@clearway/core';
import type { SubmitResult } from '@clearway/gateway';
import type { ParticipantsDocument, SchemeDocument } from '../documents.ts';
import { fakeClock, participants, scheme, start, until } from '../test-bed.ts';
import { startFollower } from './follower.ts';
import type { FollowRequest, News } from './peer.ts';

const home = 10_002;
const nothing: News = { agreements: [], agreementsFrom: 1, cycle: 1 };

const agreement = (sequence: number, changedAt = 0): KnowAgreement => ({
  id: new Uint8Array(16).fill(sequence),
  state: 'active',
  bank: 201,
  currency: 156,
  paymentLimit: 1,
  expiresOn: 20991231,
  sequence,
  changedAt,
});

/** A follower of a peer that answers what the test says, one answer after the other, and then no more. */
async function open({ isHome = false, refused }: { isHome?: boolean; refused?: readonly SubmitResult[] } = {}) {
  const { cell: real } = await start(() => 'succeeded', { attached: false });
  const clock = fakeClock();
  const asked: FollowRequest[] = [];
  const done: string[] = [];
  const lags: number[] = [];
  const events: string[] = [];
  const answers: (News | Error)[] = [];
  const results = [...(refused ?? [])];
  let answer: (() => void) | undefined;
  const give = async (): Promise<News> => {
    while (answers.length === 0) await new Promise<void>((resolve) => (answer = resolve));
    const next = answers.shift()!;
    if (next instanceof Error) throw next;
    return next;
  };
  const follower = startFollower({
    cell: {
      state: real.state,
      configuration: real.configuration,
      async command(command) {
        done.push(command[0] === commandTypes.knowAgreement ? `know ${command[8]}` : 'something else');
        return results.shift() ?? { outcome: 'accepted' };
      },
      async adopt(kind, document: SchemeDocument | ParticipantsDocument) {
        done.push(`adopt ${kind} ${document.version}`);
      },
    },
    peer: {
      cell: home,
      follow(request) {
        asked.push(request);
        return give();
      },
    },
    ...{ isHome, clock },
    lagged: (lagMs) => lags.push(lagMs),
    log: (event) => events.push(event),
  });
  const tell = (...news: (News | Error)[]) => {
    answers.push(...news);
    answer?.();
  };
  return { follower, tell, asked, done, lags, events, clock, stop: () => real.stop() };
}

test('it asks from the beginning, then from where the last answer ended', async () => {
  const { asked, tell, follower, stop } = await open();
  tell({ ...nothing, agreementsFrom: 7 });
  await follower.caughtUp;
  await until('the next question', () => asked.length === 2);
  const versions = { schemeVersion: 1, participantsVersion: 1 };
  assert.deepEqual(asked, [
    { cell: 10_001, agreementsFrom: 0, ...versions },
    { cell: 10_001, agreementsFrom: 7, ...versions },
  ]);
  await stop();
});

test('it has caught up only when what it was told is journaled here, the configuration first', async () => {
  const { tell, follower, done, lags, clock, stop } = await open({ isHome: true });
  clock.pass(500);
  tell({
    ...nothing,
    scheme: { ...scheme, version: 2 },
    participants: { ...participants, version: 3 },
    agreements: [agreement(4, clock.now() - 120), agreement(5, clock.now())],
  });
  await follower.caughtUp;
  assert.deepEqual(done, ['adopt scheme 2', 'adopt participants 3', 'know 4', 'know 5']);
  assert.deepEqual(lags, [120, 0]);
  await stop();
});

test('the configuration of a cell that is not the home does not count', async () => {
  const { tell, follower, done, stop } = await open();
  tell({ ...nothing, scheme: { ...scheme, version: 2 } });
  await follower.caughtUp;
  assert.deepEqual(done, []);
  await stop();
});

test('a cell that is away is asked again after a tenth of a second, and both ends of that are told once', async () => {
  const { tell, follower, asked, events, clock, stop } = await open();
  tell(new Error('away'));
  await until('the first failure', () => events.length === 1);
  clock.pass(99);
  assert.equal(asked.length, 1);
  tell(new Error('away'), nothing);
  clock.pass(1);
  await until('the second question', () => asked.length === 2);
  await until('the third question', () => {
    clock.pass(100);
    return asked.length >= 3;
  });
  await follower.caughtUp;
  assert.deepEqual(events, ['cells.away', 'cells.followed']);
  await stop();
});

test('an agreement that cannot be taken yet is told again; a number that another cell has used is passed over', async () => {
  const { tell, asked, events, clock, stop } = await open({
    refused: [
      { outcome: 'refused', reason: 'participantUnknown' },
      { outcome: 'refused', reason: 'identifierReused' },
    ],
  });
  tell({ ...nothing, agreements: [agreement(4)], agreementsFrom: 9 });
  await until('the refusal', () => events.includes('cells.away'));
  tell({ ...nothing, agreements: [agreement(4)], agreementsFrom: 9 });
  clock.pass(100);
  await until('the question after it', () => asked.length === 3);
  assert.deepEqual(
    asked.map(({ agreementsFrom }) => agreementsFrom),
    [0, 0, 9],
  );
  assert.deepEqual(events, ['cells.away', 'agreements.twice', 'cells.followed']);
  await stop();
});

test('one that was stopped asks no more', async () => {
  const { tell, follower, asked, clock, events, stop } = await open();
  tell(new Error('away'));
  await until('the failure', () => events.length === 1);
  follower.stop();
  clock.pass(10_000);
  assert.equal(asked.length, 1);
  await stop();
});
