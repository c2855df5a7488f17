import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findAccount, findBreaches, headroom, shareWith } from '@clearway/core';
import { realChance, realClock, realCrypto } from '@clearway/ports/real';
import { memoryDisk } from '@clearway/store';
import { createCell, type RunningCell } from '../cell.ts';
import { fakeClock, participants, scheme, storeOn, until } from '../test-bed.ts';
import type { ShareReport } from './peer.ts';
import { createShareKeeper } from './share-keeper.ts';

const one = 10_001;
const [bank, currency] = [201, 156];
/** That of each bank of the test bed, minor units. */
const cap = 1_000_000;

function openCell(cell: number, weights: readonly number[], disk = memoryDisk()): Promise<RunningCell> {
  const routing = weights.map((weight, index) => ({ centre: 1, cell: index + 1, weight }));
  const home = {
    cell: one,
    suspend: async () => ({ outcome: 'accepted' }) as const,
    cycles: async () => [{ cycle: 1, state: 'open' }] as const,
  };
  const spread = { agreements: async () => {}, participants: async () => {} };
  return createCell({
    place: { centre: 1, cell },
    ports: { clock: realClock, crypto: realCrypto, chance: realChance },
    store: storeOn(disk),
    scheme: { ...scheme, routing },
    participants,
    among: { spread, ...(cell > 1 && { home }) },
    halted: (error) => assert.fail(error),
    log: () => {},
  });
}

const leftIn = ({ state }: RunningCell) => headroom(state, findAccount(state, bank, currency));

/** The home cell and another; the way between them does what `way` says to each report. */
async function open(
  weights: readonly number[],
  way: (pass: () => Promise<unknown>) => 'answered' | 'answerLost' | 'away' = () => 'answered',
) {
  const [first, second] = [await openCell(1, weights), await openCell(2, weights)];
  const clock = fakeClock();
  const events: string[] = [];
  const log = (event: string) => void events.push(event);
  const atHome = createShareKeeper({ cell: first, clock, log });
  let exchanges = 0;
  const exchangeShares = async (report: ShareReport) => {
    const pass = () => atHome.exchange(report);
    const passage = way(pass);
    if (passage === 'away') throw new Error('away');
    const reply = await pass();
    exchanges++;
    if (passage === 'answerLost') throw new Error('the answer is lost');
    return reply;
  };
  const keeper = createShareKeeper({ cell: second, clock, home: { cell: one, exchangeShares }, log });
  const holds = () => {
    for (const { state } of [first, second]) assert.deepEqual(findBreaches(state), []);
    assert.ok(leftIn(first) + leftIn(second) <= cap, 'both together never have more than the cap');
  };
  /** Reports until it holds, as time passes. */
  const exchangedUntil = (what: string, met: () => boolean) =>
    until(what, () => {
      holds();
      clock.pass(250);
      return met();
    });
  const close = async () => {
    keeper.stop();
    await first.stop();
    await second.stop();
  };
  return { first, second, atHome, keeper, events, exchangedUntil, holds, close, exchanges: () => exchanges };
}

const spreads: [weights: readonly number[], there: number][] = [
  [[1, 1], 500_000],
  [[1, 3], 750_000],
  [[1, 0], 0],
  [[0, 1], 1_000_000],
];
for (const [weights, there] of spreads) {
  test(`with weights of ${weights.join(' and ')} the other cell has ${there} of a cap of ${cap}`, async () => {
    const { first, second, keeper, exchangedUntil, close } = await open(weights);
    await keeper.begun;
    await exchangedUntil('its share', () => leftIn(second) === there);
    assert.equal(leftIn(first), cap - there);
    await close();
  });
}

test('an answer that is lost over and over moves nothing twice: the next tells the same sum', async () => {
  let lost = 0;
  const { first, second, exchangedUntil, exchanges, close } = await open([1, 1], () =>
    ++lost <= 4 ? 'answerLost' : 'answered',
  );
  await exchangedUntil('four answers that are lost', () => exchanges() === 4);
  assert.deepEqual([leftIn(first), leftIn(second)], [500_000, 0], 'on its way it is nobody’s');
  await exchangedUntil('its share', () => leftIn(second) === 500_000);
  assert.equal(leftIn(first), 500_000);
  assert.equal(shareWith(second.state, one, bank, currency)?.takenNumber, 1);
  await close();
});

test('a report that comes again, late, changes nothing', async () => {
  const passes: (() => Promise<unknown>)[] = [];
  const { first, second, exchangedUntil, holds, close } = await open([1, 1], (pass) => {
    passes.push(pass);
    return 'answered';
  });
  await exchangedUntil('its share', () => leftIn(second) === 500_000);
  // The first one said that there was nothing there yet.
  const before = leftIn(first);
  for (let i = 0; i < 3; i++) await passes[0]();
  await exchangedUntil('some more reports', () => passes.length > 8);
  holds();
  await exchangedUntil('both halves again', () => leftIn(first) + leftIn(second) === cap);
  assert.ok(leftIn(first) <= before);
  await close();
});

test('a cap that is lowered is asked back', async () => {
  const { first, second, exchangedUntil, close } = await open([1, 1]);
  await exchangedUntil('its share', () => leftIn(second) === 500_000);
  const lowered = [{ currency, amount: '100000' }];
  await first.changeParticipants((all) => all.map((each) => ({ ...each, netDebitCaps: lowered })));
  assert.equal(leftIn(first), -400_000);
  await exchangedUntil('what the home lacks', () => leftIn(first) >= 0);
  await exchangedUntil('all that is left', () => leftIn(first) + leftIn(second) === 100_000);
  await close();
});

test('while the home is away what is there stays, and both ends of that are told once', async () => {
  let isAway = false;
  const { second, events, exchangedUntil, close } = await open([1, 1], () => (isAway ? 'away' : 'answered'));
  await exchangedUntil('its share', () => leftIn(second) === 500_000);
  isAway = true;
  await exchangedUntil('that it is away', () => events.includes('shares.wait'));
  assert.equal(leftIn(second), 500_000);
  isAway = false;
  await exchangedUntil('that it is back', () => events.includes('shares.move'));
  assert.deepEqual(events, ['shares.wait', 'shares.move']);
  await close();
});
